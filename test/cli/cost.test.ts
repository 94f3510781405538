import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { stringify } from 'yaml'
import { parseRetrainConfig } from '../../src/config/index.js'
import { pada, temporaryFolder, tiny } from '../support/harness.js'

const ARCH = '|nor_conv_3x3~0|+|nor_conv_3x3~0|nor_conv_3x3~1|+|nor_conv_3x3~0|nor_conv_3x3~1|nor_conv_3x3~2|'

test('cost --json: a line per path, without data or addon', async () => {
  const outcome = await pada(['cost', '3,1,0,2,0,3', ARCH, '--published', '--json'], {
    cwd: temporaryFolder(),
    env: { LIBTORCH: 'nowhere' },
  })
  expect(outcome.code, outcome.stderr).toBe(0)
  expect(outcome.stderr).toBe('')
  const [dead, whole] = outcome.stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))
  expect(dead).toMatchObject({ event: 'cost', path: [3, 1, 0, 2, 0, 3], published: true, space: 'nasbench201' })
  expect(whole).toMatchObject({ arch: ARCH, path: [3, 3, 3, 3, 3, 3] })
  // What PyTorch counts: see test/fixtures/cost.json.
  expect(whole).toMatchObject({ parameters: 1_531_546, multiplyAdds: 220_119_680, flops: 442_520_842 })
})

test('cost: a table of the settings, for the images that they name', async () => {
  const settings = tiny('space.channels=4', 'space.cellsPerStage=1', 'data.padTo=32', 'data.downsample=2')
  const outcome = await pada(['cost', '1,1,1,1,1,1', '0,0,0,0,0,0', ...settings])
  expect(outcome.code, outcome.stderr).toBe(0)
  const lines = outcome.stdout.split('\n')
  expect(lines[0]).toBe('nasbench201, in the supernet, one image of 1×16×16 in 10 classes')
  expect(lines.find((line) => line.includes('0,0,0,0,0,0'))).toMatch(/│ +170 │ +160 │ +1,098 │/)
})

test('cost: images of a format that says nothing without its files are read', async () => {
  const dir = temporaryFolder()
  const settings = ['--set', 'data.format=npz', `data.dir=${join(dir, 'none.npz')}`]
  const outcome = await pada(['cost', '1,1,1,1,1,1', ...settings])
  expect(outcome.stderr).toBe(
    `pada-native: Expected an .npz file or a folder for the data but found none: ${join(dir, 'none.npz')}\n`,
  )
  expect(outcome.code).toBe(1)
})

test('cost --latency: milliseconds per batch beside the counts, on images of noise', async () => {
  // Hundreds of times as long for one path as for the other, which no other process makes up for.
  const settings = tiny('space.channels=16', 'space.cellsPerStage=5')
  const args = ['cost', '3,3,3,3,3,3', '0,0,0,0,0,0', ...settings, '--latency', '--batch', '16']
  const outcome = await pada([...args, '--json'], { cwd: temporaryFolder() })
  expect(outcome.code, outcome.stderr).toBe(0)
  const [large, small] = outcome.stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))
  expect(small.latency).toBeGreaterThan(0)
  expect(large.latency).toBeGreaterThan(small.latency)
  const table = await pada(args, { cwd: temporaryFolder() })
  expect(table.stdout).toMatch(/│ latency\/ms │/)
  expect(table.stdout).toMatch(/│ 0,0,0,0,0,0 │.*│ +\d+\.\d{3} │/)
})

test('cost --latency: measures as finding.latency says, and --batch takes the place of its batch size', async () => {
  const finding = 'finding={algorithm: random, latency: {batchSize: 128, warmup: 1, repetitions: 3}}'
  const args = ['cost', '3,3,3,3,3,3', ...tiny('space.channels=16', 'space.cellsPerStage=1', finding), '--latency']
  const latencyOf = async (...more: string[]) => {
    const outcome = await pada([...args, '--json', ...more], { cwd: temporaryFolder() })
    expect(outcome.code, outcome.stderr).toBe(0)
    return JSON.parse(outcome.stdout).latency as number
  }
  // The one computes 128 times as much as the other, which no other process makes up for.
  expect(await latencyOf()).toBeGreaterThan(2 * (await latencyOf('--batch', '1')))
})

test.each([
  ['no path', [], /^pada-native: Expected at least one path for cost but received none$/m],
  ['a path of another length', ['3,3'], /^pada-native: Expected 6 numbers .* but received 2: 3,3$/m],
  ['an unknown operation', ['3,3,3,3,3,9'], /^pada-native: Expected 0…4 .* but received 9/m],
  [
    'a run that is not there',
    ['runs/nothere'],
    /or the run folder of a retraining, for cost but received runs\/nothere, which does not exist$/m,
  ],
  ['another notation', ['conv~0'], /^pada-native: Expected \|op~0\|.* but received "conv~0"$/m],
  [
    'a word that is no folder',
    ['conv'],
    /a path, or the run folder of a retraining, .* received conv, which is neither$/m,
  ],
  ['a batch of nothing', ['3,3,3,3,3,3', '--batch', '4'], /Expected --latency with --batch but received --batch alone/],
  ['an unknown setting', ['1,1,1,1,1,1', '--set', 'space.width=3'], /^pada-native: Expected only name, channels/m],
  ['images that do not fit', ['1,1,1,1,1,1', '--set', 'data.padTo=33'], /^pada-native: Expected multiples of 4/m],
])('cost refuses %s', async (_name, args, sentence) => {
  const outcome = await pada(['cost', ...args], { cwd: temporaryFolder() })
  expect(outcome.stderr).toMatch(sentence)
  expect(outcome.stderr).not.toMatch(/^\s+at /m)
  expect(outcome.code).toBe(2)
  expect(outcome.stdout).toBe('')
})

test('cost of a retraining takes no settings, except those that its latency is measured with', async () => {
  const run = temporaryFolder()
  const config = parseRetrainConfig({ network: { space: 'nasbench-macro', path: '02012100' } })
  writeFileSync(join(run, 'config.yaml'), stringify(config))
  const wanted = '--set for paths, or of device, precision and threads with --latency,'
  for (const [options, sentence] of [
    [['--config', 'nasbench201-smoke'], `Expected --config for paths only but received it with the run ${run}`],
    [['--set', 'space.channels=3'], `Expected ${wanted} but received "space.channels=3" with the run ${run}`],
    [['--published'], `Expected --published for paths only but received it with the run ${run}`],
    [['--set', 'threads=1'], `Expected ${wanted} but received "threads=1" with the run ${run}`],
  ] as const) {
    const refused = await pada(['cost', run, ...options])
    expect(refused).toMatchObject({ code: 2, stdout: '', stderr: `pada-native: ${sentence}\n` })
  }
})

test('cost of a retraining counts dead edges, as `retrain` and --published do', async () => {
  const run = temporaryFolder()
  const path = [3, 0, 0, 3, 0, 0]
  const network = { space: 'nasbench201', path } as const
  const data = { format: 'cifar10', dir: 'nowhere' } as const
  writeFileSync(join(run, 'config.yaml'), stringify(parseRetrainConfig({ network, data })))
  const parametersOf = async (...args: string[]) => {
    const outcome = await pada(['cost', ...args, '--json'])
    expect(outcome.code, outcome.stderr).toBe(0)
    return JSON.parse(outcome.stdout).parameters
  }
  const published = await parametersOf(path.join(), '--published')
  expect(await parametersOf(run)).toBe(published)
  expect(await parametersOf(path.join())).toBeLessThan(published)
})

test('cost counts the classes of a settings file', async () => {
  const file = join(temporaryFolder(), 'hundred.yaml')
  writeFileSync(file, 'data: { format: cifar100, dir: nowhere }\n')
  const outcome = await pada(['cost', '0,0,0,0,0,0', '--config', file, '--json'])
  expect(outcome.code, outcome.stderr).toBe(0)
  expect(JSON.parse(outcome.stdout)).toMatchObject({ parameters: 6_500, multiplyAdds: 6_400 })
})
