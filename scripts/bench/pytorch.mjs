/**
 * The addon against eager PyTorch: the same training step and evaluation, of the same network, weights, images and
 * paths, on the same number of threads, taking turns in one session.
 *
 * Every variant has processes of its own for training and for evaluation, so that each has its own peak of memory. In each
 * round every variant takes one step of every path, path by path, so that whatever else slows the machine slows all of
 * them. Numbers are medians over rounds.
 */
import { availableParallelism } from 'node:os'
import { nasBench201, nativeInfo, UserError } from 'pada-native'
import { drawPaths, readPaths, withInputs } from './inputs.mjs'
import { describeMachine, warnIfBusy } from './machine.mjs'
import { NETWORKS } from './networks.mjs'
import { count, countOf, readOptions, sharedOptions } from './options.mjs'
import { pythonWithTorch } from './python.mjs'
import { MODES, publish } from './pytorch-page.mjs'
import { Runner } from './runner.mjs'

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
 *   onlyOn?: 'cuda'
 * }} Variant
 */

/** @type {Variant[]} */
const ALL_VARIANTS = [
  { id: 'released', name: 'PyTorch, as released', layout: 'contiguous', precision: 'float32' },
  { id: 'channelsLast', name: 'PyTorch, channels-last', layout: 'channels-last', precision: 'float32' },
  {
    id: 'channelsLastBfloat16',
    name: 'PyTorch, channels-last, bfloat16',
    layout: 'channels-last',
    precision: 'bfloat16',
  },
  { id: 'addonFloat32', name: 'pada-native, float32', precision: 'float32' },
  { id: 'addonTf32', name: 'pada-native, tf32', precision: 'tf32', onlyOn: 'cuda' },
  { id: 'addonBfloat16', name: 'pada-native, bfloat16', precision: 'bfloat16' },
]

/**
 * The variants of a device. By PyTorch's default, its convolutions on a GPU are in TF32.
 *
 * @param {import('pada-native').Device} device
 * @returns {Variant[]}
 */
function variantsOn(device) {
  if (device === 'cpu') return ALL_VARIANTS.filter(({ onlyOn }) => onlyOn === undefined)
  return ALL_VARIANTS.map((variant) =>
    variant.layout !== undefined && variant.precision === 'float32'
      ? { ...variant, name: `${variant.name}, tf32`, precision: 'tf32' }
      : variant,
  )
}

/**
 * Relative errors allowed against PyTorch as released. A gradient moves with the sign of every ReLU input near zero.
 *
 * @type {Record<import('pada-native').Precision, Errors>}
 */
const TOLERANCE = {
  float32: { loss: 1e-4, globalNorm: 1e-2 },
  tf32: { loss: 1e-2, globalNorm: 1e-1 },
  bfloat16: { loss: 2e-2, globalNorm: 2e-1 },
}
/** Steps that one measurement averages over: a GPU's are too short to be timed one by one. */
const STEPS = { cpu: 1, cuda: 20 }

/** @satisfies {Record<string, import('yargs').Options>} */
const options = {
  network: {
    choices: /** @type {import('./networks.mjs').NetworkName[]} */ (Object.keys(NETWORKS)),
    default: /** @type {const} */ ('nasbench201'),
    describe: 'A supernet, or a network that is trained alone',
  },
  batch: { ...countOf('Images per training step'), defaultDescription: 'that of the network, 256 for nasbench201' },
  'eval-batch': { ...countOf('Images per batch of the evaluation'), defaultDescription: 'that of the network' },
  repetitions: count('Rounds', 5),
  paths: {
    type: 'string',
    requiresArg: true,
    describe: 'File of paths of nasbench201, one per line',
    defaultDescription: 'twelve',
  },
  channels: { ...countOf('Channels of the first stage'), defaultDescription: 'those published' },
  threads: count('Threads of each side', availableParallelism()),
  python: {
    type: 'string',
    requiresArg: true,
    describe: 'A Python with torch',
    defaultDescription: 'a new environment',
  },
  ...sharedOptions,
  cells: { ...countOf('Cells, per stage for nasbench201'), defaultDescription: 'those published' },
}
/** Defaults with --quick. */
const QUICK = { batch: 16, 'eval-batch': 16, repetitions: 2 }

/** @typedef {import('./options.mjs').Settings<typeof options>} Settings */

/**
 * What a session needs beside what is compared: the paths, the folder of inputs and the interpreter.
 *
 * @typedef {{ paths: import('pada-native').Path[], folder: string, python: string }} Given
 */

const say = (/** @type {string} */ line) => process.stderr.write(`${line}\n`)

/** @param {string[]} args */
export async function main(args) {
  const read = await readOptions(
    args,
    'npm run bench:pytorch --',
    'Compares the speed of the addon with PyTorch.',
    options,
    QUICK,
  )
  const compared = settle(read)
  const paths = pathsOf(read)
  const machine = describeMachine()
  warnIfBusy(machine, say)
  const python = read.python ?? (await pythonWithTorch(nativeInfo().torch, say))

  const { network, size, image, batch, evalBatch } = compared
  await withInputs({ network, size, image, images: Math.max(batch, evalBatch) }, async (folder) => {
    const given = { paths, folder, python }
    const train = await session('train', compared, given, (runners) => checkSame(runners, compared, paths))
    const { variants } = await session('eval', compared, given, async () => {})
    const measured = { train: { check: train.result, variants: train.variants }, eval: { variants } }
    const settings = { ...compared, paths: paths.map((path) => path.join()) }
    await publish({ machine, settings, ...measured }, read.out)
  })
}

/** @typedef {ReturnType<typeof settle>} Compared */

/**
 * What is compared: the options, and the network's own sizes where they say nothing.
 *
 * @param {Settings} read
 */
function settle({ network, quick, channels, cells, ...options }) {
  const published = NETWORKS[network]
  const { threads, device } = options
  const { image, size } = quick ? published.quick : published
  /** @type {import('./networks.mjs').Size} */
  const wanted = { ...(channels !== undefined && { channels }), ...(cells !== undefined && { cells }) }
  for (const [name, value] of Object.entries(wanted)) {
    if (!(name in size)) throw new UserError(`Expected no --${name} for ${network} but received ${value}`, 2)
  }
  const { batch = published.batch, evalBatch = published.evalBatch, repetitions } = options
  return {
    network,
    image,
    size: { ...size, ...wanted },
    batch,
    evalBatch,
    repetitions,
    threads,
    device,
  }
}

/**
 * The paths that are measured; a network that is trained alone has one.
 *
 * @param {Settings} read
 */
function pathsOf({ network, paths: file, quick }) {
  if (NETWORKS[network].alone) {
    if (file === undefined) return [[]]
    throw new UserError(`Expected no --paths for ${network}, which has one, but received ${file}`, 2)
  }
  const all = file === undefined ? drawPaths() : readPaths(file)
  return quick ? all.slice(0, 3) : all
}

/**
 * Measures one mode; resolves to the seconds per step of every variant, round and path, and to the result of `before`,
 * which runs before anything is measured.
 *
 * @template Result
 * @param {Mode} mode
 * @param {Compared} settings
 * @param {Given} given
 * @param {(runners: Runner[]) => Promise<Result>} before
 */
async function session(mode, { batch, evalBatch, repetitions, ...compared }, { folder, python, paths }, before) {
  const request = { folder, ...compared, batch: mode === 'train' ? batch : evalBatch }
  const runners = variantsOn(compared.device).map((variant) => new Runner(variant, request, python))
  try {
    const result = await before(runners)
    /** @type {Map<Runner, number[][]>} */
    const rounds = new Map(runners.map((runner) => [runner, []]))
    // A process that begins anew in each round warms itself up.
    for (let round = NETWORKS[compared.network].alone ? 0 : -1; round < repetitions; round++) {
      say(`${MODES[mode]}: ${round < 0 ? 'warm-up' : `round ${round + 1} of ${repetitions}`}`)
      if (round >= 0) for (const measured of rounds.values()) measured.push([])
      for (const [turn, path] of paths.entries()) {
        // Each in turn is the first, and forwards and backwards: no variant always follows the same other one.
        const first = (turn + round + 1) % runners.length
        const order = [...runners.slice(first), ...runners.slice(0, first)]
        for (const runner of first % 2 === 0 ? order : order.reverse()) {
          const { seconds } = await runner.ask({
            do: mode,
            path,
            steps: STEPS[compared.device === 'cpu' ? 'cpu' : 'cuda'],
          })
          rounds.get(runner)?.at(-1)?.push(seconds)
        }
      }
    }
    const measured = [...rounds].map(async ([runner, secondsByRound]) => {
      return [runner.variant.id, { ...(await runner.describe()), secondsByRound }]
    })
    /** @type {Measurements} */
    const variants = Object.fromEntries(await Promise.all(measured))
    return { result, variants }
  } finally {
    await Promise.all(runners.map((runner) => runner.stop()))
  }
}

/**
 * Asks every variant for loss and gradient norm of the same weights, batch and paths, and throws a UserError if they
 * are not the same. Dead edges are taken out first: PyTorch's batch norm makes noise of the constants behind them.
 *
 * @param {Runner[]} runners
 * @param {Compared} compared
 * @param {import('pada-native').Path[]} paths
 */
async function checkSame(runners, { network, device }, paths) {
  const space = nasBench201()
  const live = NETWORKS[network].alone
    ? paths
    : paths.map((path) => space.withoutDeadEdges(path)).filter((path) => path.some((operation) => operation > 0))
  if (live.length === 0) throw new UserError('Expected a path that passes a signal but received none', 2)
  const equal = { loss: 0, globalNorm: 0 }
  /** @type {Check} */
  const worst = {
    released: { ...equal },
    channelsLast: { ...equal },
    channelsLastBfloat16: { ...equal },
    addonFloat32: { ...equal },
    addonTf32: { ...equal },
    addonBfloat16: { ...equal },
  }
  for (const path of live) {
    const answers = []
    // One after the other, because a pass of a large network needs much memory.
    for (const runner of runners) answers.push(await runner.ask({ do: 'check', path }))
    const [wanted, ...others] = answers
    for (const [i, found] of others.entries()) {
      const { id, name, precision } = runners[i + 1].variant
      for (const what of /** @type {const} */ (['loss', 'globalNorm'])) {
        // What they are compared with is in TF32 on a GPU.
        const allowed = TOLERANCE[device !== 'cpu' && precision === 'float32' ? 'tf32' : precision][what]
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
