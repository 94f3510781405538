import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { EpochEvent, ResultEvent, StartEvent } from '../../src/search/events.js'
import {
  ageLock,
  comparable,
  events,
  interruptAt,
  type Moment,
  type Outcome,
  pada,
  resultOf,
  tiny,
} from '../support/harness.js'

/** Eight epochs of eight steps, with a checkpoint after each. */
const SETTINGS = tiny('training.epochs=8', 'training.checkpointSeconds=0')

type TrainingPosition = NonNullable<StartEvent['resumed']>

const folder = mkdtempSync(join(tmpdir(), 'pada-interrupt-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

let unbroken: ResultEvent
beforeAll(async () => {
  const outcome = await pada(['search', ...SETTINGS, '--out', join(folder, 'unbroken'), '--json'])
  expect(outcome.code, outcome.stderr).toBe(0)
  unbroken = resultOf(outcome)
})

/** Continues a run where it stopped, and expects every number of the unbroken one, to the last bit. */
async function expectSameWhenResumed(run: string, at: Partial<TrainingPosition>): Promise<void> {
  const resumed = await pada(['search', '--resume', run, '--json'])
  expect(resumed.code, resumed.stderr).toBe(0)
  expect(events(resumed)[0]).toMatchObject({ event: 'start', resumed: at })
  expect(comparable(resultOf(resumed))).toEqual(comparable(unbroken))
  expect(readFileSync(join(run, 'ranking.csv'))).toEqual(readFileSync(join(folder, 'unbroken', 'ranking.csv')))
  expect(epochsLogged(run)).toEqual(epochsLogged(join(folder, 'unbroken')))
}

function epochsLogged(run: string): object[] {
  return readFileSync(join(run, 'events.jsonl'), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))
    .filter((event): event is EpochEvent => event.event === 'epoch')
    .map(({ seconds: _seconds, imagesPerSecond: _speed, ...rest }) => rest)
}

function expectInterrupted(outcome: Outcome, run: string, signal: NodeJS.Signals): void {
  expect(outcome.code, outcome.stderr).toBe(130)
  expect(outcome.stderr).toContain(`--resume ${run}`)
  expect(events(outcome).at(-1)?.event).not.toBe('result')
  expect(existsSync(join(run, 'summary.json'))).toBe(false)
  const last = readFileSync(join(run, 'events.jsonl'), 'utf8').trimEnd().split('\n').at(-1)!
  expect(JSON.parse(last)).toMatchObject({ event: 'stopped', why: 'interrupted', reason: `interrupted by ${signal}` })
}

describe('an interrupted run continues to the same numbers', () => {
  test.each(['SIGINT', 'SIGTERM'] as const)('%s while training: saves, exits 130', async (signal) => {
    const run = join(folder, signal)
    // Between two epochs' ends: mid-epoch.
    const outcome = await interruptAt(['search', ...SETTINGS, '--out', run], signal, {
      event: { event: 'checkpoint', epoch: 2, step: 3 },
    })
    expectInterrupted(outcome, run, signal)
    await expectSameWhenResumed(run, { epoch: 2 })
  })

  test.each<[string, Moment, TrainingPosition]>([
    ['after a checkpoint', { event: { event: 'checkpoint', epoch: 3, step: 2 } }, { epoch: 3, step: 2 }],
    [
      'before the last file of a checkpoint',
      { call: 'rename', file: '/checkpoint.new/state.json', times: 20 },
      { epoch: 2, step: 3 },
    ],
    [
      'between the old checkpoint and the new',
      { call: 'rename', file: '/checkpoint', times: 20 },
      { epoch: 2, step: 4 },
    ],
  ])('SIGKILL %s', async (moment, at, position) => {
    const run = join(folder, moment)
    const outcome = await interruptAt(['search', ...SETTINGS, '--out', run], 'SIGKILL', at)
    expect(outcome.signal).toBe('SIGKILL')
    ageLock(run)
    await expectSameWhenResumed(run, position)
  })

  test('SIGKILL twice, the second time soon after resuming', async () => {
    const run = join(folder, 'twice')
    const at = (event: string) => ({ event: { event } })
    const first = await interruptAt(['search', ...SETTINGS, '--out', run], 'SIGKILL', at('epoch'))
    ageLock(run)
    const second = await interruptAt(['search', '--resume', run], 'SIGKILL', at('checkpoint'))
    expect([first.signal, second.signal]).toEqual(['SIGKILL', 'SIGKILL'])
    ageLock(run)
    await expectSameWhenResumed(run, { epoch: 1, step: 0 })
  })

  test('SIGTERM while ranking', async () => {
    const settings = tiny('training.epochs=1', 'ranking.subModels=300')
    const whole = await pada(['search', ...settings, '--out', join(folder, 'ranked'), '--json'])
    const run = join(folder, 'ranking')
    const outcome = await interruptAt(['search', ...settings, '--out', run], 'SIGTERM', {
      call: 'appendFile',
      file: 'evaluated.jsonl',
      times: 100,
    })
    expectInterrupted(outcome, run, 'SIGTERM')
    const resumed = await pada(['search', '--resume', run, '--json'])
    expect(resumed.code, resumed.stderr).toBe(0)
    expect(comparable(resultOf(resumed))).toEqual(comparable(resultOf(whole)))
  })

  test('a finished run that is resumed gives its result again', async () => {
    await expectSameWhenResumed(join(folder, 'unbroken'), { epoch: 8, step: 0 })
  })
})
