/**
 * The addon against eager PyTorch: the same training step and evaluation, of the same supernet, weights, images and
 * paths, on the same number of threads, taking turns in one session.
 *
 * Every variant has a process of its own, one for training and one for evaluation, so that each has its own peak of
 * memory. In each round every variant takes one step of every path, path by path, so that whatever else slows the
 * machine slows all of them. Numbers are medians over rounds.
 */
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { nasBench201, nativeInfo, UserError } from '../../dist/index.js'
import { COLORS, drawSvg } from '../../dist/report/plot.js'
import { drawPaths, readPaths, withInputs } from './inputs.mjs'
import { describeMachine, machineText, plural, warnIfBusy } from './machine.mjs'
import { readOptions, sharedOptions } from './options.mjs'
import { markdownTable, replaceSection, terminalTable, writeFileIn, writeJson } from './page.mjs'
import { pythonWithTorch } from './python.mjs'
import { digits3, median, range } from './statistics.mjs'
import { startAddon, startPytorch } from './worker.mjs'

const VARIANTS = [
  { id: 'released', name: 'PyTorch, as released', layout: 'contiguous', precision: 'float32' },
  { id: 'channelsLast', name: 'PyTorch, channels-last', layout: 'channels-last', precision: 'float32' },
  {
    id: 'channelsLastBfloat16',
    name: 'PyTorch, channels-last, bfloat16',
    layout: 'channels-last',
    precision: 'bfloat16',
  },
  { id: 'addonFloat32', name: 'pada-native, float32', own: true, precision: 'float32' },
  { id: 'addonBfloat16', name: 'pada-native, bfloat16', own: true, precision: 'bfloat16' },
]
/** The variants that the others are compared with, and what the tables call the comparison. */
const BASELINES = {
  released: '× as released',
  channelsLast: '× channels-last',
  channelsLastBfloat16: '× channels-last, bf16',
}
const MODES = { train: 'Training', eval: 'Evaluation' }

/** Relative errors allowed against PyTorch as released. A gradient moves with the sign of every ReLU input near zero. */
const TOLERANCE = {
  float32: { loss: 1e-4, globalNorm: 1e-2 },
  bfloat16: { loss: 2e-2, globalNorm: 2e-1 },
}
/** Steps that one measurement averages over: a GPU's are too short to be timed one by one. */
const STEPS = { cpu: 1, cuda: 20 }

const options = {
  batch: { type: 'number', requiresArg: true, default: 256, describe: 'Images per training step' },
  'eval-batch': { type: 'number', requiresArg: true, default: 512, describe: 'Images per batch of the evaluation' },
  repetitions: { type: 'number', requiresArg: true, default: 5, describe: 'Rounds' },
  paths: { type: 'string', requiresArg: true, describe: 'File of paths, one per line', defaultDescription: 'twelve' },
  channels: { type: 'number', requiresArg: true, default: 16, describe: 'Channels of the first stage' },
  threads: { type: 'number', requiresArg: true, default: availableParallelism(), describe: 'Threads of each side' },
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

const say = (line) => process.stderr.write(`${line}\n`)

export async function main(args) {
  const read = await readOptions(args, 'bench-pytorch', 'Compares the speed of the addon with PyTorch.', options)
  const settings = read.quick ? { ...read, ...QUICK } : read
  const all = settings.paths === undefined ? drawPaths() : readPaths(settings.paths)
  const paths = settings.quick ? all.slice(0, 3) : all
  const machine = describeMachine()
  warnIfBusy(machine, say)
  const python = settings.python ?? (await pythonWithTorch(nativeInfo().torch, say))

  const images = Math.max(settings.batch, settings.evalBatch)
  const results = { machine, settings: pick(settings, paths) }
  await withInputs({ ...settings, images }, async (inputs) => {
    for (const mode of Object.keys(MODES)) results[mode] = await session(mode, { ...settings, paths, inputs, python })
  })
  await publish(results, settings)
}

function pick({ batch, evalBatch, repetitions, channels, cells, threads, device }, paths) {
  return { batch, evalBatch, repetitions, channels, cells, threads, device, paths: paths.map((path) => path.join()) }
}

/** Measures one mode; resolves to the seconds per step of every variant, round and path. */
async function session(mode, settings) {
  const { paths, repetitions, device } = settings
  const runners = []
  try {
    for (const variant of VARIANTS) runners.push(await open(variant, mode, settings))
    const check = mode === 'train' ? await checkSame(runners, paths) : undefined
    for (let round = -1; round < repetitions; round++) {
      say(`${MODES[mode]}: ${round < 0 ? 'warm-up' : `round ${round + 1} of ${repetitions}`}`)
      for (const runner of runners) runner.rounds.push([])
      for (const [turn, path] of paths.entries()) {
        // No variant always follows the same other one.
        for (let i = 0; i < runners.length; i++) {
          const { worker, rounds } = runners[(i + turn + round + 1) % runners.length]
          const { seconds } = await worker.ask({ do: mode, path, steps: STEPS[device] })
          rounds.at(-1).push(seconds)
        }
      }
    }
    const variants = {}
    for (const { variant, worker, opened, rounds } of runners) {
      const { gpuPeak } = await worker.ask({ do: 'memory' })
      const peakBytes = gpuPeak ?? worker.peakBytes()
      variants[variant.id] = { name: variant.name, ...opened, peakBytes, secondsByRound: rounds.slice(1) }
    }
    return { check, variants }
  } finally {
    await Promise.all(runners.map(({ worker }) => worker.stop()))
  }
}

async function open(variant, mode, { inputs, python, batch, evalBatch, channels, cells, threads, device }) {
  const worker = variant.own ? startAddon() : startPytorch(python)
  try {
    const { layout, precision } = variant
    const shared = { folder: inputs, channels, cells, threads, device, layout, precision }
    const opened = await worker.ask({ do: 'open', ...shared, batch: mode === 'train' ? batch : evalBatch })
    return { variant, worker, opened, rounds: [] }
  } catch (error) {
    await worker.stop()
    throw error
  }
}

/**
 * Asks every variant for loss and gradient norm of the same weights, batch and paths, and throws a UserError if they
 * are not the same. Dead edges are taken out first: PyTorch's batch norm makes noise of the constants behind them.
 */
async function checkSame(runners, paths) {
  const space = nasBench201()
  const live = paths
    .map((path) => space.withoutDeadEdges(path))
    .filter((path) => path.some((operation) => operation > 0))
  if (live.length === 0) throw new UserError('Expected a path that passes a signal but received none', 2)
  const worst = Object.fromEntries(runners.map(({ variant }) => [variant.id, { loss: 0, globalNorm: 0 }]))
  for (const path of live) {
    const [wanted, ...others] = await Promise.all(runners.map(({ worker }) => worker.ask({ do: 'check', path })))
    for (const [i, found] of others.entries()) {
      const { id, name, precision } = runners[i + 1].variant
      for (const [what, allowed] of Object.entries(TOLERANCE[precision])) {
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

async function publish(results, { out, device }) {
  const suffix = device === 'cuda' ? '-cuda' : ''
  const summaries = Object.keys(MODES).map((mode) => summarise(mode, results))
  const { machine, settings } = results
  const where = machineText(machine, device, settings.threads)
  for (const { title, head, rows } of summaries) process.stdout.write(`${title}\n${terminalTable(head, rows)}\n\n`)

  const picture = `performance${suffix}.svg`
  const text = [
    `Measured on ${machine.date}: ${where}; PyTorch ${results.train.variants.released.torch}.`,
    `![Images per second of pada-native and PyTorch](${picture})`,
    ...summaries.flatMap(({ title, head, rows }) => [`${title}:`, markdownTable(head, rows)]),
    describeCheck(results.train.check),
  ]
  await writeJson(join(out, `performance${suffix}.json`), results)
  await writeFileIn(join(out, picture), await drawSvg(plot(results, summaries, where)))
  await replaceSection(join(out, 'performance.md'), `bench-pytorch${suffix}`, text.join('\n\n'))
  say(`Written to ${join(out, 'performance.md')}`)
}

function summarise(mode, results) {
  const { settings } = results
  const { variants } = results[mode]
  const batch = mode === 'train' ? settings.batch : settings.evalBatch
  const perRound = (id) =>
    variants[id].secondsByRound.map((seconds) => seconds.reduce((a, b) => a + b, 0) / seconds.length)
  const head = ['', 'images/s', 'over rounds', 's per step', ...Object.values(BASELINES), 'peak memory']
  const bars = Object.entries(variants).map(([id, { name, peakBytes }]) => {
    const seconds = perRound(id)
    const times = (baseline) => median(perRound(baseline)) / median(seconds)
    const rates = seconds.map((value) => batch / value)
    return { id, name, seconds: median(seconds), rate: batch / median(seconds), rates, times, peakBytes }
  })
  const rows = bars.map(({ name, seconds, rate, rates, times, peakBytes }) => [
    name,
    digits3(rate),
    range(rates),
    digits3(seconds),
    ...Object.keys(BASELINES).map((baseline) => times(baseline).toFixed(2)),
    peakBytes === undefined ? '–' : `${Math.round(peakBytes / 2 ** 20)} MiB`,
  ])
  return { mode, title: `${MODES[mode]}, batch ${batch}`, head, rows, bars }
}

function describeCheck(check) {
  const { loss, globalNorm } = check.addonFloat32
  const bound = ['addonFloat32', 'channelsLast'].map((id) => check[id].globalNorm.toExponential(0))
  return [
    `Before anything was timed, both sides computed the losses of the same weights, batch and paths: pada-native in`,
    `float32 differs from PyTorch as released by at most ${loss.toExponential(0)} of the loss and`,
    `${globalNorm.toExponential(0)} of the gradient norm (channels-last PyTorch: ${bound[1]}).`,
  ].join('\n')
}

/** Horizontal bars of images/s by variant, training beside evaluation, each with its number; thin lines: all rounds. */
function plot({ settings }, summaries, where) {
  const [train, evaluation] = summaries.map(({ bars }) =>
    bars.find(({ id }) => id === 'addonFloat32').times('released'),
  )
  const values = summaries.flatMap(({ title, bars }) =>
    bars.map(({ name, rate, rates, times }) => ({
      title,
      name,
      rate,
      low: Math.min(...rates),
      high: Math.max(...rates),
      label: `${Math.round(rate)} (${times('released').toFixed(1)}×)`,
      own: name.startsWith('pada-native'),
    })),
  )
  const y = { field: 'name', type: 'nominal', sort: null, axis: { title: null, labelColor: COLORS.ink } }
  const count = plural(settings.paths.length, 'path')
  return {
    title: {
      text: `pada-native trains ${train.toFixed(1)}× and evaluates ${evaluation.toFixed(1)}× as fast as PyTorch as released`,
      subtitle: [
        `Images per second (× PyTorch as released). Median of ${settings.repetitions} rounds; lines span all rounds.`,
        `NAS-Bench-201 supernet, C=${settings.channels}, N=${settings.cells}, ${count}. ${where}`,
      ],
    },
    data: { values },
    facet: { column: { field: 'title', type: 'nominal', sort: summaries.map(({ title }) => title) } },
    spec: {
      width: 280,
      height: { step: 30 },
      layer: [
        {
          mark: { type: 'bar', height: 20 },
          encoding: {
            x: { field: 'rate', type: 'quantitative', axis: { title: 'images per second', tickCount: 5 } },
            y,
            color: {
              field: 'own',
              type: 'nominal',
              legend: null,
              scale: { domain: [false, true], range: [COLORS.other, COLORS.own] },
            },
          },
        },
        {
          mark: { type: 'rule', color: COLORS.ink, strokeWidth: 1.5 },
          encoding: { x: { field: 'low', type: 'quantitative' }, x2: { field: 'high' }, y },
        },
        {
          mark: { type: 'text', align: 'left', dx: 8 },
          encoding: { x: { field: 'high', type: 'quantitative' }, y, text: { field: 'label' } },
        },
      ],
    },
    resolve: { scale: { x: 'independent' } },
  }
}
