/** Why a run ended without a result is in its log, until the run continues. */
import '../../support/fake-addon.js'
import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, expect, test } from 'vitest'
import { UserError } from '../../../src/base/errors.js'
import type { MethodContext } from '../../../src/methods/method.js'
import { Spos } from '../../../src/methods/spos.js'
import { readRun } from '../../../src/report/run-record.js'
import type { StoppedEvent } from '../../../src/runs/stopped.js'
import { type SearchOptions, search } from '../../../src/search/search.js'
import { FollowedRun } from '../../../src/watch/followed-run.js'
import { temporaryFolder } from '../../support/folders.js'
import { collect, timeless, tinyConfig, tinySplits } from '../../support/tiny.js'

const config = tinyConfig({ method: { name: 'spos' } })
const sampling = 'uniform'

let run: string
beforeEach(() => {
  run = join(temporaryFolder(), 'run')
})

const logged = (folder = run) =>
  readFileSync(join(folder, 'events.jsonl'), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))
const kinds = () => logged().map(({ event }) => event)
const searched = (options: SearchOptions) => collect(search(config, { data: tinySplits, ...options }))

/** SPOS, which throws at the end of the second epoch. */
const failingWith = (error: Error) => (context: MethodContext) =>
  new (class extends Spos {
    ended = 0
    override endEpoch(): void {
      this.ended++
      if (this.ended === 2) throw error
    }
  })({ sampling }, context)

async function watched() {
  const followed = new FollowedRun('run', run)
  await followed.poll()
  return followed.overview()
}

test.each<[string, Error, string]>([
  ['a mistake of the user', new UserError('Expected one thing but received:\n  another'), 'one thing but received:'],
  ['a full disk', Object.assign(new Error('ENOSPC'), { code: 'ENOSPC', path: '/a' }), 'free space for /a but'],
  ['any other error', new TypeError('x is not a function'), 'x is not a function'],
])(
  '%s is the last event, which reports and the page show, and a resumed run has no trace of it',
  async (_, error, words) => {
    await expect(searched({ out: run, method: failingWith(error) })).rejects.toBe(error)
    expect(kinds()).toEqual(['start', 'epoch', 'stopped'])
    const last: StoppedEvent = logged().at(-1)
    expect(last).toMatchObject({ why: 'failed', reason: expect.stringContaining(words) })
    expect(Math.abs(Date.parse(last.time) - Date.now())).toBeLessThan(600_000)
    expect(await watched()).toMatchObject({ state: 'failed', reason: last.reason })
    const { notes } = await readRun(run)
    expect(notes.at(-1)).toBe(`The run failed: ${last.reason.replace('\n  ', '; ')}.`)

    const unbroken = join(run, '..', 'unbroken')
    await searched({ out: unbroken })
    await searched({ resume: run })
    expect(logged().map(timeless)).toEqual(logged(unbroken).map(timeless))
    expect((await watched()).state).toBe('finished')
    expect((await watched()).reason).toBeUndefined()
    expect((await readRun(run)).notes).toEqual([])
  },
)

test('an interruption is told apart, with its reason', async () => {
  const controller = new AbortController()
  const work = async () => {
    for await (const { event } of search(config, { out: run, data: tinySplits, signal: controller.signal })) {
      if (event === 'epoch') controller.abort(new DOMException('interrupted by SIGTERM', 'AbortError'))
    }
  }
  await expect(work()).rejects.toThrow('interrupted by SIGTERM')
  expect(logged().at(-1)).toMatchObject({ event: 'stopped', why: 'interrupted', reason: 'interrupted by SIGTERM' })
  expect(await watched()).toMatchObject({ state: 'stopped', reason: 'interrupted by SIGTERM' })
  expect((await readRun(run)).notes.at(-1)).toBe('The run was stopped: interrupted by SIGTERM.')
})

test('the interruption of another process is one of the run', async () => {
  const told = 'interrupted: Expected all processes to go on but rank 1 ended: interrupted by SIGTERM'
  const ended = Object.assign(new Error(told), { code: 'ERR_PEER' })
  await expect(searched({ out: run, method: failingWith(ended) })).rejects.toBe(ended)
  expect(logged().at(-1)).toMatchObject({ why: 'interrupted', reason: told.replace('interrupted: ', '') })
})

test('a signal aborted by an error, as by output that takes no more, is a failure', async () => {
  const controller = new AbortController()
  const full = new UserError('Expected standard output that takes results')
  const work = async () => {
    for await (const { event } of search(config, { out: run, data: tinySplits, signal: controller.signal })) {
      if (event === 'epoch') controller.abort(full)
    }
  }
  await expect(work()).rejects.toBe(full)
  expect(logged().at(-1)).toMatchObject({ event: 'stopped', why: 'failed', reason: full.message })
})

test('an error after the signal was aborted is still a failure', async () => {
  const controller = new AbortController()
  const broken = new Error('broken')
  const method = (context: MethodContext) =>
    new (class extends Spos {
      override endEpoch(): void {
        controller.abort()
        throw broken
      }
    })({ sampling }, context)
  await expect(searched({ out: run, signal: controller.signal, method })).rejects.toBe(broken)
  expect(logged().at(-1)).toMatchObject({ why: 'failed', reason: 'broken' })
})

test('a receiver that leaves, and a command that is refused, log nothing', async () => {
  for await (const { event } of search(config, { out: run, data: tinySplits })) if (event === 'epoch') break
  expect(kinds()).toEqual(['start', 'epoch'])
  const other = tinyConfig({ method: { name: 'spos' }, seed: 9 })
  await expect(collect(search(other, { resume: run, data: tinySplits }))).rejects.toThrow(UserError)
  expect(kinds()).toEqual(['start', 'epoch'])
})

test('a run without a checkpoint says that it begins anew, and ranking it is refused', async () => {
  const error = new Error('at once')
  const method = failingWith(error)
  const slow = tinyConfig({ method: { name: 'spos' }, training: { checkpointSeconds: 1000 } })
  await expect(collect(search(slow, { out: run, data: tinySplits, method }))).rejects.toBe(error)
  rmSync(join(run, 'checkpoint'), { recursive: true, force: true })
  await expect(collect(search(slow, { resume: run, data: tinySplits, phases: ['rank'] }))).rejects.toThrow(
    `Expected a run with a checkpoint to rank but received ${run}`,
  )
  // The log still says how far the run was, and why it ended.
  expect(kinds()).toEqual(['start', 'epoch', 'stopped'])
  const [start] = await collect(search(slow, { resume: run, data: tinySplits }))
  expect(start).toMatchObject({ event: 'start', anew: true, phases: ['train', 'rank', 'find'] })
  expect(start).not.toHaveProperty('resumed')
  const [again] = await collect(search(slow, { resume: run, data: tinySplits }))
  expect(again).toMatchObject({ resumed: { epoch: 3, step: 0 } })
  expect(again).not.toHaveProperty('anew')
  expect(logged()[0]).not.toHaveProperty('anew')
})

test('an epoch begins once, though it was stopped before its first step', async () => {
  const begun: number[] = []
  const method = (context: MethodContext) =>
    new (class extends Spos {
      async beginEpoch(epoch: number): Promise<void> {
        begun.push(epoch)
      }
    })({ sampling }, context)
  const controller = new AbortController()
  const options = { data: tinySplits, method }
  const stopped = async () => {
    for await (const { event } of search(config, { ...options, out: run, signal: controller.signal })) {
      if (event === 'start') controller.abort()
    }
  }
  await expect(stopped()).rejects.toMatchObject({ name: 'AbortError' })
  expect(begun).toEqual([])
  const [again] = await collect(search(config, { ...options, resume: run }))
  expect(again).toMatchObject({ event: 'start', resumed: { epoch: 0, step: 0 } })
  expect(begun).toEqual([0, 1, 2])
})
