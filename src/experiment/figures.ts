/** A figure per study: gradient variance and rank correlation side by side, a point per condition, ± one deviation. */
import { CATEGORIES, COLORS, drawSvg } from '../report/plot.js'
import { AXES, type Axis } from './axes.js'
import type { ConditionResult, ExperimentResults } from './collect.js'
import type { Measures } from './measures.js'
import type { Condition, Study } from './plan.js'

const X_TITLES = {
  extent: 'weights are shared',
  noise: 'standard deviation of the noise on gradients',
  method: null,
  epochs: 'epochs',
} as const

const TITLES = {
  extent: 'Gradient variance and rank correlation by extent of weight sharing',
  noise: 'Gradient variance and rank correlation by noise on gradients',
  method: 'Gradient variance and rank correlation by method',
  epochs: 'Gradient variance and rank correlation by length of training',
} as const

const VARIANCE_TITLES = {
  gradientVariance: 'gradient variance, mean over epochs',
  gradientVarianceLast: 'gradient variance in the last epoch',
  gradientVarianceCandidates: 'gradient variance of candidate operations, mean over epochs',
  fixedGradientVariance: 'gradient variance at fixed weights',
} as const

/** Values further apart than this are drawn on a logarithmic axis. */
const DECADES = 30
const HEIGHT = 240

/** A point of one panel. */
interface Point {
  readonly x: string
  readonly series: string
  readonly mean: number
  readonly low: number
  readonly high: number
  readonly value: string
}

/** The SVG of a study, or undefined as long as none of its cells is complete. */
export async function drawStudy(
  study: Study,
  results: ExperimentResults,
  seeds: readonly number[],
): Promise<string | undefined> {
  const conditions = results.conditions.filter((condition) => condition.study === study.name)
  if (conditions.every(({ n }) => n === 0)) return undefined
  const names = seriesNames(study)
  const points = (measure: keyof Measures) =>
    conditions.flatMap((condition, i) => point(condition, measure, study, names[i]))
  const panels = [
    { title: VARIANCE_TITLES[study.variance], points: points(study.variance), format: '.2e' },
    { title: "Kendall's τ", points: points('kendallTau'), format: '.2f' },
  ].filter((panel) => panel.points.length > 0)
  const xs = unique(conditions.map(({ labels }) => labels[study.figure]))
  const series = unique(names)
  const specification = {
    title: { text: study.title ?? TITLES[study.figure], subtitle: subtitle(study, results, seeds) },
    hconcat: panels.map((panel) => drawPanel(panel, { figure: study.figure, xs, series })),
    spacing: 48,
    resolve: { scale: { color: 'shared' } },
  }
  return drawSvg(specification)
}

function point({ labels, summary }: ConditionResult, measure: keyof Measures, study: Study, series: string): Point[] {
  const { mean, deviation } = summary[measure]
  if (mean === null) return []
  const spread = deviation ?? 0
  const value = measure === 'kendallTau' ? mean.toFixed(3) : mean.toExponential(2)
  return [{ x: labels[study.figure], series, mean, low: mean - spread, high: mean + spread, value }]
}

interface Frame {
  readonly figure: Study['figure']
  readonly xs: readonly string[]
  readonly series: readonly string[]
}

function drawPanel(panel: { title: string; points: readonly Point[]; format: string }, { figure, xs, series }: Frame) {
  const { points, format } = panel
  const lows = points.map(({ low }) => low)
  const log = Math.min(...lows) > 0 && Math.max(...points.map(({ high }) => high)) / Math.min(...lows) > DECADES
  // Wide enough for the number beside each point, or for the label below.
  const step = Math.max(64 * series.length, 8 * Math.max(...xs.map((x) => x.length)), 80)
  const lines = figure === 'noise' || figure === 'epochs'
  const x = {
    field: 'x',
    type: 'nominal',
    sort: [...xs],
    scale: { domain: [...xs], padding: 0.3 },
    axis: { title: X_TITLES[figure], labelAngle: 0, labelFontSize: 12, labelColor: COLORS.ink, titlePadding: 10 },
  }
  const xOffset = { field: 'series', type: 'nominal', sort: [...series], scale: { domain: [...series] } }
  const scale = log ? { type: 'log', nice: true } : { zero: false, nice: true, padding: 12 }
  const axis = { title: panel.title, tickCount: 5, format, titlePadding: 12 }
  const y = { field: 'mean', type: 'quantitative', scale, axis }
  const legend = series.length > 1 ? { orient: 'top', title: null, labelFontSize: 12, labelColor: COLORS.ink } : null
  const color = {
    field: 'series',
    type: 'nominal',
    legend,
    scale: { domain: [...series], range: series.map((_, i) => CATEGORIES[i % CATEGORIES.length]) },
  }
  // Lines need all of a series at one place; points beside one another are told apart more easily.
  const place = series.length > 1 && !lines ? { x, xOffset, color } : { x, color }
  const layer = [
    ...(lines ? [{ mark: { type: 'line', strokeWidth: 1.5, opacity: 0.5 }, encoding: { ...place, y } }] : []),
    {
      mark: { type: 'rule', strokeWidth: 1.5 },
      encoding: { ...place, y: { ...y, field: 'low' }, y2: { field: 'high' } },
    },
    { mark: { type: 'point', filled: true, size: 70, opacity: 1 }, encoding: { ...place, y } },
    {
      mark: { type: 'text', align: 'left', dx: 8, fontSize: 11 },
      encoding: { ...place, y, text: { field: 'value' }, color: { value: COLORS.faint } },
    },
  ]
  return { data: { values: [...points] }, width: { step }, height: HEIGHT, layer }
}

/** What tells the points over one x apart, by condition: the values of the other axes that vary; the same for all if none does. */
function seriesNames({ conditions, figure }: Study): string[] {
  const others = AXES.filter((axis) => axis !== figure && varies(conditions, axis))
  return conditions.map(({ labels }) => others.map((axis) => named(axis, labels[axis])).join(', '))
}

function varies(conditions: readonly Condition[], axis: Axis): boolean {
  return unique(conditions.map(({ labels }) => labels[axis])).length > 1
}

function named(axis: Axis, label: string): string {
  if (axis === 'epochs') return `${label} epochs`
  return axis === 'noise' ? `noise ${label}` : label
}

/** What all points have in common. */
function subtitle({ conditions }: Study, results: ExperimentResults, seeds: readonly number[]): string[] {
  const cells = conditions.flatMap((condition) => condition.cells)
  const datasets = unique(
    results.cells.filter(({ cell }) => cells.some(({ id }) => id === cell)).map((cell) => cell.dataset),
  )
  const configs = cells.map(({ config }) => config)
  const same = (axis: Axis) => (varies(conditions, axis) ? [] : [named(axis, conditions[0].labels[axis])])
  const counts = unique(configs.map(({ data }) => data.trainCount?.toLocaleString('en-US') ?? 'all'))
  const epochs = unique(configs.map(({ training }) => String(training.epochs)))
  const complete = conditions.map(
    ({ labels: _, cells }) => cells.filter(({ id }) => results.cells.some(({ cell }) => cell === id)).length,
  )
  const fewest = Math.min(...complete)
  const partial = fewest < seeds.length ? `; so far ${fewest} to ${Math.max(...complete)} of them` : ''
  return [
    [
      ...same('space'),
      ...same('method'),
      ...datasets,
      `${counts.join(' or ')} training images`,
      `${epochs.join(', ')} epochs`,
    ].join(' · '),
    `Mean and standard deviation over ${seeds.length === 1 ? `seed ${seeds[0]}` : `seeds ${seeds.join(', ')}`}${partial}`,
  ]
}

function unique(values: readonly string[]): string[] {
  return [...new Set(values)]
}
