import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { BenchmarkResult, PathMeasurement } from '../../src/benchmark/bench.js'
import { FAMILIES } from '../../src/native/index.js'
import { pada, temporaryFolder, tiny } from '../support/harness.js'

const QUICK = ['--batch', '16', '--steps', '3', '--warmup', '1']

function pathsFile(...lines: string[]): string {
  const file = join(temporaryFolder(), 'paths.txt')
  writeFileSync(file, `${lines.join('\n')}\n`)
  return file
}

test.each([
  ['train', 'float32'],
  ['eval', 'bfloat16'],
])('bench --json, %s in %s: a line per path, the last is the whole', async (mode, precision) => {
  const paths = pathsFile('3,3,3,3,3,3', '', '|skip_connect~0|+|none~0|none~1|+|avg_pool_3x3~0|none~1|nor_conv_1x1~2|')
  const choice = ['--mode', mode, '--precision', precision, '--threads', '2']
  const outcome = await pada(['bench', ...tiny(), ...QUICK, ...choice, '--paths', paths, '--json'])
  expect(outcome.code, outcome.stderr).toBe(0)
  const events = outcome.stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))
  const measured: PathMeasurement[] = events.slice(0, -1)
  expect(measured.map(({ event, path }) => [event, path.join()])).toEqual([
    ['path', '3,3,3,3,3,3'],
    ['path', '1,0,0,4,0,2'],
  ])
  const result: BenchmarkResult = events.at(-1)
  const facts = { event: 'bench', mode, precision, threads: 2, batchSize: 16, paths: 2, device: 'cpu' }
  expect(result).toMatchObject({ ...facts, space: 'nasbench201', dataset: 'fashion-mnist', generated: false })
  for (const { stepSeconds, imagesPerSecond, convSeconds, peakBytes, breakdown, javascriptShare } of events) {
    expect(stepSeconds).toBeGreaterThan(0)
    expect(imagesPerSecond).toBeCloseTo(16 / stepSeconds, 6)
    expect(convSeconds).toBeGreaterThan(0)
    expect(peakBytes).toBeGreaterThan(2 ** 20)
    expect(javascriptShare).toBeGreaterThanOrEqual(0)
    expect(javascriptShare).toBeLessThan(1)
    expect(Object.keys(breakdown)).toEqual([...FAMILIES])
  }
  expect(result.stepSeconds).toBeCloseTo((measured[0].stepSeconds + measured[1].stepSeconds) / 2, 9)
  expect(result.bookkeepingShare > 0).toBe(mode === 'train')
})

test('bench on generated images where the data set is absent: a table, and what it came from', async () => {
  const paths = pathsFile('1,0,0,1,0,0')
  const small = ['--set', 'space.channels=2', 'space.cellsPerStage=1']
  const outcome = await pada(['bench', ...QUICK, ...small, '--paths', paths], { cwd: temporaryFolder() })
  expect(outcome.code, outcome.stderr).toBe(0)
  expect(outcome.stderr).toMatch(/No data set at .*cifar-10-batches-bin: measuring on generated images/)
  expect(outcome.stdout).toContain('training steps of 16 on generated images, float32')
  expect(outcome.stdout).toMatch(/│ 1,0,0,1,0,0 │/)
  expect(outcome.stdout).toMatch(/│ mean +│/)
  expect(outcome.stdout).toMatch(/^Peak memory +[\d,]+ MiB$/m)
})

test.each([
  ['no images', ['--batch', '0'], /Expected a whole number of at least 1 for --batch but received 0/],
  ['half a step', ['--steps', '1.5'], /Expected a whole number of at least 1 for --steps but received 1\.5/],
  ['a count in words', ['--warmup', 'few'], /Expected a whole number of at least 0 for --warmup but received few$/m],
  ['no threads', ['--threads', '0'], /Expected a whole number of at least 1 for --threads but received 0/],
  ['a count given twice', ['--batch', '1', '--batch', '2'], /Expected one value for --batch but received 2/],
  [
    'an unknown precision',
    ['--precision', 'float16'],
    /Expected float32, tf32, bfloat16 for --precision but received float16$/m,
  ],
  ['an unknown mode', ['--mode', 'infer'], /Expected train, eval for --mode but received infer$/m],
  ['a missing list of paths', ['--paths', 'nowhere.txt'], /Expected a readable file of paths for nowhere\.txt/],
])('bench refuses %s', async (_name, args, sentence) => {
  const outcome = await pada(['bench', ...tiny(), ...args], { cwd: temporaryFolder() })
  expect(outcome.stderr).toMatch(sentence)
  expect(outcome.stderr).not.toMatch(/^\s+at /m)
  expect(outcome.code).toBe(2)
  expect(outcome.stdout).toBe('')
})

test('bench names the line of a path that is none', async () => {
  const outcome = await pada(['bench', ...tiny(), '--paths', pathsFile('3,3,3,3,3,3', '3,3')])
  expect(outcome.stderr).toMatch(/^pada-native: \S*paths\.txt, line 2: Expected 6 numbers .* but received 2: 3,3$/m)
  expect(outcome.code).toBe(2)
})
