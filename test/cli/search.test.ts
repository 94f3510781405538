import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { stripVTControlCharacters } from 'node:util'
import { expect, test } from 'vitest'
import { comparable, events, pada, resultOf, temporaryFolder, tiny } from '../support/harness.js'

test('search --json: one object per line, the last is the result', async () => {
  const out = join(temporaryFolder(), 'run')
  const outcome = await pada(['search', ...tiny(), '--out', out, '--json'])
  expect(outcome.code, outcome.stderr).toBe(0)

  const kinds = events(outcome).map((event) => event.event)
  expect(kinds[0]).toBe('start')
  expect(kinds.filter((kind) => kind === 'epoch')).toHaveLength(2)
  expect(kinds.at(-1)).toBe('result')
  expect(kinds).not.toContain('step')
  expect(kinds).not.toContain('evaluated')

  const result = resultOf(outcome)
  expect(result).toMatchObject({
    event: 'result',
    space: 'nasbench201',
    method: 'pada',
    dataset: 'fashion-mnist',
    epochs: 2,
    run: out,
  })
  expect(result.seconds).toBeGreaterThan(0)
  expect(Math.abs(result.kendallTau!)).toBeLessThanOrEqual(1)
  expect(Math.abs(result.spearman!)).toBeLessThanOrEqual(1)
  expect(result.regret!).toBeGreaterThanOrEqual(0)
  expect(result.gradientVariance).toHaveLength(2)
  expect(result.gradientVariance.every((value) => value > 0)).toBe(true)
  const distribution = result.pathDistribution as readonly number[]
  expect(distribution).toHaveLength(5)
  expect(distribution.reduce((sum, p) => sum + p, 0)).toBeCloseTo(1, 9)
  expect(result.top).toHaveLength(10)
  for (const { path, arch, accuracy, groundTruth } of result.top) {
    expect(path).toHaveLength(6)
    expect(arch).toMatch(/^\|\w+~0\|\+\|\w+~0\|\w+~1\|\+\|\w+~0\|\w+~1\|\w+~2\|$/)
    expect(accuracy).toBeGreaterThanOrEqual(0)
    expect(accuracy).toBeLessThanOrEqual(1)
    expect(groundTruth).toBeGreaterThan(40)
  }
  const accuracies = result.top.map((subModel) => subModel.accuracy)
  expect(accuracies).toEqual([...accuracies].sort((a, b) => b - a))

  for (const file of ['config.yaml', 'events.jsonl', 'ranking.csv', 'summary.json']) {
    expect(existsSync(join(out, file)), file).toBe(true)
  }
  const summary = JSON.parse(readFileSync(join(out, 'summary.json'), 'utf8'))
  expect(comparable(summary)).toEqual(comparable(result))
  for (const line of readFileSync(join(out, 'events.jsonl'), 'utf8').trimEnd().split('\n')) {
    expect(JSON.parse(line)).toHaveProperty('event')
  }
  // People read standard error meanwhile.
  expect(outcome.stderr).toContain('epoch 2/2')
  expect(outcome.stderr).toContain('Kendall tau')
})

test('search in a pipe: plain lines, then the table', async () => {
  const out = join(temporaryFolder(), 'run')
  const outcome = await pada(['search', ...tiny(), '--out', out])
  expect(outcome.code, outcome.stderr).toBe(0)
  expect(stripVTControlCharacters(outcome.stdout)).toBe(outcome.stdout)
  expect(outcome.stdout).toMatch(/epoch 2\/2 · loss \d\.\d+ · GV \d\.\d\de-\d+ · [\d,]+ images\/s/)
  expect(outcome.stdout).toContain('12/12 sub-models')
  expect(outcome.stdout).toMatch(/│ 10 │ \d(,\d){5} +│ \|\w+~0\|\+/)
  expect(outcome.stdout).toMatch(/Kendall tau +-?\d\.\d{3}/)
  expect(outcome.stdout).toMatch(/Gradient variance +[▁▂▃▄▅▆▇█]{2} .* by epoch/)
  expect(outcome.stdout).toContain(out)
})

test('a run without --out gets a folder of its own under runs/', async () => {
  const cwd = temporaryFolder()
  const settings = tiny('name=mine', 'method={name: spos}', 'training.epochs=1', 'ranking.subModels=2')
  const outcome = await pada(['search', ...settings, '--json'], { cwd })
  expect(outcome.code, outcome.stderr).toBe(0)
  const { run, top } = resultOf(outcome)
  expect(run).toMatch(/runs[/\\]mine-spos-seed1-\d{4}-\d\d-\d\d-\d{6}$/)
  expect(existsSync(join(cwd, run, 'summary.json')) || existsSync(join(run, 'summary.json'))).toBe(true)
  expect(top).toHaveLength(2)
})

test('train, then rank: the same numbers as search', async () => {
  const folder = temporaryFolder()
  const whole = await pada(['search', ...tiny(), '--out', join(folder, 'whole'), '--json'])
  const halves = join(folder, 'halves')
  const trained = await pada(['train', ...tiny(), '--out', halves, '--json'])
  expect(trained.code, trained.stderr).toBe(0)
  expect(existsSync(join(halves, 'ranking.csv'))).toBe(false)
  const ranked = await pada(['rank', halves, '--json'])
  expect(ranked.code, ranked.stderr).toBe(0)
  expect(comparable(resultOf(ranked))).toEqual(comparable(resultOf(whole)))
  expect(readFileSync(join(halves, 'ranking.csv'))).toEqual(readFileSync(join(folder, 'whole', 'ranking.csv')))

  const again = await pada(['rank', '--run', halves, '--set', 'ranking.subModels=3', '--json'])
  expect(again.code, again.stderr).toBe(0)
  expect(resultOf(again).top).toHaveLength(3)
})

test('the default search is the embedded one', async () => {
  const out = join(temporaryFolder(), 'run')
  const shorter = ['training.epochs=1', 'data.trainCount=256', 'ranking.subModels=4', 'ranking.imageCount=64']
  const outcome = await pada(['search', '--set', ...shorter, '--out', out, '--json'])
  expect(outcome.code, outcome.stderr).toBe(0)
  expect(resultOf(outcome)).toMatchObject({ space: 'nasbench201', method: 'pada', dataset: 'fashion-mnist', epochs: 1 })
})

test("the embedded ground truth is refused for another space, without that space's notation", async () => {
  const set = ['--set', 'groundTruth.file=embedded', '--out', join(temporaryFolder(), 'run')]
  const outcome = await pada(['search', '--config', 'darts-smoke', ...set])
  expect(outcome.code).toBe(2)
  expect(outcome.stderr.trim()).toMatch(
    /^pada-native: Expected a table of darts for groundTruth\.file but received embedded, which is of nasbench201; groundTruth=null leaves it out$/m,
  )
})

test('help and version', async () => {
  const help = await pada(['--help'])
  expect(help.code).toBe(0)
  for (const command of ['search', 'train', 'rank', 'find', 'setup', 'doctor']) expect(help.stdout).toContain(command)
  const version = await pada(['--version'])
  expect(version.stdout.trim()).toMatch(/^\d+\.\d+\.\d+$/)
  expect((await pada(['-v'])).stdout).toBe(version.stdout)
})
