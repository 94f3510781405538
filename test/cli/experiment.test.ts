import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { ExperimentEvent } from '../../src/experiment/events.js'
import type { ExperimentResults } from '../../src/experiment/results.js'
import { LOCK } from '../../src/runs/run-lock.js'
import { ageLock, interruptAt, type Outcome, pada, temporaryFolder } from '../support/harness.js'

const FILE = fileURLToPath(new URL('experiment.yaml', import.meta.url))
const CELLS = ['spos', 'PA', 'spos-epochs-4'].flatMap((name) => [`${name}-seed0`, `${name}-seed1`]).sort()

const folder = mkdtempSync(join(tmpdir(), 'pada-experiment-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
const unbroken = join(folder, 'unbroken')

beforeAll(async () => {
  const outcome = await pada(['experiment', FILE, '--out', unbroken])
  expect(outcome.code, outcome.stderr).toBe(0)
  expect(outcome.stdout).toContain('search 3 of 6 · spos-epochs-4-seed0')
  expect(outcome.stdout).toContain('6 of 6 searches complete')
  expect(outcome.stdout).not.toContain('\u001b')
})

function results(out: string): object {
  const read: ExperimentResults = JSON.parse(readFileSync(join(out, 'results.json'), 'utf8'))
  return read.cells.map(({ measures: { trainingSeconds: _, totalSeconds: __, ...measures }, ...cell }) => ({
    ...cell,
    measures,
  }))
}

function events(outcome: Outcome): ExperimentEvent[] {
  const lines = outcome.stdout.split('\n').slice(0, -1)
  return lines.map((line) => JSON.parse(line))
}

/** A checkpoint after each step, to be interrupted at. */
const CHECKPOINTS = ['--set', 'training.checkpointSeconds=0']

/** Runs an experiment that is sent a signal in the middle of its third cell. */
function interrupted(out: string, signal: NodeJS.Signals): Promise<Outcome> {
  const search = { event: 'checkpoint', epoch: 1 }
  const event = { event: 'search', cell: 'spos-epochs-4-seed0', search }
  return interruptAt(['experiment', FILE, '--out', out, ...CHECKPOINTS], signal, { event })
}

describe('an experiment', () => {
  test('leaves a run folder per cell, tables and figures', () => {
    expect(readdirSync(join(unbroken, 'cells')).sort()).toEqual(CELLS)
    const names = [
      'cells',
      'differences.csv',
      'longer.svg',
      'methods.svg',
      'plan.json',
      'results.csv',
      'results.json',
      'summary.csv',
    ]
    expect(readdirSync(unbroken).sort()).toEqual(names)
    // A row per cell and a row per condition, under a head.
    expect(readFileSync(join(unbroken, 'results.csv'), 'utf8').trimEnd().split('\n')).toHaveLength(1 + 6)
    expect(readFileSync(join(unbroken, 'summary.csv'), 'utf8').trimEnd().split('\n')).toHaveLength(1 + 4)
    expect(readFileSync(join(unbroken, 'methods.svg'), 'utf8')).toMatch(/^<svg .*<\/svg>\n$/s)
  })

  test('interrupted: saves, says how to go on, and goes on to the same numbers', async () => {
    const out = join(folder, 'interrupted')
    const outcome = await interrupted(out, 'SIGINT')
    expect(outcome.code, outcome.stderr).toBe(130)
    const words = ['experiment', FILE, '--out', out, ...CHECKPOINTS]
    expect(outcome.stderr).toContain(`Saved. Continue with: npx pada-native ${words.join(' ')}\n`)
    expect(existsSync(join(out, 'cells', 'spos-epochs-4-seed0', 'summary.json'))).toBe(false)
    const resumed = await pada(['experiment', FILE, '--out', out, '--json'])
    expect(resumed.code, resumed.stderr).toBe(0)
    const all = events(resumed)
    expect(all[0]).toMatchObject({ event: 'experiment', cells: 6, complete: 2 })
    expect(all.find(({ event }) => event === 'cell')).toMatchObject({ cell: 'spos-epochs-4-seed0', resumed: true })
    expect(all.at(-1)).toMatchObject({ event: 'report', cells: 6, complete: 6 })
    expect(results(out)).toEqual(results(unbroken))
  })

  test('killed: goes on to the same numbers, once the lock that it left behind is old', async () => {
    const out = join(folder, 'killed')
    expect((await interrupted(out, 'SIGKILL')).signal).toBe('SIGKILL')
    ageLock(join(out, 'cells', 'spos-epochs-4-seed0'))
    const resumed = await pada(['experiment', FILE, '--out', out])
    expect(resumed.code, resumed.stderr).toBe(0)
    expect(results(out)).toEqual(results(unbroken))
  })

  test('shared by two processes is done once', async () => {
    const out = join(folder, 'shared')
    const both = await Promise.all([1, 2].map(() => pada(['experiment', FILE, '--out', out, '--json'])))
    expect(
      both.map(({ code }) => code),
      both.map(({ stderr }) => stderr).join('\n---\n'),
    ).toEqual([0, 0])
    const done = both.flatMap(events).flatMap((event) => (event.event === 'cellDone' ? [event.cell] : []))
    expect(done.sort()).toEqual(CELLS)
    expect(results(out)).toEqual(results(unbroken))
  })

  test('by two jobs: the same numbers, and every event once', async () => {
    const out = join(folder, 'jobs')
    const args = ['experiment', FILE, '--out', out, '--jobs', '2']
    const outcome = await pada([...args, '--json'])
    expect(outcome.code, outcome.stderr).toBe(0)
    const all = events(outcome)
    expect(all.filter(({ event }) => event === 'experiment' || event === 'report')).toHaveLength(2)
    expect(all[0]).toMatchObject({ event: 'experiment', cells: 6, complete: 0 })
    expect(all.at(-1)).toMatchObject({ event: 'report', cells: 6, complete: 6 })
    expect(all.flatMap((event) => (event.event === 'cellDone' ? [event.cell] : [])).sort()).toEqual(CELLS)
    expect(results(out)).toEqual(results(unbroken))
  })

  test('by two jobs, interrupted: both save, and two go on to the same numbers', async () => {
    const out = join(folder, 'jobs-interrupted')
    const args = ['experiment', FILE, '--out', out, '--jobs', '2']
    const event = { event: 'search', search: { event: 'checkpoint', epoch: 1 } }
    const outcome = await interruptAt([...args, ...CHECKPOINTS], 'SIGTERM', { event })
    expect(outcome.code, outcome.stderr).toBe(130)
    expect(outcome.stderr).toContain(`Saved. Continue with: npx pada-native experiment ${FILE} --out ${out} --jobs 2 `)
    for (const cell of readdirSync(join(out, 'cells')))
      expect(readdirSync(join(out, 'cells', cell))).not.toContain(LOCK)
    expect((await pada(args)).code).toBe(0)
    expect(results(out)).toEqual(results(unbroken))
  })

  test('by two jobs, one search failing: tried once, the others in the report, exit code 1', async () => {
    const file = join(folder, 'failing.yaml')
    const bad = '{ label: bad, method: { name: spos }, training: { learningRate: 1.0e+30, clipNorm: 0 } }'
    const config = fileURLToPath(new URL('tiny.yaml', import.meta.url))
    writeFileSync(
      file,
      `config: ${config}\nseeds: [0]\nstudies: { a: { figure: method, methods: [spos, ${bad}, pada] } }\n`,
    )
    const outcome = await pada(['experiment', file, '--out', join(folder, 'failing'), '--jobs', '2', '--json'])
    expect(outcome.code, outcome.stderr).toBe(1)
    expect(outcome.stderr).toMatch(
      /^pada-native: Expected every search to end well but received 1 that failed: bad-seed0: /m,
    )
    const all = events(outcome)
    expect(all.filter((event) => event.event === 'cell' && event.cell === 'bad-seed0')).toHaveLength(1)
    expect(all.filter(({ event }) => event === 'cellFailed')).toHaveLength(1)
    expect(all.at(-1)).toMatchObject({ event: 'report', cells: 3, complete: 2 })
  })

  test.each([
    [['--report'], /^pada-native: Expected no --jobs for --report but received 2$/m],
    [['--processes', '2'], /^pada-native: Expected --jobs or --processes but received both/m],
  ])('by jobs and %j is refused', async (more, message) => {
    const { code, stderr } = await pada(['experiment', FILE, '--out', unbroken, '--jobs', '2', ...more])
    expect(code).toBe(2)
    expect(stderr).toMatch(message)
  })

  test('by another number of processes is refused, because its numbers would not be comparable', async () => {
    const before = results(unbroken)
    const { code, stdout, stderr } = await pada(['experiment', FILE, '--out', unbroken, '--json', '--processes', '2'])
    expect([code, stdout]).toEqual([2, ''])
    expect(stderr).toMatch(/^pada-native: Expected 1 for --processes, as \S+ was begun with, but received 2: /m)
    expect(results(unbroken)).toEqual(before)
  })

  test('--report draws what is there and searches nothing', async () => {
    const out = join(folder, 'nothing')
    const nothing = await pada(['experiment', FILE, '--out', out, '--report'])
    expect(nothing.code).toBe(2)
    expect(nothing.stderr).toBe(
      `pada-native: Expected the folder of an experiment for --out but received ${out}, which does not exist\n`,
    )
    expect(existsSync(out)).toBe(false)
    const set = ['--set', 'seeds=[0, 5]']
    const partial = await pada(['experiment', FILE, '--out', unbroken, '--report', '--json', ...set])
    expect(events(partial).at(-1)).toMatchObject({ event: 'report', cells: 6, complete: 3 })
    // And back.
    await pada(['experiment', FILE, '--out', unbroken, '--report'])
  })
})

describe('wrong usage: exit code 2 and no trace', () => {
  const good = `seeds: [0]\nconfig: ${fileURLToPath(new URL('tiny.yaml', import.meta.url))}\n`
  test.each([
    ['no file', undefined, [], /Expected a YAML file for experiment but received none/],
    ['no such file', 'nowhere', [], /Expected a readable YAML file for experiment but received no such file/],
    [
      'no seeds',
      'studies: { a: { figure: method, methods: [spos] } }',
      [],
      /Expected a list for seeds but received nothing/,
    ],
    [
      'a method that is not there',
      `${good}studies: { a: { figure: method, methods: [magic] } }`,
      [],
      /Expected .*spos.* for method\.name but received "magic"/,
    ],
    [
      'what shows up only beside the data',
      `${good}studies: { a: { figure: method, methods: [spos] } }`,
      ['--set', 'ranking.imageCount=129'],
      /Expected at most 128 test images for ranking\.imageCount but received 129$/m,
    ],
    [
      'what shows up only beside the data, of some searches',
      `${good.replace('seeds: [0]', 'seeds: [0, 1]')}studies: { a: { figure: method, methods: [spos, { label: Many, method: { name: spos }, ranking: { imageCount: 129 } }] } }`,
      [],
      /Expected at most 128 test images for ranking\.imageCount but received 129 in Many-seed0 and 1 more$/m,
    ],
  ])('%s', async (_name, text, more, sentence) => {
    const cwd = temporaryFolder()
    const file = join(cwd, 'file.yaml')
    if (text !== undefined && text !== 'nowhere') writeFileSync(file, text)
    const before = readdirSync(cwd)
    const outcome = await pada(['experiment', ...(text === undefined ? [] : [file]), ...more], { cwd })
    expect(outcome.stderr).toMatch(sentence)
    expect(outcome.code).toBe(2)
    expect(outcome.stdout).toBe('')
    expect(readdirSync(cwd)).toEqual(before)
  })

  test('settings that are not those of the runs in the folder', async () => {
    const outcome = await pada(['experiment', FILE, '--out', unbroken, '--set', 'training.learningRate=0.01'])
    expect(outcome.code).toBe(2)
    expect(outcome.stderr).toContain('Expected searches that can run but received 6 problems')
    expect(outcome.stderr).toContain('training.learningRate: 0.05, not 0.01')
  })
})
