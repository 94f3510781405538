import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { ResultEvent } from '../../src/search/events.js'
import { ageLock, comparable, events, interruptAt, pada, resultOf, temporaryFolder, tiny } from '../support/harness.js'

const FINDING = [
  'finding={algorithm: evolution, population: 10, generations: 3, parents: 3, mutations: 4, crossovers: 4}',
  'finding.limits={parameters: {min: 1000, max: 9000}, flops: 4e+5}',
]

const summaryOf = (run: string): ResultEvent => JSON.parse(readFileSync(join(run, 'summary.json'), 'utf8'))

test('search with finding: the best sub-models within limits, in the result and in a table', async () => {
  const out = join(temporaryFolder(), 'run')
  const outcome = await pada(['search', ...tiny(...FINDING), '--out', out, '--json'])
  expect(outcome.code, outcome.stderr).toBe(0)
  expect(events(outcome).map((event) => event.event)).not.toContain('candidate')
  expect(outcome.stderr).toContain('30/30 sub-models · best ')
  const { found } = resultOf(outcome)
  expect(found).toMatchObject({ algorithm: 'evolution', evaluations: 30, objectives: ['accuracy'] })
  expect(found!.best).toHaveLength(10)
  for (const { costs } of found!.best) {
    expect(costs.parameters).toBeGreaterThanOrEqual(1000)
    expect(costs.parameters).toBeLessThanOrEqual(9000)
    expect(costs.flops).toBeLessThanOrEqual(4e5)
  }
  expect(readFileSync(join(out, 'found.csv'), 'utf8').trimEnd().split('\n')).toHaveLength(31)
  expect(summaryOf(out).found).toEqual(found)
})

test('train, then find: the same sub-models as search, then others, and the ranking stays', async () => {
  const folder = temporaryFolder()
  const whole = await pada(['search', ...tiny(...FINDING), '--out', join(folder, 'whole'), '--json'])
  expect(whole.code, whole.stderr).toBe(0)
  const run = join(folder, 'run')
  const trained = await pada(['train', ...tiny(), '--out', run, '--json'])
  expect(trained.code, trained.stderr).toBe(0)
  const ranked = await pada(['rank', run, '--json'])
  expect(ranked.code, ranked.stderr).toBe(0)
  const found = await pada(['find', run, '--set', ...FINDING, '--json'])
  expect(found.code, found.stderr).toBe(0)
  expect(resultOf(found).found).toEqual(resultOf(whole).found)
  expect(comparable(summaryOf(run))).toEqual(comparable(resultOf(whole)))

  // Another algorithm takes over the limits and leaves the settings of the old one behind.
  const other = await pada(['find', run, '--set', 'finding.algorithm=localSearch', 'finding.evaluations=20'])
  expect(other.code, other.stderr).toBe(0)
  expect(other.stdout).toMatch(/Found +best of 20 sub-models with .* on [\d,]+ images, by localSearch, for accuracy/)
  expect(other.stdout).toMatch(/│ +│ found +│ supernet │ +truth │ parameters │ multiply-adds │ +FLOPs │/)
  for (const { costs } of summaryOf(run).found!.best) expect(costs.parameters).toBeLessThanOrEqual(9000)

  const front = await pada(['find', run, '--set', 'finding.objectives=[accuracy, latency]', '--json'])
  expect(front.code, front.stderr).toBe(0)
  const { best } = resultOf(front).found!
  for (let i = 1; i < best.length; i++) expect(best[i].costs.latency).toBeLessThan(best[i - 1].costs.latency)
  expect(existsSync(join(run, 'latency.jsonl'))).toBe(true)
})

test('held out images judge what is found', async () => {
  const out = join(temporaryFolder(), 'run')
  const outcome = await pada(['search', ...tiny(...FINDING, 'data.validationCount=64'), '--out', out, '--json'])
  expect(outcome.code, outcome.stderr).toBe(0)
  const [header, first] = readFileSync(join(out, 'evaluated-finding.jsonl'), 'utf8').split('\n')
  const { images } = resultOf(outcome).computedFrom
  expect(JSON.parse(header)).toMatchObject({ images: images.validation, imageCount: 64 })
  expect(images.validation).not.toBe(images.test)
  expect(JSON.parse(first).count).toBe(64)
})

test('killed in the middle of finding, a search continues to the same numbers', async () => {
  const folder = temporaryFolder()
  const settings = tiny('training.epochs=1', 'ranking.subModels=2', 'finding={algorithm: random, evaluations: 400}')
  const whole = await pada(['search', ...settings, '--out', join(folder, 'whole'), '--json'])
  expect(whole.code, whole.stderr).toBe(0)
  const run = join(folder, 'run')
  // A line above the evaluations, two of the ranking, then those of finding.
  const middle = { call: 'appendFile', file: 'evaluated.jsonl', times: 43 } as const
  expect((await interruptAt(['search', ...settings, '--out', run], 'SIGKILL', middle)).signal).toBe('SIGKILL')
  expect(readFileSync(join(run, 'evaluated.jsonl'), 'utf8').trimEnd().split('\n')).toHaveLength(42)
  expect(existsSync(join(run, 'found.csv'))).toBe(false)
  ageLock(run)
  const resumed = await pada(['search', '--resume', run, '--json'])
  expect(resumed.code, resumed.stderr).toBe(0)
  expect(comparable(resultOf(resumed))).toEqual(comparable(resultOf(whole)))
  expect(readFileSync(join(run, 'found.csv'))).toEqual(readFileSync(join(folder, 'whole', 'found.csv')))
})

test('SIGTERM while finding: saves, exits 130, and says how to go on', async () => {
  const run = join(temporaryFolder(), 'run')
  const trained = await pada(['train', ...tiny('training.epochs=1'), '--out', run, '--json'])
  expect(trained.code, trained.stderr).toBe(0)
  const args = ['find', run, '--set', 'finding={algorithm: random, evaluations: 400}']
  const middle = { call: 'appendFile', file: 'evaluated.jsonl', times: 40 } as const
  const outcome = await interruptAt(args, 'SIGTERM', middle)
  expect(outcome.code, outcome.stderr).toBe(130)
  expect(outcome.stderr).toContain(`pada-native find ${run}`)
})

test.each([
  [
    'limits that no path meets',
    ['finding={algorithm: random, limits: {parameters: 10}}'],
    /^pada-native: Expected limits that some path of nasbench201 meets but received parameters ≤ 10: its paths have [\d,]+…[\d,]+$/m,
  ],
  [
    'a latency that no path has',
    ['finding={algorithm: random, limits: {latency: 1e-6}}'],
    /^pada-native: Expected limits .* but received latency ≤ 0\.000001 ms: paths found have [\d.]+…[\d.]+$/m,
  ],
  [
    "another algorithm's setting",
    ['finding={algorithm: localSearch, population: 5}'],
    /^pada-native: Expected only algorithm, evaluations, .* for finding but received "population"/m,
  ],
  [
    'an unknown algorithm',
    ['finding.algorithm=magic'],
    /^pada-native: Expected random, evolution, .* for finding\.algorithm but received "magic"/m,
  ],
  [
    'a path trained alone',
    ["method={name: standalone, path: '3,3,3,3,3,3'}", 'finding.algorithm=random'],
    /^pada-native: Expected another method, .* for method\.name but received "standalone"/m,
  ],
])('search refuses %s, with exit code 2 and no trace', async (_name, settings, sentence) => {
  const cwd = temporaryFolder()
  const outcome = await pada(['search', ...tiny(...settings)], { cwd })
  expect(outcome.stderr).toMatch(sentence)
  expect(outcome.stderr).not.toMatch(/^\s+at /m)
  expect(outcome.code).toBe(2)
  expect(readdirSync(cwd)).toEqual([])
})

test.each([
  ['no run', ['find'], /^pada-native: Expected a run folder for find but received none$/m],
  [
    'what is no run',
    ['find', 'nowhere'],
    /^pada-native: Expected a run folder .* but received nowhere, which does not exist$/m,
  ],
])('find refuses %s', async (_name, args, sentence) => {
  const outcome = await pada(args, { cwd: temporaryFolder() })
  expect(outcome.stderr).toMatch(sentence)
  expect(outcome.code).toBe(2)
})

test('find refuses settings of the ranking alone, and another place of images that come with the package', async () => {
  const run = join(temporaryFolder(), 'run')
  const trained = await pada(['train', ...tiny('training.epochs=1'), '--out', run])
  expect(trained.code, trained.stderr).toBe(0)
  const refused = await pada(['find', run, '--set', 'ranking.by=loss'])
  expect(refused).toMatchObject({ code: 2, stdout: '' })
  expect(refused.stderr).toBe(
    'pada-native: Expected a setting that find uses for --set but received "ranking.by=loss"; rank RUN takes it\n',
  )
  const group = await pada(['find', run, '--set', 'ranking={by: loss}'])
  expect([group.code, group.stderr]).toEqual([2, expect.stringContaining('received "ranking={by: loss}"; rank RUN')])
  // Beside a ranking, finding cannot change how the ranking evaluated.
  writeFileSync(join(run, 'ranking.csv'), '')
  const beside = await pada(['find', run, '--set', 'ranking.batchSize=5'])
  expect(beside).toMatchObject({ code: 2, stdout: '' })
  expect(beside.stderr).toContain('received "ranking.batchSize=5"; rank RUN takes it')
  const moved = await pada(['rank', '--set', 'data.dir=x', '--', run])
  expect(moved).toMatchObject({ code: 2, stdout: '' })
  expect(moved.stderr).toContain('no place of images, because those of this run come with the package, for --set')
})

test('find refuses settings of the training', async () => {
  const run = join(temporaryFolder(), 'run')
  const trained = await pada(['train', ...tiny('training.epochs=1'), '--out', run, '--json'])
  expect(trained.code, trained.stderr).toBe(0)
  const outcome = await pada(['find', run, '--set', 'training.epochs=2'])
  expect(outcome.stderr).toMatch(
    /^pada-native: Expected a setting of finding or ranking or groundTruth, or data\.dir for --set but received "training\.epochs=2"$/m,
  )
  expect(outcome.code).toBe(2)
})
