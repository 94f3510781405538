/** Tables and plots of what growth.mjs measures. */
import { join } from 'node:path'
import { COLORS } from '#dist/report/colors.js'
import { drawSvg } from '#dist/report/plot.js'
import { machineText, plural, roundsText } from './machine.mjs'
import { markdownTable, replaceSection, terminalTable, writeFileIn, writeJson } from './page.mjs'
import { digits3, range } from './statistics.mjs'

/** @type {import('pada-native').Precision[]} */
export const PRECISIONS = ['float32', 'bfloat16']
/** Steps are summed up by this many; each such block takes the same paths, in another order. */
export const BLOCK = 100

/**
 * What a number was measured with.
 *
 * @typedef {{
 *   channels: number
 *   precision: import('pada-native').Precision
 *   threads: number
 *   batch: number
 * }} Measured
 */

/**
 * Images per second of one batch under one condition: of every round, and their median.
 *
 * @typedef {Measured & { ratesByRound: number[], rate: number }} Cell
 */

/** @typedef {{ step: number, stepsPerSecond: number, residentBytes: number }} Block */
/** @typedef {Measured & { blocks: Block[] }} LongRun */

/**
 * What was measured, as it is written to the JSON file.
 *
 * @typedef {{
 *   machine: import('./machine.mjs').Machine
 *   settings: {
 *     batch: number[]
 *     channels: number[]
 *     threads: number[]
 *     repetitions: number
 *     cells: number
 *     device: import('pada-native').Device
 *     steps: number
 *     stepsBatch: number
 *     paths: string[]
 *   }
 *   grid: Cell[]
 *   runs: LongRun[]
 * }} Results
 */

/**
 * Prints the tables, and writes tables, plots and raw numbers to the folder `out`.
 *
 * @param {Results} results
 * @param {string} out
 */
export async function publish(results, out) {
  const { machine, settings, grid, runs } = results
  const { device } = settings
  const where = machineText(machine, device, Math.max(...settings.threads))
  const tables = [growthTable(grid, settings), stepsTable(runs)]
  for (const { title, head, rows } of tables) process.stdout.write(`${title}\n${terminalTable(head, rows)}\n\n`)

  const suffix = device === 'cuda' ? '-cuda' : ''
  const pictures = { growth: `performance-growth${suffix}.svg`, steps: `performance-steps${suffix}.svg` }
  const [growthText, stepsText] = tables.map(({ title, head, rows }) => `${title}:\n\n${markdownTable(head, rows)}`)
  const text = [
    `Measured on ${machine.date}: ${where}. ${roundsText(machine, settings.repetitions)}`,
    `![Images per second by batch, channels, threads and precision](${pictures.growth})`,
    growthText,
    `![Steps per second and resident memory over many steps](${pictures.steps})`,
    stepsText,
  ]
  await writeJson(join(out, `performance-growth${suffix}.json`), results)
  await writeFileIn(join(out, pictures.growth), await drawSvg(plotGrowth(grid, settings, where)))
  await writeFileIn(join(out, pictures.steps), await drawSvg(plotSteps(runs, settings, where)))
  await replaceSection(join(out, 'performance.md'), `bench-growth${suffix}`, text.join('\n\n'))
  process.stderr.write(`Written to ${join(out, 'performance.md')}\n`)
}

/**
 * @param {Cell[]} grid
 * @param {Results['settings']} settings
 */
function growthTable(grid, { batch, repetitions }) {
  const keys = [...new Set(grid.map(keyOf))]
  const rows = keys.map((key) => {
    const cells = grid.filter((cell) => keyOf(cell) === key)
    return [key, ...cells.map(({ rate }) => digits3(rate)), spread(cells)]
  })
  const head = ['images/s at batch', ...batch.map(String), 'widest spread']
  return { title: `Training, median of ${plural(repetitions, 'round')}`, head, rows }
}

/** @param {Cell} cell */
function keyOf({ channels, precision, threads }) {
  return `C=${channels}, ${precision}, ${plural(threads, 'thread')}`
}

/**
 * Widest range of rounds among some cells, relative to their median.
 *
 * @param {Cell[]} cells
 */
function spread(cells) {
  const widths = cells.map(({ ratesByRound, rate }) => (Math.max(...ratesByRound) - Math.min(...ratesByRound)) / rate)
  return `${(100 * Math.max(...widths)).toFixed(0)} %`
}

/** @param {LongRun[]} runs */
function stepsTable(runs) {
  const [{ channels, threads, batch }] = runs
  const head = ['steps', ...runs.flatMap(({ precision }) => [`${precision}, steps/s`, 'MiB resident'])]
  const rows = runs[0].blocks.map(({ step }, i) => [
    `${step - BLOCK + 1}…${step}`,
    ...runs.flatMap(({ blocks }) => [digits3(blocks[i].stepsPerSecond), mebibytes(blocks[i]).toFixed(0)]),
  ])
  return { title: `Steps in a row, C=${channels}, batch ${batch}, ${plural(threads, 'thread')}`, head, rows }
}

const mebibytes = (/** @type {Block} */ { residentBytes }) => residentBytes / 2 ** 20

/**
 * Lines of images/s over the batch: a column for each precision, a row for each number of threads.
 *
 * @param {Cell[]} grid
 * @param {Results['settings']} settings
 * @param {string} where
 * @returns {import('vega-lite').TopLevelSpec}
 */
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
  const x = /** @type {const} */ ({
    field: 'batch',
    type: 'quantitative',
    scale: { type: 'log', base: 2 },
    axis: { title: 'batch', values: settings.batch },
  })
  const y = /** @type {const} */ ({
    field: 'rate',
    type: 'quantitative',
    axis: { title: 'images per second', tickCount: 5 },
  })
  const shades = ['#8fb8de', COLORS.own, '#17406d']
  const domain = settings.channels.map((channels) => `C=${channels}`)
  const color = /** @type {const} */ ({
    field: 'channels',
    type: 'nominal',
    legend: null,
    scale: { domain, range: shades },
  })
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

/**
 * Steps per second beside resident memory, per block of steps.
 *
 * @param {LongRun[]} runs
 * @param {Results['settings']} settings
 * @param {string} where
 * @returns {import('vega-lite').TopLevelSpec}
 */
function plotSteps(runs, settings, where) {
  const values = runs.flatMap(({ precision, blocks }) =>
    blocks.map((block) => ({ precision, step: block.step, rate: block.stepsPerSecond, memory: mebibytes(block) })),
  )
  const rates = runs.map(
    ({ precision, blocks }) => `${precision} ${range(blocks.map((block) => block.stepsPerSecond))}`,
  )
  const panel = (/** @type {string} */ field, /** @type {string} */ title) => {
    const x = /** @type {const} */ ({ field: 'step', type: 'quantitative', axis: { title: 'step', tickCount: 5 } })
    const y = /** @type {const} */ ({
      field,
      type: 'quantitative',
      scale: { zero: true },
      axis: { title, tickCount: 5 },
    })
    const scale = /** @type {const} */ ({ domain: PRECISIONS, range: [COLORS.own, COLORS.ink] })
    const legend = /** @type {const} */ ({ orient: 'top', title: null, labelFontSize: 12, labelColor: COLORS.ink })
    const color = /** @type {const} */ ({ field: 'precision', type: 'nominal', legend, scale })
    return {
      width: 300,
      height: 180,
      mark: /** @type {const} */ ({ type: 'line', point: { size: 30 }, strokeWidth: 2 }),
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
