/**
 * The addon against eager PyTorch: the same training step and evaluation, of the same supernet, weights, images and
 * paths, on the same number of threads, taking turns in one session.
 *
 * Every variant has a process of its own, one for training and one for evaluation, so that each has its own peak of
 * memory. In each round every variant takes one step of every path, path by path, so that whatever else slows the
 * machine slows all of them. Numbers are medians over rounds.
 */
import { availableParallelism } from 'node:os'
import { nasBench201, nativeInfo, UserError } from 'pada-native'
import { drawPaths, readPaths, withInputs } from './inputs.mjs'
import { describeMachine, warnIfBusy } from './machine.mjs'
import { count, readOptions, sharedOptions } from './options.mjs'
import { pythonWithTorch } from './python.mjs'
import { MODES, publish } from './pytorch-page.mjs'
import { startAddon, startPytorch } from './worker.mjs'

/** @typedef {import('./pytorch-page.mjs').Mode} Mode */
/** @typedef {import('./pytorch-page.mjs').Errors} Errors */
/** @typedef {import('./pytorch-page.mjs').Check} Check */
/** @typedef {import('./pytorch-page.mjs').Measurements} Measurements */

/**
 * One side of the comparison; without a layout it is the addon.
 *
 * @typedef {{
 *   id: import('./pytorch-page.mjs').VariantId
 *   name: string
 *   precision: import('pada-native').Precision
 *   layout?: string
 * }} Variant
 */

/** @type {Variant[]} */
const VARIANTS = [
  { id: 'released', name: 'PyTorch, as released', layout: 'contiguous', precision: 'float32' },
  { id: 'channelsLast', name: 'PyTorch, channels-last', layout: 'channels-last', precision: 'float32' },
  {
    id: 'channelsLastBfloat16',
    name: 'PyTorch, channels-last, bfloat16',
    layout: 'channels-last',
    precision: 'bfloat16',
  },
  { id: 'addonFloat32', name: 'pada-native, float32', precision: 'float32' },
  { id: 'addonBfloat16', name: 'pada-native, bfloat16', precision: 'bfloat16' },
]

/**
 * Relative errors allowed against PyTorch as released. A gradient moves with the sign of every ReLU input near zero.
 *
 * @type {Record<import('pada-native').Precision, Errors>}
 */
const TOLERANCE = {
  float32: { loss: 1e-4, globalNorm: 1e-2 },
  bfloat16: { loss: 2e-2, globalNorm: 2e-1 },
}
/** Steps that one measurement averages over: a GPU's are too short to be timed one by one. */
const STEPS = { cpu: 1, cuda: 20 }

/** @satisfies {Record<string, import('yargs').Options>} */
const options = {
  batch: count('Images per training step', 256),
  'eval-batch': count('Images per batch of the evaluation', 512),
  repetitions: count('Rounds', 5),
  paths: { type: 'string', requiresArg: true, describe: 'File of paths, one per line', defaultDescription: 'twelve' },
  channels: count('Channels of the first stage', 16),
  threads: count('Threads of each side', availableParallelism()),
  python: {
    type: 'string',
    requiresArg: true,
    describe: 'A Python with torch',
    defaultDescription: 'a new environment',
  },
  ...sharedOptions,
}
/** What --quick replaces. */
const QUICK = { batch: 16, evalBatch: 16, repetitions: 2, channels: 8, cells: 1 }

/** @typedef {import('./options.mjs').Settings<typeof options>} Settings */

/**
 * What a session needs beside the settings: the paths, the folder of inputs and the interpreter.
 *
 * @typedef {{ paths: import('pada-native').Path[], folder: string, python: string }} Given
 */

const say = (/** @type {string} */ line) => process.stderr.write(`${line}\n`)

/** @param {string[]} args */
export async function main(args) {
  const read = await readOptions(args, 'bench-pytorch', 'Compares the speed of the addon with PyTorch.', options)
  const settings = read.quick ? { ...read, ...QUICK } : read
  const all = settings.paths === undefined ? drawPaths() : readPaths(settings.paths)
  const paths = settings.quick ? all.slice(0, 3) : all
  const machine = describeMachine()
  warnIfBusy(machine, say)
  const python = settings.python ?? (await pythonWithTorch(nativeInfo().torch, say))

  const { channels, cells, batch, evalBatch } = settings
  await withInputs({ channels, cells, images: Math.max(batch, evalBatch) }, async (folder) => {
    const given = { paths, folder, python }
    const train = await session('train', settings, given, (runners) => checkSame(runners, paths))
    const { variants } = await session('eval', settings, given, async () => {})
    const measured = { train: { check: train.result, variants: train.variants }, eval: { variants } }
    await publish({ machine, settings: pick(settings, paths), ...measured }, settings.out)
  })
}

/**
 * The settings that are published beside the numbers.
 *
 * @param {Settings} settings
 * @param {import('pada-native').Path[]} paths
 */
function pick({ batch, evalBatch, repetitions, channels, cells, threads, device }, paths) {
  return { batch, evalBatch, repetitions, channels, cells, threads, device, paths: paths.map((path) => path.join()) }
}

/** @typedef {Awaited<ReturnType<typeof open>>} Runner */

/**
 * Measures one mode; resolves to the seconds per step of every variant, round and path, and to the result of `before`,
 * which runs before anything is measured.
 *
 * @template Result
 * @param {Mode} mode
 * @param {Settings} settings
 * @param {Given} given
 * @param {(runners: Runner[]) => Promise<Result>} before
 */
async function session(mode, settings, given, before) {
  const { repetitions, device } = settings
  /** @type {Runner[]} */
  const runners = []
  try {
    for (const variant of VARIANTS) runners.push(await open(variant, mode, settings, given))
    const result = await before(runners)
    for (let round = -1; round < repetitions; round++) {
      say(`${MODES[mode]}: ${round < 0 ? 'warm-up' : `round ${round + 1} of ${repetitions}`}`)
      for (const runner of runners) runner.rounds.push([])
      for (const [turn, path] of given.paths.entries()) {
        // No variant always follows the same other one.
        for (let i = 0; i < runners.length; i++) {
          const { worker, rounds } = runners[(i + turn + round + 1) % runners.length]
          const { seconds } = await worker.ask({ do: mode, path, steps: STEPS[device] })
          rounds[round + 1].push(seconds)
        }
      }
    }
    const measured = runners.map(async ({ variant, worker, opened, rounds }) => {
      const { gpuPeak } = await worker.ask({ do: 'memory' })
      const peakBytes = gpuPeak ?? worker.peakBytes()
      return [variant.id, { name: variant.name, ...opened, peakBytes, secondsByRound: rounds.slice(1) }]
    })
    /** @type {Measurements} */
    const variants = Object.fromEntries(await Promise.all(measured))
    return { result, variants }
  } finally {
    await Promise.all(runners.map(({ worker }) => worker.stop()))
  }
}

/**
 * @param {Variant} variant
 * @param {Mode} mode
 * @param {Settings} settings
 * @param {Given} given
 */
async function open(variant, mode, { batch, evalBatch, channels, cells, threads, device }, { folder, python }) {
  const { layout, precision } = variant
  const worker = layout === undefined ? startAddon() : startPytorch(python)
  try {
    const shared = { folder, channels, cells, threads, device, layout, precision }
    const opened = await worker.ask({ do: 'open', ...shared, batch: mode === 'train' ? batch : evalBatch })
    /** @type {number[][]} */
    const rounds = []
    return { variant, worker, opened, rounds }
  } catch (error) {
    await worker.stop()
    throw error
  }
}

/**
 * Asks every variant for loss and gradient norm of the same weights, batch and paths, and throws a UserError if they
 * are not the same. Dead edges are taken out first: PyTorch's batch norm makes noise of the constants behind them.
 *
 * @param {Runner[]} runners
 * @param {import('pada-native').Path[]} paths
 */
async function checkSame(runners, paths) {
  const space = nasBench201()
  const live = paths
    .map((path) => space.withoutDeadEdges(path))
    .filter((path) => path.some((operation) => operation > 0))
  if (live.length === 0) throw new UserError('Expected a path that passes a signal but received none', 2)
  const equal = { loss: 0, globalNorm: 0 }
  /** @type {Check} */
  const worst = {
    released: { ...equal },
    channelsLast: { ...equal },
    channelsLastBfloat16: { ...equal },
    addonFloat32: { ...equal },
    addonBfloat16: { ...equal },
  }
  for (const path of live) {
    const [wanted, ...others] = await Promise.all(runners.map(({ worker }) => worker.ask({ do: 'check', path })))
    for (const [i, found] of others.entries()) {
      const { id, name, precision } = runners[i + 1].variant
      for (const what of /** @type {const} */ (['loss', 'globalNorm'])) {
        const allowed = TOLERANCE[precision][what]
        const error = Math.abs(found[what] / wanted[what] - 1)
        if (!(error <= allowed)) {
          const received = `${found[what]} of ${name} for ${path.join()}`
          throw new UserError(`Expected a ${what} of ${wanted[what]} within ${allowed} but received ${received}`)
        }
        worst[id][what] = Math.max(worst[id][what], error)
      }
    }
  }
  const own = worst.addonFloat32
  say(
    `Same loss as PyTorch within ${own.loss.toExponential(1)}, gradient norm within ${own.globalNorm.toExponential(1)}`,
  )
  return worst
}
