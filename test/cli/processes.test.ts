/** Runs by several processes: how they are started, and that they compute what one process computes. */
import { spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, test } from 'vitest'
import { readSafetensors } from '../../src/formats/safetensors.js'
import { events, MAIN, pada, resultOf, tiny } from '../support/harness.js'
import {
  difference,
  each,
  freePort,
  SYNCHRONISED,
  streamsOf,
  torchrunEnvs,
  train,
  weightsOf,
} from '../support/processes.js'
import { until } from '../support/until.js'

const folder = mkdtempSync(join(tmpdir(), 'pada-processes-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe('several processes compute what one computes', () => {
  // Two steps. Sums in another order round differently, by 1e-7 of the largest weight or a little more; every further
  // step amplifies that. A share of a gradient that is lost or counted twice changes the weights by more than 1e-3.
  const TWO_STEPS = ['data.trainCount=64', 'training.epochs=1']
  const TOLERANCE = 2e-5

  test.each(['pada', 'spos', 'fairnas', 'sumnas', 'magic-a', 'close'])('%s', async (method) => {
    const settings = [...TWO_STEPS, `method={name: ${method}}`]
    const alone = await train(folder, `${method}-1`, settings)
    const together = await train(folder, `${method}-3`, [...settings, SYNCHRONISED], '--processes', '3')
    expect(streamsOf(together)).toEqual(streamsOf(alone))
    expect(difference(await weightsOf(alone), await weightsOf(together))).toBeLessThan(TOLERANCE)
  })

  test.each([
    ['RMSprop', ['training.optimizer={kind: rmsprop-tf}']],
    // With its usual epsilon, a gradient of rounding errors moves a weight as far as any other does.
    ['AdamW', ['training.optimizer={kind: adamw, epsilon: 0.01}']],
    ['Nesterov and averages', ['training.optimizer={kind: sgd, nesterov: true}', 'training.averaging={decay: 0.9}']],
    ['noise', ['training.gradientNoise=0.01']],
    ['mixup', ['training.augmentation=[{kind: flip}, {kind: cutout, size: 8}, {kind: mixup, alpha: 0.4}]']],
    ['label smoothing', ['training.labelSmoothing=0.1']],
  ])('%s', async (name, changes) => {
    const settings = [...TWO_STEPS, 'training.learningRate=0.01', ...changes]
    const alone = await train(folder, `${name}-1`, settings)
    const together = await train(folder, `${name}-2`, [...settings, SYNCHRONISED], '--processes', '2')
    expect(streamsOf(together)).toEqual(streamsOf(alone))
    expect(difference(await weightsOf(alone), await weightsOf(together))).toBeLessThan(TOLERANCE)
  })

  test('eight processes, more than there are processors', async () => {
    const alone = await train(folder, 'eight-1', TWO_STEPS)
    const together = await train(folder, 'eight-8', [...TWO_STEPS, SYNCHRONISED], '--processes', '8')
    expect(streamsOf(together)).toEqual(streamsOf(alone))
    expect(difference(await weightsOf(alone), await weightsOf(together))).toBeLessThan(TOLERANCE)
  })

  test('parts of a batch are those of one process, if each process has a whole number of them', async () => {
    const settings = [...TWO_STEPS, 'training.microBatchSize=8']
    const alone = await train(folder, 'parts-1', settings)
    const together = await train(folder, 'parts-2', settings, '--processes', '2')
    expect(difference(await weightsOf(alone), await weightsOf(together))).toBeLessThan(TOLERANCE)
  })

  test('local norms train too, and all processes have the same weights after 200 steps', async () => {
    // Each process compares its weights with the first's when training ends; see unit/search/diverged.test.ts.
    const run = await train(folder, 'local', ['training.epochs=25'], '--processes', '4')
    const last = JSON.parse(readFileSync(join(run, 'events.jsonl'), 'utf8').trimEnd().split('\n').at(-1)!)
    expect(last.event).toBe('result')
  })

  test('running statistics of local norms are the means over the processes', async () => {
    // One step. The first norm reads what the initial weights make of the images, in whatever process.
    const sizes = ['space={width: 0.1, layers: [1, 1, 1, 1, 1, 1]}', 'data={trainCount: 32, testCount: 32}']
    const train = async (name: string, ...more: string[]) => {
      const run = join(folder, name)
      const settings = [...sizes, 'training.epochs=1', ...more]
      const processes = more.length > 0 ? ['--processes', '2'] : []
      const config = ['--config', 'proxylessnas-smoke', '--set', ...settings]
      const { code, stderr } = await pada(['train', ...config, '--out', run, ...processes])
      expect(code, stderr).toBe(0)
      const { tensors } = await readSafetensors(join(run, 'checkpoint', 'weights.safetensors'))
      return (buffer: string) => tensors.get(`bn1.${buffer}`)!.data as Float32Array
    }
    const alone = await train('running-1')
    const local = await train('running-2', 'distributed.batchNorm=local')
    const synchronised = await train('running-3', SYNCHRONISED)
    const distance = (a: Float32Array, b: Float32Array) => Math.max(...a.map((value, i) => Math.abs(value - b[i])))
    expect(distance(alone('running_mean'), new Float32Array(8))).toBeGreaterThan(1e-3)
    // The means of two equal shares have the mean of the batch; their variances lack what differs between the two.
    for (const run of [local, synchronised]) {
      expect(distance(run('running_mean'), alone('running_mean'))).toBeLessThan(1e-8)
    }
    expect(distance(synchronised('running_var'), alone('running_var'))).toBeLessThan(1e-6)
    const ofShares = distance(local('running_var'), alone('running_var'))
    expect(ofShares).toBeGreaterThan(1e-5)
    expect(ofShares).toBeLessThan(1e-2)
  })

  test('ranking and finding give the same bits', async () => {
    const run = join(folder, 'ranked')
    const settings = tiny('finding={algorithm: evolution, population: 8, generations: 3, mutations: 3, crossovers: 3}')
    const alone = await pada(['search', ...settings, '--out', run, '--json'])
    const before = { ranking: readFileSync(join(run, 'ranking.csv')), found: readFileSync(join(run, 'found.csv')) }
    expect(alone.code, alone.stderr).toBe(0)
    rmSync(join(run, 'evaluated.jsonl'))
    for (const phase of ['rank', 'find']) {
      const outcome = await pada([phase, run, '--processes', '3', '--json'])
      expect(outcome.code, outcome.stderr).toBe(0)
      // The events are of the whole, in the same order.
      expect(events(outcome).filter(({ event }) => event === 'evaluated' || event === 'candidate')).toEqual(
        events(alone).filter(({ event }) => event === (phase === 'rank' ? 'evaluated' : 'candidate')),
      )
    }
    expect(readFileSync(join(run, 'ranking.csv'))).toEqual(before.ranking)
    expect(readFileSync(join(run, 'found.csv'))).toEqual(before.found)
  })

  test('retraining evaluates the same images', async () => {
    const settings = ['network.space=nasbench201', "network.path='0,1,2,3,4,1'", 'network.channels=4']
    const data = ['data={format: embedded, trainCount: 128, testCount: 100, padTo: 32, downsample: 2}']
    const options = [...settings, ...data, 'training={epochs: 2, batchSize: 32}', 'evaluation.batchSize=32']
    const at = (name: string, more: string[]) =>
      pada([
        'retrain',
        '--config',
        'retrain-smoke',
        '--set',
        ...options,
        SYNCHRONISED,
        '--out',
        join(folder, name),
        '--json',
        ...more,
      ])
    const [alone, together] = [await at('retrain-1', []), await at('retrain-2', ['--processes', '2'])]
    expect(together.code, together.stderr).toBe(0)
    const [one, two] = [resultOf(alone), resultOf(together)] as unknown as { top1: number; testLoss: number }[]
    expect(two.testLoss).toBeCloseTo(one.testLoss, 3)
    expect(two.top1).toBeCloseTo(one.top1, 1)
  })
})

describe('an experiment by several processes', () => {
  // The second search has a learning rate that no loss survives.
  const FILE = join(folder, 'experiment.yaml')
  const written = `
config: ${fileURLToPath(new URL('tiny.yaml', import.meta.url))}
seeds: [0]
studies:
  rates:
    figure: method
    methods:
      - { label: first, method: { name: spos } }
      - { label: second, method: { name: spos }, training: { learningRate: 1.0e30 } }
      - { label: third, method: { name: pada } }
`
  const outcomes = (text: string) =>
    text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line))
      .filter(({ event }) => event === 'cellDone' || event === 'cellFailed')
      .map(({ event, cell, message }) => [event, cell, ...(message ? [message] : [])])

  test.each(['--processes', 'torchrun'])('goes on after a search that failed in all of them: %s', async (way) => {
    writeFileSync(FILE, written)
    const out = join(folder, `experiment-${way}`)
    const args = ['experiment', FILE, '--out', out, '--json']
    const [first, ...others] =
      way === 'torchrun' ? await each(args, await torchrunEnvs(2)) : [await pada([...args, '--processes', '2'])]
    const failed = 'second-seed0'
    const all = [first, ...others].map(({ stderr }) => stderr).join('')
    expect(outcomes(first.stdout), all).toEqual([
      ['cellDone', 'first-seed0'],
      ['cellFailed', failed, expect.stringContaining('Expected a finite loss')],
      ['cellDone', 'third-seed0'],
    ])
    for (const { code, stderr } of [first, ...others]) {
      expect(code, stderr).toBe(1)
      expect(stderr).toContain(`Expected every search to end well but received 1 that failed: ${failed}`)
    }
    for (const { stdout } of others) expect(stdout).toBe('')
    const table = readFileSync(join(out, 'results.csv'), 'utf8')
    // A row for each complete search, under a head.
    expect(table.trimEnd().split('\n')).toHaveLength(1 + 2)
  })

  test.skipIf(process.platform !== 'linux')('ends if a process ends', async () => {
    writeFileSync(FILE, written.replace('1.0e30', '0.01'))
    const out = join(folder, 'experiment-killed')
    const settings = ['--set', 'training.epochs=2000', 'distributed.silenceSeconds=3']
    const args = [MAIN, 'experiment', FILE, '--out', out, '--processes', '2', ...settings]
    const first = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'pipe'] })
    let stderr = ''
    first.stderr.on('data', (text) => {
      stderr += text
    })
    const end = new Promise<number | null>((done) => first.on('close', done))
    await until(() => existsSync(join(out, 'cells', 'first-seed0', 'progress.json')))
    process.kill(Number(readFileSync(`/proc/${first.pid}/task/${first.pid}/children`, 'utf8').trim()), 'SIGKILL')
    expect(await end).toBe(1)
    expect(stderr).toContain('rank 1 has ended without a word')
  })
})

describe('processes find each other', () => {
  test('by the variables of torchrun', async () => {
    const run = join(folder, 'torchrun')
    const [first, second] = await each(['search', ...tiny(), '--out', run, '--json'], await torchrunEnvs(2))
    expect([first.code, second.code], first.stderr + second.stderr).toEqual([0, 0])
    expect(resultOf(first).run).toBe(run)
    // The others say nothing.
    expect([second.stdout, second.stderr]).toEqual(['', ''])
  })

  test('by torchrun itself, where PyTorch is', async (context) => {
    const python = process.env.PADA_PYTHON ?? 'python3'
    if (spawnSync(python, ['-c', 'import torch.distributed.run']).status !== 0) return context.skip()
    const run = join(folder, 'torchrun-itself')
    const words = ['-m', 'torch.distributed.run', '--nproc-per-node=2', `--master-port=${await freePort()}`]
    const command = ['--no-python', process.execPath, MAIN, 'train', ...tiny(), '--out', run]
    const { status, stderr } = spawnSync(python, [...words, ...command], { encoding: 'utf8' })
    expect(status, stderr).toBe(0)
    expect(existsSync(join(run, 'summary.json'))).toBe(true)
  })

  test('by the variables of SLURM', async () => {
    const run = join(folder, 'slurm')
    const port = `${await freePort()}`
    const envs = [0, 1].map((rank) => ({
      SLURM_PROCID: `${rank}`,
      SLURM_NTASKS: '2',
      SLURM_LOCALID: `${rank}`,
      SLURM_NODEID: '0',
      SLURM_STEP_NODELIST: 'localhost',
      SLURM_STEP_TASKS_PER_NODE: '2',
      SLURM_JOB_ID: '12345',
      SLURM_STEP_ID: '0',
      MASTER_PORT: port,
    }))
    const [first, second] = await each(['train', ...tiny(), '--out', run, '--json'], envs)
    expect([first.code, second.code], first.stderr + second.stderr).toEqual([0, 0])
  })

  test('one that does not start, starts twice or has other settings is named', async () => {
    const envs = await torchrunEnvs(2)
    const args = (seconds: number) => ['train', ...tiny(`distributed.startSeconds=${seconds}`), '--out']
    const missing = await pada([...args(2), join(folder, 'missing')], { env: envs[0] })
    expect(missing.code).toBe(1)
    expect(missing.stderr).toBe('pada-native: Expected 2 processes within 2 s but rank 1 did not start\n')

    const three = await torchrunEnvs(3)
    const twice = await each([...args(20), join(folder, 'twice')], [three[0], three[1], three[1]])
    expect(twice.map(({ code }) => code)).toEqual([1, 1, 1])
    expect(twice[1].stderr + twice[2].stderr).toContain('Expected one process of rank 1 but another has started before')

    const others = await torchrunEnvs(2)
    const commands = [tiny('training.batchSize=64'), tiny('training.batchSize=32')]
    const differing = await Promise.all(
      commands.map((settings, i) => pada(['train', ...settings, '--out', join(folder, 'other')], { env: others[i] })),
    )
    for (const { code, stderr } of differing) {
      expect(code).toBe(1)
      expect(stderr).toBe(
        'pada-native: Expected the same settings in all processes but rank 1 has another: training.batchSize: 64, not 32\n',
      )
    }
    expect(existsSync(join(folder, 'other'))).toBe(false)
  })

  test('one whose retraining begins with other weights is named before the first step', async () => {
    const args = ['retrain', '--config', 'retrain-smoke', '--path', '3,3,3,1,3,3', '--set', 'data.trainCount=64']
    const first = join(folder, 'weights')
    expect((await pada([...args, 'training.epochs=1', '--out', first])).code).toBe(0)
    const envs = await torchrunEnvs(2)
    const begin = [...args, '--out', join(folder, 'begun')]
    const [one, other] = await Promise.all([
      pada([...begin, '--init', first], { env: envs[0] }),
      pada(begin, { env: envs[1] }),
    ])
    expect([one.code, other.code]).toEqual([1, 1])
    expect(other.stderr).toBe(one.stderr)
    expect(one.stderr).toMatch(
      /^pada-native: Expected the same initial weights in all processes but rank 1 has another: none, rank 0 has \w+\n$/,
    )
    expect(existsSync(join(folder, 'begun'))).toBe(false)
  })

  test.each([
    [{ RANK: '2', WORLD_SIZE: '2', MASTER_ADDR: 'localhost' }, 'a rank below the number of processes, 2,'],
    [{ RANK: '0', WORLD_SIZE: '2' }, 'MASTER_ADDR'],
    [{ RANK: 'x', WORLD_SIZE: '2', MASTER_ADDR: 'localhost' }, 'a whole number of at least 0'],
    [{ RANK: '0', WORLD_SIZE: '2', MASTER_ADDR: 'localhost', MASTER_PORT: '70000' }, 'a port of at most 65535'],
  ])('%j is refused', async (env, message) => {
    const { code, stderr } = await pada(['train', ...tiny(), '--out', join(folder, 'refused')], { env })
    expect(code).toBe(2)
    expect(stderr).toContain(message)
  })

  test('more processes than a machine can use are refused before any starts', async () => {
    const { code, stderr } = await pada(['train', ...tiny(), '--processes', '1000', '--out', join(folder, 'many')])
    expect(code).toBe(2)
    expect(stderr).toMatch(/Expected at most \d+ on this machine of \d+ cores? for processes but received 1000/)
  })

  test('more processes than images in a batch are refused', async () => {
    const { code, stderr } = await pada([
      'train',
      ...tiny('training.batchSize=255'),
      '--processes',
      '2',
      '--out',
      join(folder, 'few'),
    ])
    expect(code).toBe(2)
    expect(stderr).toContain('batches of at least 2 images, 1 for each process,')
  })
})
