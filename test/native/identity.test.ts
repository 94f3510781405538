/** What was computed is known by what it was computed from: a run whose images change gives the numbers of a new one. */
import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type ConfigInput, parseConfig } from '../../src/config/index.js'
import type { Splits } from '../../src/data/splits.js'
import type { ImageData } from '../../src/native/index.js'
import { contentDigest } from '../../src/native/index.js'
import type { DiscardedEvent, ResultEvent } from '../../src/search/events.js'
import { type SearchOptions, search } from '../../src/search/search.js'
import { temporaryFolder } from '../support/folders.js'

/** A class shows as brightness, so that a net learns it in a few steps. */
function images(count: number, changes: { shift?: number; invert?: boolean } = {}): ImageData {
  const { shift = 0, invert = false } = changes
  const pixels = Uint8Array.from({ length: count * 64 }, (_, i) => 60 * (Math.floor(i / 64) % 4) + ((i * 37) % 30))
  const labels = Int32Array.from({ length: count }, (_, i) => (i + shift) % 4)
  const shape = { channels: 1, height: 8, width: 8, mean: [0.5], std: [0.3] }
  return { images: invert ? pixels.map((pixel) => 255 - pixel) : pixels, labels, ...shape }
}

const data: Splits = { train: images(96), test: images(60), classes: 4, name: 'bright' }
const relabelled: Splits = { ...data, test: images(60, { shift: 1 }), name: 'relabelled' }
const inverted: Splits = { ...data, test: images(60, { invert: true }), name: 'inverted' }

function config(changes: ConfigInput = {}) {
  return parseConfig({
    threads: 1,
    space: { name: 'nasbench201', channels: 4, cellsPerStage: 1 },
    method: { name: 'spos' },
    ...changes,
    training: { epochs: 2, batchSize: 16, augmentation: [] },
    ranking: { subModels: 8, batchSize: 30, top: 8, ...changes.ranking },
  })
}

let folder: string
/** A trained and ranked run, which no test changes. */
let trained: string
let before: Outcome
beforeAll(async () => {
  trained = mkdtempSync(join(tmpdir(), 'pada-identity-'))
  before = await outcome({ data, out: trained })
})
afterAll(() => rmSync(trained, { recursive: true }))
beforeEach(() => {
  folder = temporaryFolder()
})

interface Outcome {
  readonly result: ResultEvent
  readonly discarded: DiscardedEvent[]
}

async function outcome(options: SearchOptions, settings = config()): Promise<Outcome> {
  const discarded: DiscardedEvent[] = []
  let result: ResultEvent | undefined
  for await (const event of search(settings, options)) {
    if (event.event === 'discarded') discarded.push(event)
    if (event.event === 'result') result = event
  }
  return { result: result!, discarded }
}

/** Another copy of the trained run. */
function copy(name: string): string {
  const run = join(folder, name)
  cpSync(trained, run, { recursive: true })
  return run
}

/** The accuracies of a run that never had evaluations of other images. */
async function fresh(data: Splits, settings = config()): Promise<ResultEvent['top']> {
  const { result } = await outcome({ data, out: join(folder, 'fresh') }, settings)
  return result.top
}

describe('a ranking', () => {
  it.each([
    ['labels', relabelled],
    ['pixels', inverted],
  ])('of other test %s has the accuracies of a fresh one, and says what it discards', async (_, changed) => {
    const { result, discarded } = await outcome({ data: changed, resume: copy('run'), phases: ['rank'] })
    expect(result.top).toEqual(await fresh(changed))
    expect(result.top).not.toEqual(before.result.top)
    expect(discarded).toEqual([{ event: 'discarded', file: 'evaluated.jsonl', records: 8, changed: ['images'] }])
    expect(result).toMatchObject({
      dataset: changed.name,
      computedFrom: { weights: before.result.computedFrom.weights },
    })
  })

  it('of more sub-models on other test images mixes none', async () => {
    const more = config({ ranking: { subModels: 12, top: 12 } })
    const { result } = await outcome({ data: relabelled, resume: copy('run'), phases: ['rank'] }, more)
    expect(result.top).toEqual(await fresh(relabelled, more))
  })

  it('of the same images is read from the records', async () => {
    const run = copy('run')
    const records = readFileSync(join(run, 'evaluated.jsonl'), 'utf8')
    const { result, discarded } = await outcome({ data, resume: run, phases: ['rank'] })
    expect(result.top).toEqual(before.result.top)
    expect(discarded).toEqual([])
    expect(readFileSync(join(run, 'evaluated.jsonl'), 'utf8')).toBe(records)
  })
})

it.each([
  ['training', ['train'] as const],
  ['ranking, whose running statistics come from them', ['rank'] as const],
])('other training images are refused for %s', async (_, phases) => {
  for (const train of [images(96, { invert: true }), images(96, { shift: 1 })]) {
    const work = outcome({ data: { ...data, train }, resume: copy('run'), phases })
    await expect(work).rejects.toThrow(/^Expected the training images that .*run was started with but received others$/)
  }
})

describe('the digest of content', () => {
  const MASK = (1n << 64n) - 1n
  const [P1, P2, P3, P4, P5] = [
    0x9e3779b185ebca87n,
    0xc2b2ae3d27d4eb4fn,
    0x165667b19e3779f9n,
    0x85ebca77c2b2ae63n,
    0x27d4eb2f165667c5n,
  ]
  const times = (a: bigint, b: bigint) => (a * b) & MASK
  const rotate = (x: bigint, by: bigint) => ((x << by) | (x >> (64n - by))) & MASK
  const round = (lane: bigint, word: bigint) => times(rotate((lane + times(word, P2)) & MASK, 31n), P1)

  /** XXH64 with seed 0, as its specification says it. */
  function xxh64(bytes: Uint8Array): bigint {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    let at = 0
    let hash = P5
    if (bytes.length >= 32) {
      const lanes = [(P1 + P2) & MASK, P2, 0n, -P1 & MASK]
      for (; bytes.length - at >= 32; at += 32) {
        for (let i = 0; i < 4; i++) lanes[i] = round(lanes[i], view.getBigUint64(at + 8 * i, true))
      }
      hash = lanes.reduce((sum, lane, i) => sum + rotate(lane, [1n, 7n, 12n, 18n][i]), 0n) & MASK
      for (const lane of lanes) hash = (times(hash ^ round(0n, lane), P1) + P4) & MASK
    }
    hash = (hash + BigInt(bytes.length)) & MASK
    for (; bytes.length - at >= 8; at += 8) {
      hash = (times(rotate(hash ^ round(0n, view.getBigUint64(at, true)), 27n), P1) + P4) & MASK
    }
    if (bytes.length - at >= 4) {
      hash = (times(rotate(hash ^ times(BigInt(view.getUint32(at, true)), P1), 23n), P2) + P3) & MASK
      at += 4
    }
    for (; at < bytes.length; at++) hash = times(rotate(hash ^ times(BigInt(bytes[at]), P5), 11n), P1)
    hash = times(hash ^ (hash >> 33n), P2)
    hash = times(hash ^ (hash >> 29n), P3)
    return hash ^ (hash >> 32n)
  }

  const BLOCK = 2 ** 20
  function digest(bytes: Uint8Array): string {
    const blocks = Array.from({ length: Math.ceil(bytes.length / BLOCK) }, (_, i) =>
      xxh64(bytes.subarray(i * BLOCK, (i + 1) * BLOCK)),
    )
    return xxh64(new Uint8Array(BigUint64Array.from(blocks).buffer))
      .toString(16)
      .padStart(16, '0')
  }

  it('is compared with a reference that has the published values', () => {
    const text = (words: string) => xxh64(new TextEncoder().encode(words)).toString(16)
    expect([text(''), text('a'), text('abc')]).toEqual(['ef46db3751d8e999', 'd24ec4f1a98c6e5b', '44bc2cf5ad770999'])
  })

  it.each([0, 1, 3, 4, 7, 8, 31, 32, 33, 47, 100, BLOCK - 1, BLOCK, BLOCK + 5])(
    'is XXH64 by blocks, of %i bytes',
    (n) => {
      const bytes = Uint8Array.from({ length: n + 1 }, (_, i) => (i * i * 31) >> 3).subarray(1)
      expect(contentDigest(bytes)).toBe(digest(bytes))
    },
  )

  it('sees one bit in any block of a large array, which several threads read', () => {
    const bytes = new Uint8Array(20 * BLOCK + 3)
    const seen = new Set([contentDigest(bytes)])
    for (const at of [0, 7 * BLOCK - 1, 7 * BLOCK, 20 * BLOCK + 2]) {
      bytes[at] ^= 1
      seen.add(contentDigest(bytes))
      bytes[at] ^= 1
    }
    expect(seen.size).toBe(5)
    seen.add(contentDigest(bytes))
    expect(seen.size).toBe(5)
  })
})
