import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { EpochEvent, ResultEvent } from '../../src/search/events.js'
import { comparable, events, interruptAt, type Outcome, pada, resultOf, tiny } from '../support/harness.js'

/** Long enough that a signal lands in the middle; a checkpoint after every step, so that one is always on its way. */
const SETTINGS = tiny('training.epochs=8', 'training.checkpointSeconds=0')

const folder = mkdtempSync(join(tmpdir(), 'pada-interrupt-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

let unbroken: ResultEvent
beforeAll(async () => {
  const outcome = await pada(['search', ...SETTINGS, '--out', join(folder, 'unbroken'), '--json'])
  expect(outcome.code, outcome.stderr).toBe(0)
  unbroken = resultOf(outcome)
})

/** Continues a run and expects every number of the unbroken one, to the last bit. */
async function expectSameWhenResumed(run: string, command = ['search', '--resume', run]): Promise<void> {
  const resumed = await pada([...command, '--json'])
  expect(resumed.code, resumed.stderr).toBe(0)
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

function expectInterrupted(outcome: Outcome, run: string): void {
  expect(outcome.code, outcome.stderr).toBe(130)
  expect(outcome.stderr).toContain(`--resume ${run}`)
  expect(events(outcome).at(-1)?.event).not.toBe('result')
  expect(existsSync(join(run, 'summary.json'))).toBe(false)
}

describe('an interrupted run continues to the same numbers', () => {
  test.each(['SIGINT', 'SIGTERM'] as const)('%s while training: saves, exits 130', async (signal) => {
    const run = join(folder, signal)
    // Between two epochs' ends: mid-epoch.
    const outcome = await interruptAt(
      ['search', ...SETTINGS, '--out', run],
      signal,
      (event) => event.event === 'checkpoint' && event.epoch === 2 && event.step === 3,
    )
    expectInterrupted(outcome, run)
    await expectSameWhenResumed(run)
  })

  test('SIGKILL while training', async () => {
    const run = join(folder, 'SIGKILL')
    const outcome = await interruptAt(
      ['search', ...SETTINGS, '--out', run],
      'SIGKILL',
      (event) => event.event === 'checkpoint' && event.epoch === 3 && event.step === 2,
    )
    expect(outcome.signal).toBe('SIGKILL')
    await expectSameWhenResumed(run)
  })

  test('SIGKILL twice, the second time soon after resuming', async () => {
    const run = join(folder, 'twice')
    await interruptAt(['search', ...SETTINGS, '--out', run], 'SIGKILL', (event) => event.event === 'epoch')
    await interruptAt(['search', '--resume', run], 'SIGKILL', (event) => event.event === 'checkpoint')
    await expectSameWhenResumed(run)
  })

  test('SIGTERM while ranking', async () => {
    const settings = tiny('training.epochs=1', 'ranking.subModels=300')
    const whole = await pada(['search', ...settings, '--out', join(folder, 'ranked'), '--json'])
    const run = join(folder, 'ranking')
    const outcome = await interruptAt(
      ['search', ...settings, '--out', run],
      'SIGTERM',
      (event) => event.event === 'checkpoint' && event.epoch === 1,
    )
    expectInterrupted(outcome, run)
    const resumed = await pada(['search', '--resume', run, '--json'])
    expect(resumed.code, resumed.stderr).toBe(0)
    expect(comparable(resultOf(resumed))).toEqual(comparable(resultOf(whole)))
  })

  test('a finished run that is resumed gives its result again', async () => {
    await expectSameWhenResumed(join(folder, 'unbroken'))
  })
})
