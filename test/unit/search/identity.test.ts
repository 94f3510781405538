import '../../support/fake-addon.js'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import type { ConfigInput } from '../../../src/config/index.js'
import type { Splits } from '../../../src/data/splits.js'
import { readSafetensors, writeSafetensors } from '../../../src/formats/safetensors.js'
import { ProgramBuilder } from '../../../src/programs/program-builder.js'
import type { DiscardedEvent, SearchResult } from '../../../src/search/events.js'
import { type SearchOptions, search } from '../../../src/search/search.js'
import { nasBench201 } from '../../../src/spaces/index.js'
import { fakeBinding } from '../../support/fake-binding.js'
import { journal } from '../../support/fake-journal.js'
import { temporaryFolder } from '../../support/folders.js'
import { collect, tinyConfig, tinyImages, tinySplits } from '../../support/tiny.js'

let folder: string
beforeEach(() => {
  folder = temporaryFolder()
})

const place = (...names: string[]) => join(folder, 'run', ...names)
const summary = (): SearchResult => JSON.parse(readFileSync(place('summary.json'), 'utf8'))

const finding = { algorithm: 'random', evaluations: 4 } as const
const settings = (changes: ConfigInput = {}) =>
  tinyConfig({ finding, ...changes, ranking: { subModels: 10, ...changes.ranking } })

/** Begins the run, or goes on with it; returns what it discarded. */
async function run(options: SearchOptions = {}, changes: ConfigInput = {}): Promise<DiscardedEvent[]> {
  journal.evaluated = 0
  const begun = existsSync(place('config.yaml')) ? { resume: place() } : { out: place() }
  const events = await collect(search(settings(changes), { data: tinySplits, ...begun, ...options }))
  return events.filter((event) => event.event === 'discarded')
}

function table(name: string, header: string, ...rows: string[]): { file: string } {
  const file = join(folder, name)
  mkdirSync(join(file, '..'), { recursive: true })
  writeFileSync(file, [header, ...rows].join('\n'))
  return { file }
}

const relabelled: Splits = { ...tinySplits, test: { ...tinySplits.test, labels: new Int32Array(20) } }

describe('a summary', () => {
  it('never has numbers of two sets of test images: what is of the earlier one is removed', async () => {
    await run()
    const before = summary()
    expect(before).toMatchObject({ ranked: 10, found: { evaluations: 4 } })
    expect(await run({ phases: ['find'], data: relabelled })).toEqual([
      { event: 'discarded', file: 'evaluated.jsonl', records: 14, changed: ['images'] },
      { event: 'discarded', file: 'ranking.csv', changed: ['images'] },
    ])
    expect(journal.evaluated).toBe(4)
    expect(summary()).toMatchObject({ ranked: 0, top: [], found: { evaluations: 4 } })
    expect(summary().computedFrom.images).toEqual({ ...before.computedFrom.images, test: expect.any(String) })
    expect(summary().computedFrom.images.test).not.toBe(before.computedFrom.images.test)
    expect([existsSync(place('ranking.csv')), existsSync(place('found.csv'))]).toEqual([false, true])
  })

  it('never has numbers of two columns', async () => {
    const { file } = table('two.csv', 'arch,one,two', '"3,3,3,3,3,3",90,10', '"0,0,0,0,0,0",10,90')
    const compared = (column: string): ConfigInput => ({ groundTruth: { file, column } })
    await run({}, compared('one'))
    expect(await run({ phases: ['rank'] }, compared('two'))).toEqual([
      { event: 'discarded', file: 'found.csv', changed: ['groundTruth'] },
    ])
    expect(summary()).toMatchObject({ ranked: 10, groundTruth: { column: 'two' } })
    expect(summary()).not.toHaveProperty('found')
    expect(existsSync(place('found.csv'))).toBe(false)
    // The accuracies are of the same images and weights.
    expect(journal.evaluated).toBe(0)
  })

  it('knows a table by its numbers: moved it is the same, edited it is another', async () => {
    const rows = (first: number) => [`"3,3,3,3,3,3",${first}`, '"0,0,0,0,0,0",10']
    const a = table('a.csv', 'arch,accuracy', ...rows(90))
    await run({}, { groundTruth: a })
    const { digest } = summary().groundTruth!
    const moved = table('elsewhere/b.csv', 'arch,accuracy', ...rows(90))
    expect(await run({ phases: ['find'] }, { groundTruth: moved })).toEqual([])
    expect(summary()).toMatchObject({ ranked: 10, groundTruth: { file: moved.file, digest } })
    table('elsewhere/b.csv', 'arch,accuracy', ...rows(80))
    expect(await run({ phases: ['find'] }, { groundTruth: moved })).toEqual([
      { event: 'discarded', file: 'ranking.csv', changed: ['groundTruth'] },
    ])
    expect(summary()).toMatchObject({ ranked: 0, found: { evaluations: 4 } })
  })

  it('of an earlier version, which knew no origins, is not completed', async () => {
    await run()
    const { computedFrom: _, ...earlier } = summary()
    writeFileSync(place('summary.json'), JSON.stringify(earlier))
    expect(await run({ phases: ['find'] })).toEqual([{ event: 'discarded', file: 'ranking.csv', changed: ['rule'] }])
    expect(summary().ranked).toBe(0)
  })
})

describe('evaluations', () => {
  it('of weights that were replaced are made again', async () => {
    await run()
    const file = place('checkpoint', 'weights.safetensors')
    const { tensors } = await readSafetensors(file)
    const data = tensors.values().next().value!.data as Float32Array
    data[0] += 1
    await writeSafetensors(file, tensors)
    // As in checkpoints of earlier versions, which did not know their tensors.
    const state = place('checkpoint', 'state.json')
    writeFileSync(state, JSON.stringify({ ...JSON.parse(readFileSync(state, 'utf8')), digests: undefined }))
    expect(await run({ phases: ['rank'] })).toEqual([
      { event: 'discarded', file: 'evaluated.jsonl', records: expect.any(Number), changed: ['weights'] },
      { event: 'discarded', file: 'found.csv', changed: ['weights'] },
    ])
    expect(journal.evaluated).toBeGreaterThan(0)
  })

  it('with another batch size, on another number of images, or of an earlier version are made again', async () => {
    await run({ phases: ['train', 'rank'] })
    const [lost] = await run({ phases: ['rank'] }, { ranking: { batchSize: 7, imageCount: 15 } })
    expect(lost).toEqual({
      event: 'discarded',
      file: 'evaluated.jsonl',
      records: 10,
      changed: ['batchSize', 'imageCount'],
    })
    const [, ...records] = readFileSync(place('evaluated.jsonl'), 'utf8').split('\n')
    const earlier = { epoch: 3, step: 0, batchSize: 10, imageCount: 20 }
    writeFileSync(place('evaluated.jsonl'), [JSON.stringify(earlier), ...records].join('\n'))
    expect(await run({ phases: ['rank'] })).toEqual([{ ...lost, changed: ['rule'] }])
    expect(journal.evaluated).toBe(10)
  })

  it('on held out images depend on these alone', async () => {
    const data = { ...tinySplits, validation: tinyImages(16) }
    await run({ data })
    const other = { ...data, validation: { ...data.validation, labels: new Int32Array(16) } }
    expect(await run({ data: other, phases: ['rank', 'find'] })).toEqual([
      { event: 'discarded', file: 'evaluated-finding.jsonl', records: 4, changed: ['images'] },
    ])
    expect(journal.evaluated).toBe(4)
  })

  it('of finding on other held out images leaves the ranking, which does not depend on them', async () => {
    const data = { ...tinySplits, validation: tinyImages(16) }
    await run({ data })
    const ranking = readFileSync(place('ranking.csv'))
    const { ranked, kendallTau, top } = JSON.parse(readFileSync(place('summary.json'), 'utf8'))
    expect(ranked).toBeGreaterThan(0)
    const other = { ...data, validation: { ...data.validation, labels: new Int32Array(16) } }
    expect(await run({ data: other, phases: ['find'] })).toEqual([
      { event: 'discarded', file: 'evaluated-finding.jsonl', records: 4, changed: ['images'] },
    ])
    expect(readFileSync(place('ranking.csv'))).toEqual(ranking)
    expect(JSON.parse(readFileSync(place('summary.json'), 'utf8'))).toMatchObject({ ranked, kendallTau, top })
    // Found with the images of before: to rank gives it up.
    expect(await run({ data, phases: ['rank'] })).toContainEqual({
      event: 'discarded',
      file: 'found.csv',
      changed: ['images'],
    })
  })
})

it('latencies measured with other kernels are measured again', async () => {
  const changes: ConfigInput = { finding: { ...finding, objectives: ['accuracy', 'latency'] } }
  await run({}, changes)
  expect(await run({ phases: ['find'] }, changes)).toEqual([])
  const info = fakeBinding.info()
  vi.spyOn(fakeBinding, 'info').mockReturnValue({ ...info, convolutionKernels: 'avx2' } as never)
  expect(await run({ phases: ['find'] }, changes)).toEqual([
    { event: 'discarded', file: 'latency.jsonl', records: 4, changed: ['convolutionKernels'] },
  ])
  vi.restoreAllMocks()
})

describe('a checkpoint is refused', () => {
  it.each<[string, Splits]>([
    ['pixels', { ...tinySplits, train: { ...tinySplits.train, images: new Uint8Array(50 * 64) } }],
    ['labels', { ...tinySplits, train: { ...tinySplits.train, labels: new Int32Array(50) } }],
    ['mean', { ...tinySplits, train: { ...tinySplits.train, mean: [0.4] } }],
    ['names of classes', { ...tinySplits, classNames: ['a', 'b', 'c', 'd'] }],
  ])('for training images of other %s, by all phases', async (_, data) => {
    await run()
    const log = readFileSync(place('events.jsonl'), 'utf8')
    const sentence = /^Expected the training images that .*run was started with but received others$/
    for (const phases of [['train'], ['rank'], ['find']] as const)
      await expect(run({ data, phases })).rejects.toThrow(sentence)
    expect(readFileSync(place('events.jsonl'), 'utf8')).toBe(log)
  })

  it.each([
    [
      'streaming',
      ': those were streamed and these are kept in memory; search or retrain --resume RUN --set data.source=streaming reads them as before',
    ],
    ['resident', ''],
    [undefined, ''],
  ])('for images that were %s, with the setting that reads them as before', async (source, advice) => {
    await run()
    const file = place('checkpoint', 'state.json')
    const { identity, ...state } = JSON.parse(readFileSync(file, 'utf8'))
    expect(identity.source).toBe('resident')
    writeFileSync(file, JSON.stringify({ ...state, identity: { ...identity, source, trainingImages: 'others' } }))
    const sentence = `Expected the training images that ${place()} was started with but received others${advice}`
    await expect(run({ phases: ['rank'] })).rejects.toHaveProperty('message', sentence)
  })

  it("for a space of one's own that computes something else with the same tensors", async () => {
    const space = nasBench201({
      channels: 2,
      cellsPerStage: 1,
      input: { channels: 1, height: 8, width: 8 },
      classes: 4,
    })
    await run({ space })
    expect(await run({ space: { ...space }, phases: ['rank'] })).toEqual([])
    const program = () => {
      const builder = new ProgramBuilder()
      return builder.finish(builder.input({ channels: 1, height: 8, width: 8 }))
    }
    await expect(run({ space: { ...space, program }, phases: ['rank'] })).rejects.toThrow(
      /^Expected a checkpoint of this nasbench201 in .* but received one of another nasbench201$/,
    )
  })

  it('if an earlier version made it, with the way out', async () => {
    await run()
    const file = place('checkpoint', 'state.json')
    const { identity, ...state } = JSON.parse(readFileSync(file, 'utf8'))
    const { trainingImages, ...rest } = identity
    writeFileSync(file, JSON.stringify({ ...state, identity: { ...rest, dataDigest: trainingImages } }))
    await expect(run({ phases: ['rank'] })).rejects.toThrow(
      /^Expected a checkpoint that knows its training images in .* but received one of an earlier version, .*import/,
    )
  })
})
