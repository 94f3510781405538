/**
 * How the cost of a training step grows: with the batch, the channels and the threads; and that it does not grow with
 * the number of steps taken. The addon alone; scripts/bench/pytorch.mjs compares it.
 */
import { join } from 'node:path'
import { RandomStream, UserError } from '../../dist/index.js'
import { COLORS, drawSvg } from '../../dist/report/plot.js'
import { drawPaths, withInputs } from './inputs.mjs'
import { describeMachine, machineText, plural, warnIfBusy } from './machine.mjs'
import { readOptions, sharedOptions } from './options.mjs'
import { markdownTable, replaceSection, terminalTable, writeFileIn, writeJson } from './page.mjs'
import { digits3, mean, median, range } from './statistics.mjs'
import { startAddon } from './worker.mjs'

const PRECISIONS = ['float32', 'bfloat16']
/** Steps are summed up by this many; each such block takes the same paths, in another order. */
const BLOCK = 100

const list = (describe, values) => ({ type: 'number', array: true, requiresArg: true, default: values, describe })

const options = {
  batch: list('Images per step', [32, 64, 128, 256, 512]),
  channels: list('Channels of the first stage', [8, 16, 32]),
  threads: list('Threads', [1, 2]),
  repetitions: { type: 'number', requiresArg: true, default: 3, describe: 'Rounds' },
  paths: { type: 'number', requiresArg: true, default: 4, describe: 'How many paths a round takes' },
  steps: { type: 'number', requiresArg: true, default: 1000, describe: 'Length of the long run' },
  'steps-batch': { type: 'number', requiresArg: true, default: 64, describe: 'Images per step of the long run' },
  ...sharedOptions,
}
/** What --quick replaces. */
const QUICK = { batch: [8, 16, 32], channels: [4, 8], repetitions: 1, paths: 2, cells: 1, steps: 300, stepsBatch: 8 }

const say = (line) => process.stderr.write(`${line}\n`)

export async function main(args) {
  const read = await readOptions(args, 'bench-growth', 'Measures how the cost of a training step grows.', options)
  const settings = read.quick ? { ...read, ...QUICK } : read
  if (settings.steps < BLOCK)
    throw new UserError(`Expected at least ${BLOCK} for --steps but received ${settings.steps}`, 2)
  const machine = describeMachine()
  warnIfBusy(machine, say)
  const { cells, batch, stepsBatch } = settings
  const images = Math.max(...batch, stepsBatch)
  const grid = []
  for (const channels of settings.channels) {
    await withInputs({ channels, cells, images }, async (folder) => {
      for (const precision of PRECISIONS) {
        for (const threads of settings.threads) {
          grid.push(...(await growth({ ...settings, channels, precision, threads, folder })))
        }
      }
    })
  }
  const runs = []
  const [channels, threads] = [settings.channels[settings.channels.length >> 1], Math.max(...settings.threads)]
  await withInputs({ channels, cells, images }, async (folder) => {
    for (const precision of PRECISIONS) runs.push(await longRun({ ...settings, channels, precision, threads, folder }))
  })
  await publish({ machine, settings: pick(settings), grid, runs }, settings)
}

function pick({ batch, channels, threads, repetitions, cells, device, steps, stepsBatch, paths }) {
  const used = drawPaths(paths).map((path) => path.join())
  return { batch, channels, threads, repetitions, cells, device, steps, stepsBatch, paths: used }
}

/** Runs `work` with a process of the addon that has opened what the settings say. */
async function withAddon({ folder, channels, cells, threads, device, precision, batch }, work) {
  const worker = startAddon()
  try {
    const size = Math.max(...batch)
    await worker.ask({ do: 'open', folder, channels, cells, threads, device, precision, batch: size })
    return await work(worker)
  } finally {
    await worker.stop()
  }
}

/** Images per second for every batch: the median over rounds, each of which takes every path once. */
function growth(settings) {
  const { channels, precision, threads, batch, repetitions } = settings
  const paths = drawPaths(settings.paths)
  say(`C=${channels}, ${precision}, ${plural(threads, 'thread')}`)
  return withAddon(settings, async (worker) => {
    const rounds = batch.map(() => [])
    for (let round = -1; round < repetitions; round++) {
      for (const [i, size] of batch.entries()) {
        const seconds = []
        for (const path of paths) seconds.push((await worker.ask({ do: 'train', path, steps: 1, batch: size })).seconds)
        if (round >= 0) rounds[i].push(size / mean(seconds))
      }
    }
    return batch.map((size, i) => ({
      channels,
      precision,
      threads,
      batch: size,
      ratesByRound: rounds[i],
      rate: median(rounds[i]),
    }))
  })
}

/** Many steps in a row: per block of them steps per second, and the memory that is resident after it. */
function longRun(settings) {
  const { channels, precision, threads, steps, stepsBatch } = settings
  const paths = drawPaths(BLOCK)
  const stream = RandomStream.named(0, 'order of benchmark paths')
  say(`${steps} steps, C=${channels}, ${precision}, ${plural(threads, 'thread')}`)
  return withAddon(settings, async (worker) => {
    // Memory is not at its height before every path has been taken.
    for (const path of paths) await worker.ask({ do: 'train', path, steps: 1, batch: stepsBatch })
    const blocks = []
    for (let step = BLOCK; step <= steps; step += BLOCK) {
      const seconds = []
      for (const path of shuffled(paths, stream)) {
        seconds.push((await worker.ask({ do: 'train', path, steps: 1, batch: stepsBatch })).seconds)
      }
      const { resident } = await worker.ask({ do: 'memory' })
      blocks.push({ step, stepsPerSecond: 1 / mean(seconds), residentBytes: resident })
    }
    return { channels, precision, threads, batch: stepsBatch, blocks }
  })
}

function shuffled(values, stream) {
  const rest = [...values]
  return values.map(() => rest.splice(stream.integer(rest.length), 1)[0])
}

async function publish(results, { out, device }) {
  const { machine, settings, grid, runs } = results
  const where = machineText(machine, device, Math.max(...settings.threads))
  const tables = [growthTable(grid, settings), stepsTable(runs)]
  for (const { title, head, rows } of tables) process.stdout.write(`${title}\n${terminalTable(head, rows)}\n\n`)

  const suffix = device === 'cuda' ? '-cuda' : ''
  const pictures = { growth: `performance-growth${suffix}.svg`, steps: `performance-steps${suffix}.svg` }
  const [growthText, stepsText] = tables.map(({ title, head, rows }) => `${title}:\n\n${markdownTable(head, rows)}`)
  const text = [
    `Measured on ${machine.date}: ${where}.`,
    `![Images per second by batch, channels, threads and precision](${pictures.growth})`,
    growthText,
    `![Steps per second and resident memory over many steps](${pictures.steps})`,
    stepsText,
  ]
  await writeJson(join(out, `performance-growth${suffix}.json`), results)
  await writeFileIn(join(out, pictures.growth), await drawSvg(plotGrowth(grid, settings, where)))
  await writeFileIn(join(out, pictures.steps), await drawSvg(plotSteps(runs, settings, where)))
  await replaceSection(join(out, 'performance.md'), `bench-growth${suffix}`, text.join('\n\n'))
  say(`Written to ${join(out, 'performance.md')}`)
}

function growthTable(grid, { batch, repetitions }) {
  const keys = [...new Set(grid.map(keyOf))]
  const rows = keys.map((key) => {
    const cells = grid.filter((cell) => keyOf(cell) === key)
    return [key, ...cells.map(({ rate }) => digits3(rate)), spread(cells)]
  })
  const head = ['images/s at batch', ...batch.map(String), 'widest spread']
  return { title: `Training, median of ${plural(repetitions, 'round')}`, head, rows }
}

function keyOf({ channels, precision, threads }) {
  return `C=${channels}, ${precision}, ${plural(threads, 'thread')}`
}

/** Widest range of rounds among some cells, relative to their median. */
function spread(cells) {
  const widths = cells.map(({ ratesByRound, rate }) => (Math.max(...ratesByRound) - Math.min(...ratesByRound)) / rate)
  return `${(100 * Math.max(...widths)).toFixed(0)} %`
}

function stepsTable(runs) {
  const [{ channels, threads, batch }] = runs
  const head = ['steps', ...runs.flatMap(({ precision }) => [`${precision}, steps/s`, 'MiB resident'])]
  const rows = runs[0].blocks.map(({ step }, i) => [
    `${step - BLOCK + 1}…${step}`,
    ...runs.flatMap(({ blocks }) => [digits3(blocks[i].stepsPerSecond), mebibytes(blocks[i]).toFixed(0)]),
  ])
  return { title: `Steps in a row, C=${channels}, batch ${batch}, ${plural(threads, 'thread')}`, head, rows }
}

const mebibytes = ({ residentBytes }) => residentBytes / 2 ** 20

/** Lines of images/s over the batch: a column for each precision, a row for each number of threads. */
function plotGrowth(grid, settings, where) {
  const largest = Math.max(...settings.batch)
  const values = grid.map(({ channels, precision, threads, batch, rate }) => ({
    batch,
    rate,
    channels: `C=${channels}`,
    panel: `${precision}, ${plural(threads, 'thread')}`,
    label: batch === largest ? `C=${channels}` : '',
  }))
  const panels = [...new Set(values.map(({ panel }) => panel))]
  const sorted = PRECISIONS.flatMap((precision) => panels.filter((panel) => panel.startsWith(precision)))
  const x = {
    field: 'batch',
    type: 'quantitative',
    scale: { type: 'log', base: 2 },
    axis: { title: 'batch', values: settings.batch },
  }
  const y = { field: 'rate', type: 'quantitative', axis: { title: 'images per second', tickCount: 5 } }
  const shades = ['#8fb8de', COLORS.own, '#17406d']
  const domain = settings.channels.map((channels) => `C=${channels}`)
  const color = { field: 'channels', type: 'nominal', legend: null, scale: { domain, range: shades } }
  return {
    title: {
      text: 'Training speed by batch, channels, threads and precision',
      subtitle: [
        `Images per second, median of ${plural(settings.repetitions, 'round')}; NAS-Bench-201 supernet, N=${settings.cells}, ${plural(settings.paths.length, 'path')}`,
        where,
      ],
    },
    data: { values },
    facet: { field: 'panel', type: 'nominal', sort: sorted },
    columns: settings.threads.length,
    spec: {
      width: 300,
      height: 180,
      layer: [
        { mark: { type: 'line', point: { size: 30 }, strokeWidth: 2 }, encoding: { x, y, color } },
        { mark: { type: 'text', align: 'left', dx: 7 }, encoding: { x, y, color, text: { field: 'label' } } },
      ],
    },
  }
}

/** Steps per second beside resident memory, per block of steps. */
function plotSteps(runs, settings, where) {
  const values = runs.flatMap(({ precision, blocks }) =>
    blocks.map((block) => ({ precision, step: block.step, rate: block.stepsPerSecond, memory: mebibytes(block) })),
  )
  const rates = runs.map(
    ({ precision, blocks }) => `${precision} ${range(blocks.map((block) => block.stepsPerSecond))}`,
  )
  const panel = (field, title) => {
    const x = { field: 'step', type: 'quantitative', axis: { title: 'step', tickCount: 5 } }
    const y = { field, type: 'quantitative', scale: { zero: true }, axis: { title, tickCount: 5 } }
    const scale = { domain: PRECISIONS, range: [COLORS.own, COLORS.ink] }
    const legend = { orient: 'top', title: null, labelFontSize: 12, labelColor: COLORS.ink }
    const color = { field: 'precision', type: 'nominal', legend, scale }
    return {
      width: 300,
      height: 180,
      mark: { type: 'line', point: { size: 30 }, strokeWidth: 2 },
      encoding: { x, y, color },
    }
  }
  const [{ channels, batch }] = runs
  return {
    title: {
      text: `Speed and memory over ${settings.steps} training steps`,
      subtitle: [
        `Steps per second by hundred: ${rates.join(', ')}. C=${channels}, N=${settings.cells}, batch ${batch}`,
        where,
      ],
    },
    data: { values },
    hconcat: [panel('rate', 'steps per second'), panel('memory', 'MiB resident')],
    spacing: 40,
  }
}
