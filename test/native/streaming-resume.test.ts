/** A search and a retraining whose images are streamed: the same from files of every form, and after a resume in mid-epoch. */
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { parseConfig } from '../../src/config/index.js'
import { openSplits } from '../../src/data/index.js'
import { listEncoded } from '../../src/data/stream/list-encoded.js'
import { pack } from '../../src/data/stream/pack.js'
import type { SearchEvent } from '../../src/search/events.js'
import { search } from '../../src/search/search.js'

const images = fileURLToPath(new URL('../fixtures/streaming', import.meta.url))
let root: string
beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), 'pada-streamed-'))
  for (const split of ['train', 'val']) {
    for (const [i, name] of readdirSync(images).entries()) {
      const folder = join(root, 'files', split, `class${i % 3}`)
      mkdirSync(folder, { recursive: true })
      writeFileSync(join(folder, name), readFileSync(join(images, name)))
    }
  }
  mkdirSync(join(root, 'packed'))
  for (const split of ['train', 'val']) {
    const listed = await listEncoded(join(root, 'files', split))
    await pack(listed, join(root, 'packed', `${split}.pada`), { quality: 90, onError: 'stop' })
  }
})
afterAll(() => rmSync(root, { recursive: true }))

let start: SearchEvent
beforeAll(async () => {
  start = (await finish(search(config('files'), { out: join(root, 'whole') })))[0]
})

function config(dir: string) {
  const constant = { kind: 'constant', value: 0.6 } as const
  return parseConfig({
    threads: 1,
    space: { name: 'nasbench201', channels: 4, cellsPerStage: 1 },
    data: { format: 'folder', source: 'streaming', dir: join(root, dir), size: 16 },
    method: { name: 'pada', pathSchedule: constant, dataSchedule: constant },
    training: {
      epochs: 2,
      batchSize: 4,
      checkpointSeconds: 0,
      augmentation: [
        { kind: 'random-resized-crop' },
        { kind: 'flip' },
        { kind: 'auto-augment', policy: 'original', interpolation: 'random' },
        { kind: 'random-erasing' },
        { kind: 'mixup' },
      ],
    },
    ranking: { subModels: 3, batchSize: 4 },
  })
}

/** What a run came to. */
const outcome = (run: string) =>
  readFileSync(join(root, run, 'events.jsonl'), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
    .filter(({ event }) => event === 'epoch' || event === 'result')
    .map(({ loss, accuracy, pathDistribution, top }) => ({ loss, accuracy, pathDistribution, top }))

async function finish(work: AsyncGenerator<SearchEvent, unknown>): Promise<SearchEvent[]> {
  const seen: SearchEvent[] = []
  for await (const event of work) seen.push(event)
  return seen
}

it('resumes in mid-epoch as if it had not been interrupted', async () => {
  expect(start).toMatchObject({ event: 'start', images: { train: { images: 16 }, test: { images: 16 } } })
  const abort = new AbortController()
  const broken = search(config('files'), { out: join(root, 'broken'), signal: abort.signal })
  await expect(
    (async () => {
      for await (const event of broken) {
        if (event.event === 'checkpoint' && event.epoch === 0 && event.step === 2) abort.abort()
      }
    })(),
  ).rejects.toMatchObject({ name: 'AbortError' })
  const [again] = await finish(search(config('files'), { resume: join(root, 'broken') }))
  expect(again).toMatchObject({ event: 'start', resumed: { epoch: 0, step: 2 } })
  expect(outcome('broken')).toEqual(outcome('whole'))
})

it('is not resumed with images in memory, which are others, and says how to read them as before', async () => {
  const { data, ...settings } = config('files')
  const resident = { ...settings, data: { ...data, source: 'resident' as const } }
  await expect(finish(search(resident, { resume: join(root, 'whole') }))).rejects.toThrow(
    /received others: those were streamed and these are kept in memory; search or retrain --resume RUN --set data\.source=streaming reads them as before$/,
  )
})

it('comes to the same from packed files', async () => {
  await finish(search(config('packed'), { out: join(root, 'from-packed') }))
  expect(outcome('from-packed')).toEqual(outcome('whole'))
})

it('takes parts of the images, whose classes have their shares', async () => {
  const { data } = config('files')
  const splits = await openSplits({ ...data, trainCount: 9, validationCount: 3, testCount: 6 })
  const counts = (labels: Int32Array) => [0, 1, 2].map((label) => labels.filter((other) => other === label).length)
  expect(counts(splits.train.labels)).toEqual([2, 2, 2])
  expect(counts(splits.validation!.labels)).toEqual([1, 1, 1])
  expect(counts(splits.test.labels)).toEqual([2, 2, 2])
  expect(splits.origin?.notes?.[0]).toContain('data.source streaming')
})

it('streams packed files without being told to, and says why', async () => {
  const { source: _, ...data } = config('packed').data
  const splits = await openSplits(data)
  expect('files' in splits.train).toBe(true)
  expect(splits.origin?.notes?.[0]).toContain('because they lie in tars')
  await expect(openSplits({ ...data, source: 'resident' })).rejects.toThrow('Expected auto or streaming')
  await expect(openSplits({ ...data, size: undefined })).rejects.toThrow('data.size with streamed images')
})

it('lists damaged images of evaluations in the result', async () => {
  for (const split of ['train', 'val'])
    cpSync(join(root, 'files', split), join(root, 'cut', split), { recursive: true })
  const cut = join(root, 'cut', 'val', 'class0', '420.JPEG')
  writeFileSync(cut, readFileSync(cut).subarray(0, 900))
  const settings = config('cut')
  const events = await finish(
    search({ ...settings, data: { ...settings.data, onError: 'skip' } }, { out: join(root, 'skipping') }),
  )
  expect(events.at(-1)).toMatchObject({ event: 'result', damaged: [expect.stringMatching(`^${cut}: `)] })
  for (const event of events) if (event.event === 'epoch') expect(event.damaged).toBeUndefined()
})

it('streams a folder whose damaged images are to be skipped, also from when a run that they stopped is resumed', async () => {
  for (const split of ['train', 'val'])
    cpSync(join(root, 'files', split), join(root, 'spoilt', split), { recursive: true })
  const { data, ...settings } = config('spoilt')
  const { source: _, ...unsaid } = data
  const skipping = await openSplits({ ...unsaid, onError: 'skip' })
  expect(skipping.origin?.notes?.[0]).toContain('because damaged ones are to be skipped')
  await expect(openSplits({ ...unsaid, source: 'resident', onError: 'skip' })).rejects.toThrow(
    'Expected stop for images that are kept in memory for data.onError but received skip',
  )

  const spoilt = join(root, 'spoilt', 'train', 'class0', '420.JPEG')
  writeFileSync(spoilt, readFileSync(spoilt).subarray(0, 900))
  const run = join(root, 'stopped')
  await expect(finish(search({ ...settings, data }, { out: run }))).rejects.toThrow(
    `Expected a whole image, or data.onError skip, for ${spoilt}`,
  )
  const events = await finish(search({ ...settings, data: { ...data, onError: 'skip' } }, { resume: run }))
  const damaged = events.flatMap((event) => (event.event === 'epoch' ? (event.damaged ?? []) : []))
  expect(damaged[0]).toMatch(`${spoilt}: `)
  expect(events.at(-1)).toMatchObject({ event: 'result' })
})
