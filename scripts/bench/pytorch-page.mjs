/** Tables and a plot of what pytorch.mjs measures. */
import { join } from 'node:path'
import { median } from '#dist/base/statistics.js'
import { COLORS } from '#dist/report/colors.js'
import { drawSvg } from '#dist/report/plot.js'
import { machineText, plural, roundsText } from './machine.mjs'
import { NETWORKS } from './networks.mjs'
import { markdownTable, replaceSection, terminalTable, writeFileIn, writeJson } from './page.mjs'
import { digits3, range } from './statistics.mjs'

/** @typedef {'released' | 'channelsLast' | 'channelsLastBfloat16' | 'addonFloat32' | 'addonTf32' | 'addonBfloat16'} VariantId */
/** @typedef {'train' | 'eval'} Mode */

/**
 * Relative differences from PyTorch as released.
 *
 * @typedef {{ loss: number, globalNorm: number }} Errors
 */

/** @typedef {Record<VariantId, Errors>} Check */

/**
 * What one process measured: seconds per step by round and path.
 *
 * @typedef {import('./worker.mjs').Answers['open'] & {
 *   name: string
 *   peakBytes: number | undefined
 *   secondsByRound: number[][]
 * }} Measurement
 */

/** @typedef {Record<VariantId, Measurement>} Measurements */

/**
 * What was measured, as it is written to the JSON file.
 *
 * @typedef {{
 *   machine: import('./machine.mjs').Machine
 *   settings: {
 *     network: import('./networks.mjs').NetworkName
 *     image: import('pada-native').Shape
 *     size: import('./networks.mjs').Size
 *     batch: number
 *     evalBatch: number
 *     repetitions: number
 *     threads: number
 *     device: import('pada-native').Device
 *     paths: string[]
 *   }
 *   train: { check: Check, variants: Measurements }
 *   eval: { variants: Measurements }
 * }} Results
 */

/**
 * The variants that the others are compared with, and what the tables call the comparison.
 *
 * @type {Partial<Record<VariantId, string>>}
 */
const BASELINES = {
  released: '× as released',
  channelsLast: '× channels-last',
  channelsLastBfloat16: '× channels-last, bf16',
}
/** @type {Record<Mode, string>} */
export const MODES = { train: 'Training', eval: 'Evaluation' }

/**
 * Prints the tables, and writes tables, plot and raw numbers to the folder `out`.
 *
 * @param {Results} results
 * @param {string} out
 */
export async function publish(results, out) {
  const { machine, settings } = results
  const network = settings.network === 'nasbench201' ? '' : `-${settings.network}`
  const suffix = `${network}${settings.device === 'cuda' ? '-cuda' : ''}`
  const summaries = [summarise('train', results), summarise('eval', results)]
  const where = machineText(machine, settings.device, settings.threads)
  for (const { title, head, rows } of summaries) process.stdout.write(`${title}\n${terminalTable(head, rows)}\n\n`)

  const picture = `performance${suffix}.svg`
  const text = [
    `Measured on ${machine.date}: ${where}; PyTorch ${results.train.variants.released.torch}. ${roundsText(machine, settings.repetitions)}`,
    `![Images per second of pada-native and PyTorch](${picture})`,
    ...summaries.flatMap(({ title, head, rows }) => [`${title}:`, markdownTable(head, rows)]),
    describeCheck(results.train.check),
  ]
  await writeJson(join(out, `performance${suffix}.json`), results)
  await writeFileIn(join(out, picture), await drawSvg(plot(results, summaries, where)))
  await replaceSection(join(out, 'performance.md'), `bench-pytorch${suffix}`, text.join('\n\n'))
  process.stderr.write(`Written to ${join(out, 'performance.md')}\n`)
}

/** @typedef {ReturnType<typeof summarise>} Summary */

/**
 * @param {Mode} mode
 * @param {Results} results
 */
function summarise(mode, results) {
  const { settings } = results
  const { variants } = results[mode]
  const batch = mode === 'train' ? settings.batch : settings.evalBatch
  const perRound = (/** @type {VariantId} */ id) =>
    variants[id].secondsByRound.map((seconds) => seconds.reduce((a, b) => a + b, 0) / seconds.length)
  const head = ['', 'images/s', 'over rounds', 's per step', ...Object.values(BASELINES), 'peak memory']
  const bars = keysOf(variants).map((id) => {
    const { name, peakBytes } = variants[id]
    const seconds = perRound(id)
    const times = (/** @type {VariantId} */ baseline) => median(perRound(baseline)) / median(seconds)
    const rates = seconds.map((value) => batch / value)
    return { id, name, seconds: median(seconds), rate: batch / median(seconds), rates, times, peakBytes }
  })
  const rows = bars.map(({ name, seconds, rate, rates, times, peakBytes }) => [
    name,
    digits3(rate),
    range(rates),
    digits3(seconds),
    ...keysOf(BASELINES).map((baseline) => times(baseline).toFixed(2)),
    peakBytes === undefined ? '–' : `${Math.round(peakBytes / 2 ** 20)} MiB`,
  ])
  const times = median(perRound('released')) / median(perRound('addonFloat32'))
  return { title: `${MODES[mode]}, batch ${batch}`, head, rows, bars, times }
}

/**
 * The keys of an object that has no others than its type says.
 *
 * @template {string} Key
 * @param {Partial<Record<Key, unknown>>} object
 */
function keysOf(object) {
  return /** @type {Key[]} */ (Object.keys(object))
}

/** @param {Check} check */
function describeCheck(check) {
  const { loss, globalNorm } = check.addonFloat32
  const channelsLast = check.channelsLast.globalNorm.toExponential(0)
  return [
    `Before anything was timed, both sides computed the losses of the same weights, batch and paths: pada-native in`,
    `float32 differs from PyTorch as released by at most ${loss.toExponential(0)} of the loss and`,
    `${globalNorm.toExponential(0)} of the gradient norm (channels-last PyTorch: ${channelsLast}).`,
  ].join('\n')
}

/**
 * Horizontal bars of images/s by variant, training beside evaluation, each with its number; thin lines: all rounds.
 *
 * @param {Results} results
 * @param {Summary[]} summaries
 * @param {string} where
 * @returns {import('vega-lite').TopLevelSpec}
 */
function plot({ settings }, summaries, where) {
  const [train, evaluation] = summaries.map(({ times }) => times)
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
  const y = /** @type {const} */ ({
    field: 'name',
    type: 'nominal',
    sort: null,
    axis: { title: null, labelColor: COLORS.ink },
  })
  const { network, image, size, paths } = settings
  const what = [
    NETWORKS[network].title,
    ...('channels' in size ? [`C=${size.channels}`] : []),
    ...('cells' in size ? [`${NETWORKS[network].alone ? 'cells' : 'N'}=${size.cells}`] : []),
    `${image.height}×${image.width} images`,
    ...(NETWORKS[network].alone ? [] : [plural(paths.length, 'path')]),
  ]
  return {
    title: {
      text: `pada-native trains ${train.toFixed(1)}× and evaluates ${evaluation.toFixed(1)}× as fast as PyTorch as released`,
      subtitle: [
        `Images per second (× PyTorch as released). Median of ${settings.repetitions} rounds; lines span all rounds.`,
        `${what.join(', ')}. ${where}`,
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
