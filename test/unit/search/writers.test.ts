/** A run folder has one writer at a time, and an import makes a run only when it is complete. */
import '../../support/fake-addon.js'
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { join, relative } from 'node:path'
import { beforeEach, expect, onTestFinished, test, vi } from 'vitest'
import { openWeights } from '../../../src/runs/open-weights.js'
import { lockRun } from '../../../src/runs/run-lock.js'
import { importRun } from '../../../src/search/import-run.js'
import { type SearchOptions, search } from '../../../src/search/search.js'
import { temporaryFolder } from '../../support/folders.js'
import { fingerprint } from '../../support/harness.js'
import { collect, tinyConfig, tinySplits } from '../../support/tiny.js'
import { until } from '../../support/until.js'

let run: string
beforeEach(() => {
  run = join(temporaryFolder(), 'run')
})

const config = tinyConfig()
const data = tinySplits
const searched = (options: SearchOptions) => collect(search(config, { data, ...options }))
const epochsLogged = () => readFileSync(join(run, 'events.jsonl'), 'utf8').match(/"event":"epoch"/g)
const TAKEN = 'another process works on; if that process was killed, try again in 20 seconds'
const BROKEN_OFF =
  'which lacks the weights that it should begin with, because its process ended; remove the folder and begin again'

test('of several that begin a run in one folder at once, one does', async () => {
  const seeds = [0, 1, 2, 3]
  const begin = (seed: number) => collect(search(tinyConfig({ seed }), { out: run, data }))
  const outcomes = await Promise.allSettled(seeds.map(begin))
  const done = seeds.filter((seed) => outcomes[seed].status === 'fulfilled')
  expect(done).toHaveLength(1)
  for (const outcome of outcomes) {
    if (outcome.status === 'rejected') expect(outcome.reason.message).toContain(`received ${run}, which ${TAKEN}`)
  }
  expect(readFileSync(join(run, 'config.yaml'), 'utf8')).toContain(`seed: ${done[0]}\n`)
  expect(epochsLogged()).toHaveLength(3)
})

test('of several that begin at once without a folder, each has one of its own', async () => {
  const before = process.cwd()
  onTestFinished(() => process.chdir(before))
  process.chdir(temporaryFolder())
  vi.useFakeTimers({ toFake: ['Date'] })
  const searches = await Promise.all([searched({}), searched({}), searched({})])
  vi.useRealTimers()
  const runs = searches.map(([start]) => start.event === 'start' && start.run)
  expect(new Set(runs).size).toBe(3)
  expect(readdirSync('runs')).toHaveLength(3)
})

test.each(['step', 'epoch', 'evaluated'] as const)('at an event %s, others are refused and may read', async (event) => {
  let seen = false
  const other = join(run, '..', 'other')
  await searched({ out: other })
  for await (const { event: now } of search(tinyConfig({ training: { checkpointSeconds: 0 } }), { out: run, data })) {
    if (now !== event || seen || !existsSync(join(run, 'checkpoint'))) continue
    seen = true
    const before = lasting(run)
    for (const work of [
      () => searched({ out: run }),
      () => searched({ resume: run }),
      () => searched({ resume: run, phases: ['rank'] }),
      () => importRun(config, other, { out: run, data }),
    ]) {
      await expect(work()).rejects.toMatchObject({ message: expect.stringContaining(TAKEN), exitCode: 1 })
    }
    expect((await openWeights(run)).isRunFolder).toBe(true)
    expect(lasting(run)).toEqual(before)
  }
  expect(seen).toBe(true)
  expect(epochsLogged()).toHaveLength(3)
  // The lock is free again.
  await searched({ resume: run, phases: ['rank'] })
})

test('the lock is the same by a link to the folder', async () => {
  await searched({ out: run })
  await using _lock = await lockRun(run)
  const link = `${run}-link`
  symlinkSync(run, link)
  await expect(searched({ resume: link })).rejects.toThrow(`received ${link}, which ${TAKEN}`)
})

test('the lock of a dead process is taken over, with what it left of its first file', async () => {
  mkdirSync(join(run, 'writer.lock'), { recursive: true })
  writeFileSync(join(run, 'config.yaml.123.tmp'), 'se')
  await expect(searched({ out: run })).rejects.toThrow(TAKEN)
  utimesSync(join(run, 'writer.lock'), 0, 0)
  await searched({ out: run })
  expect(readdirSync(run)).toEqual(expect.arrayContaining(['config.yaml', 'summary.json']))
  expect(readdirSync(run)).not.toContain('config.yaml.123.tmp')
  expect(readdirSync(run)).not.toContain('writer.lock')
})

/** The fingerprint without the record of progress, whose last write may still be under way. */
function lasting(folder: string): Record<string, string> {
  const files = Object.entries(fingerprint(folder)).filter(([file]) => !/^\/(progress\.json|steps\.jsonl)/.test(file))
  return Object.fromEntries(files)
}

test.each(['epoch', 'evaluated'] as const)(
  'a lock that is lost at an event %s ends the work unsaved',
  async (event) => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    let left: Record<string, string> | undefined
    try {
      const abort = vi.spyOn(AbortController.prototype, 'abort')
      const work = async () => {
        for await (const { event: now } of search(config, { out: run, data })) {
          expect(left).toBeUndefined()
          if (now !== event) continue
          // Another process has taken the lock over.
          rmSync(join(run, 'writer.lock'), { recursive: true })
          mkdirSync(join(run, 'writer.lock'))
          utimesSync(join(run, 'writer.lock'), 1, 1)
          left = lasting(run)
          await vi.advanceTimersByTimeAsync(20_000)
          await until(() => abort.mock.calls.length > 0)
        }
      }
      await expect(work()).rejects.toThrow(`Expected to hold the lock of ${run} but another process took it`)
      expect(lasting(run)).toEqual(left)
      expect(existsSync(join(run, 'writer.lock'))).toBe(true)
    } finally {
      vi.restoreAllMocks()
      vi.useRealTimers()
    }
  },
)

test('a folder of other files is refused without a touch', async () => {
  mkdirSync(run)
  writeFileSync(join(run, 'notes.txt'), '')
  utimesSync(run, 1, 1)
  await expect(searched({ out: run })).rejects.toMatchObject({ exitCode: 2 })
  expect(statSync(run).mtimeMs).toBe(1_000)
})

test('the checkpoint of a run with other settings is not read as that of this run', async () => {
  const other = join(run, '..', 'other')
  await searched({ out: run })
  for await (const _ of search(tinyConfig({ seed: 1 }), { out: other, data }));
  cpSync(join(other, 'checkpoint'), join(run, 'checkpoint'), { recursive: true })
  await expect(openWeights(run)).rejects.toThrow(
    `Expected a checkpoint in ${run} of the settings in its config.yaml but received one of others: seed: 1, not 0`,
  )
  await expect(openWeights(join(run, 'checkpoint', 'weights.safetensors'))).rejects.toThrow('seed: 1, not 0')
})

test('a checkpoint that is being replaced can be read, and reading does not finish the replacement', async () => {
  await searched({ out: run })
  const whole = (await openWeights(run)).weights
  const place = (end: string) => join(run, `checkpoint${end}`)
  renameSync(place(''), place('.new'))
  mkdirSync(place('.old'))
  expect((await openWeights(run)).weights).toEqual(whole)
  expect(existsSync(place(''))).toBe(false)
  expect(existsSync(place('.new'))).toBe(true)
})

test('an import keeps paths that mean the same in any folder', async () => {
  const source = join(run, '..', 'source')
  await searched({ out: source })
  const table = join(run, '..', 'truth.csv')
  writeFileSync(table, 'arch,accuracy\n"3,3,3,3,3,3",90\n"0,0,0,0,0,0",10\n')
  const given = { ...config, groundTruth: { file: relative(process.cwd(), table), column: 'accuracy' } }
  await importRun(given, source, { out: run, data })
  expect(readFileSync(join(run, 'config.yaml'), 'utf8')).toContain(`file: ${table}\n`)
})

test('an import without its last file is no run, and one whose weights are missing does not train from others', async () => {
  const source = join(run, '..', 'source')
  await searched({ out: source })
  await importRun(config, source, { out: run, data })
  const settings = readFileSync(join(run, 'config.yaml'))

  rmSync(join(run, 'config.yaml'))
  await expect(searched({ resume: run })).rejects.toThrow(`received ${run}, ${BROKEN_OFF}`)
  await expect(openWeights(run)).rejects.toThrow(BROKEN_OFF)
  await expect(importRun(config, source, { out: run, data })).rejects.toThrow(BROKEN_OFF)

  // As imports of earlier versions were left, which wrote the settings first.
  writeFileSync(join(run, 'config.yaml'), settings)
  rmSync(join(run, 'checkpoint'), { recursive: true })
  const before = fingerprint(run)
  await expect(searched({ resume: run })).rejects.toThrow(BROKEN_OFF)
  expect(fingerprint(run)).toEqual(before)
})
