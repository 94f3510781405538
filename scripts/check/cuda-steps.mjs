/**
 * What cuda.mjs does on a GPU, in this order: each step is a command with a limit of its own, and none needs another's
 * result, except that all need the addon.
 */
import { fileURLToPath } from 'node:url'
import { UserError } from 'pada-native'

/**
 * @typedef {{
 *   name: string
 *   command: string[]
 *   limit: number
 *   env?: NodeJS.ProcessEnv
 *   needs?: string
 *   last?: true
 *   anew?: string
 * }} Step
 *   `limit`: seconds. `needs`: why it is left out; absent: it is run. `last`: it takes what is left of the time, is then
 *   interrupted, and goes on from there the next time. `anew`: a folder that is removed before.
 *
 * @typedef {{
 *   device: string
 *   out: string
 *   quick: boolean
 *   addon?: string
 *   golden?: string
 *   cifar10?: string
 *   table?: string
 *   python?: string
 * }} Options
 */

const root = fileURLToPath(new URL('../..', import.meta.url))
const node = (/** @type {string[]} */ ...args) => [process.execPath, ...args]
const main = (/** @type {string[]} */ ...args) => node(`${root}dist/cli/main.js`, ...args)
const vitest = (/** @type {string[]} */ ...args) => node(`${root}node_modules/vitest/vitest.mjs`, 'run', ...args)

/**
 * @param {Options} options
 * @returns {Step[]}
 */
export function stepsOf(options) {
  const { device, out, addon, golden, cifar10, table, python, quick } = options
  return [
    {
      name: 'prebuilt addon',
      command: node(`${root}scripts/check/prebuilt-addon.mjs`, addon ?? '', ...(device === 'cpu' ? [] : ['--cuda'])),
      limit: 30,
      ...(addon === undefined && { needs: '--addon' }),
    },
    // Does nothing if the prebuilt addon was taken.
    { name: 'build', command: main('setup', ...(device === 'cpu' ? [] : ['--cuda'])), limit: 150 },
    { name: 'doctor', command: main('doctor', '--json'), limit: 20 },
    {
      name: 'golden values',
      command: node(`${root}scripts/check/golden.mjs`, golden ?? '', '--device', device),
      limit: 60,
      ...(golden === undefined && { needs: '--golden' }),
    },
    {
      name: 'search',
      command: main(
        'search',
        '--config',
        'nasbench201-smoke',
        '--json',
        '--set',
        `device=${device}`,
        '--out',
        `${out}/search`,
      ),
      limit: 60,
      anew: `${out}/search`,
    },
    ...waysOfSteps(options),
    ...benchmarks(options),
    ...(python === undefined ? [] : comparisons(options, python)),
    {
      name: 'native tests',
      command: vitest(
        '--project',
        'native',
        '--bail',
        '0',
        '--reporter',
        'json',
        ...(quick ? ['test/native/reference.test.ts'] : []),
      ),
      env: { PADA_TEST_DEVICE: device },
      limit: 120,
    },
    {
      name: 'training',
      command: training(options),
      limit: quick ? 20 : Number.POSITIVE_INFINITY,
      last: true,
      ...((cifar10 === undefined || table === undefined) && { needs: '--cifar10 and --table' }),
    },
  ]
}

/** Pairs of steps that must give the same losses. */
export const EQUAL = /** @type {const} */ ([['ranking, no graphs', 'ranking, graphs']])

/** How a step may be computed: the environment variables of each way. */
const WAYS = {
  'kernels on': {},
  'kernels off': { PADA_CUDA_KERNELS: 'off' },
  'kernels on, searched convolutions': { PADA_CUDNN_SEARCH: '1' },
}
/** The same for networks with depthwise convolutions and max pools, which have kernels of their own. */
const WINDOW_WAYS = {
  'all kernels': {},
  'no kernels of windows': { PADA_CUDA_KERNELS: 'sums,sweeps,loss,images' },
}

/**
 * What binds a step, with the addon's own kernels and without, and with cuDNN's fastest algorithms. Then networks with
 * depthwise convolutions and max pools, by own kernels and by cuDNN's; and evaluations with graphs and without.
 *
 * @param {Options} options
 * @returns {Step[]}
 */
function waysOfSteps({ device, quick }) {
  const precisions = device === 'cpu' ? ['float32', 'bfloat16'] : ['float32', 'tf32', 'bfloat16']
  const work = (/** @type {string[]} */ ...args) =>
    node(`${root}scripts/check/cuda-work.mjs`, '--device', device, ...args)
  const [batch, steps] = quick ? ['16', '2'] : ['256', '40']
  const supernet = precisions.flatMap((precision) =>
    Object.entries(WAYS).map(([way, env]) => ({
      name: `${way}, ${precision}`,
      command: work('--batch', batch, '--precision', precision, '--steps', steps),
      env,
      limit: 20,
    })),
  )
  const sizes = quick ? ['--quick', '--batch', '4', '--steps', '2'] : ['--batch', '96', '--steps', '10']
  const windows = ['darts', 'proxylessnas'].flatMap((network) =>
    Object.entries(WINDOW_WAYS).map(([way, env]) => ({
      name: `${network}, ${way}`,
      command: work('--network', network, ...sizes),
      env,
      limit: 25,
    })),
  )
  const ranking = quick ? ['--quick', '--batch', '8', '--steps', '2'] : ['--batch', '512', '--steps', '12']
  const graphs = ['0', '1'].map((on) => ({
    name: on === '1' ? 'ranking, graphs' : 'ranking, no graphs',
    command: work('--mode', 'rank', ...ranking),
    env: { PADA_CUDA_GRAPHS: on },
    limit: 25,
  }))
  return [...supernet, ...windows, ...graphs]
}

/**
 * Images per second, milliseconds per step and by family of operations.
 *
 * @param {Options} options
 * @returns {Step[]}
 */
function benchmarks({ device, quick }) {
  const precisions = device === 'cpu' ? ['float32', 'bfloat16'] : ['float32', 'tf32', 'bfloat16']
  const batches = quick ? [16] : [256, 1024]
  const more = quick ? ['--steps', '2', '--warmup', '1'] : []
  return ['train', 'eval'].flatMap((mode) =>
    batches.flatMap((batch) =>
      precisions.map((precision) => ({
        name: `${mode}, batch ${batch}, ${precision}`,
        command: main(
          'bench',
          '--json',
          ...['--config', 'nasbench201-cifar10', '--mode', mode, '--batch', `${batch}`, '--precision', precision],
          ...['--set', `device=${device}`, ...more],
        ),
        limit: 40,
      })),
    ),
  )
}

/**
 * The same beside eager PyTorch.
 *
 * @param {Options} options
 * @param {string} python
 * @returns {Step[]}
 */
function comparisons({ device, out, quick }, python) {
  return ['nasbench201', 'darts', 'proxylessnas'].map((network) => ({
    name: `beside PyTorch: ${network}`,
    command: node(
      `${root}scripts/bench/run.mjs`,
      'pytorch',
      ...[
        '--network',
        network,
        '--python',
        python,
        '--device',
        device,
        '--repetitions',
        '3',
        '--out',
        `${out}/pytorch`,
      ],
      ...(quick ? ['--quick'] : []),
    ),
    limit: 75,
  }))
}

/**
 * The paper's training, or what is left of it.
 *
 * @param {Options} options
 */
function training({ device, out, cifar10, table, quick }) {
  const run = `${out}/pada250`
  const precision = device === 'cpu' ? 'float32' : 'bfloat16'
  const settings = [`device=${device}`, `precision=${precision}`, `data.dir=${cifar10}`, `groundTruth.file=${table}`]
  const words = ['--out', run, '--config', 'nasbench201-cifar10', '--set', ...settings]
  if (quick) words.push('training.batchSize=16')
  return main('train', '--json', ...words)
}

/**
 * The first place of a step, by its name, from which to begin.
 *
 * @param {readonly Step[]} steps
 * @param {string | undefined} name
 */
export function placeOf(steps, name) {
  if (name === undefined) return 0
  const place = steps.findIndex((step) => step.name === name)
  if (place >= 0) return place
  throw new UserError(`Expected one of ${steps.map((step) => step.name).join('; ')} for --from but received ${name}`, 2)
}
