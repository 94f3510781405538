/** A figure per study: gradient variance and rank correlation side by side, a point per condition, ± one deviation. */

import { AXES, type Axis, nameValue } from '../../experiment/axes.js'
import type { Measures } from '../../experiment/measures.js'
import type { Condition, Study } from '../../experiment/plan.js'
import type { ConditionResult, ExperimentResults } from '../../experiment/results.js'
import { CATEGORIES, COLORS, drawSvg } from '../plot.js'

const PLACE_TITLES = {
  extent: 'weights are shared',
  noise: 'standard deviation of the noise on gradients',
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
  fixedGradientVarianceCandidates: 'gradient variance of candidate operations at fixed weights',
} as const

/** Values further apart than by this factor are drawn on a logarithmic axis. */
const FAR = 30

/** A point of one panel. */
interface Point {
  /** The value of the axis that the figure is about. */
  readonly place: string
  readonly series: string
  readonly mean: number
  readonly low: number
  readonly high: number
  readonly text: string
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
  const places = unique(conditions.map(({ labels }) => labels[study.figure]))
  const series = unique(names)
  const specification = {
    title: { text: study.title ?? TITLES[study.figure], subtitle: subtitle(study, results, seeds) },
    hconcat: panels.map((panel, i) => drawPanel(panel, { figure: study.figure, places, series, first: i === 0 })),
    spacing: 48,
    resolve: { scale: { color: 'shared' } },
  }
  return drawSvg(specification)
}

function point({ labels, summary }: ConditionResult, measure: keyof Measures, study: Study, series: string): Point[] {
  const { mean, deviation } = summary[measure]
  if (mean === null) return []
  const spread = deviation ?? 0
  const text = measure === 'kendallTau' ? mean.toFixed(3) : mean.toExponential(2)
  return [{ place: labels[study.figure], series, mean, low: mean - spread, high: mean + spread, text }]
}

interface Frame {
  readonly figure: Study['figure']
  readonly places: readonly string[]
  readonly series: readonly string[]
  /** Whether the panel says what its places are: the first of those that share them. */
  readonly first: boolean
}

interface Panel {
  readonly title: string
  readonly points: readonly Point[]
  readonly format: string
}

/**
 * Methods stand below one another, because their names are long; whatever has an order goes from left to right, and what
 * has numbers is joined by lines.
 */
function drawPanel({ title, points, format }: Panel, { figure, places, series, first }: Frame) {
  const below = figure === 'method'
  const lines = figure === 'noise' || figure === 'epochs'
  const dodged = series.length > 1 && !lines
  const [place, offset, value] = below ? ['y', 'yOffset', 'x'] : ['x', 'xOffset', 'y']
  const scale = valueScale(points)
  const axis = {
    title,
    format,
    titlePadding: 12,
    tickCount: 4,
    ...(scale.type === 'log' && { values: decades(points) }),
  }
  const measured = { field: 'mean', type: 'quantitative', scale, axis }
  const placed = {
    [place]: {
      field: 'place',
      type: 'nominal',
      sort: [...places],
      scale: { domain: [...places], padding: 0.3 },
      axis: {
        title: below ? null : PLACE_TITLES[figure],
        labels: first || !below,
        labelAngle: 0,
        labelColor: COLORS.ink,
        titlePadding: 10,
        grid: below,
      },
    },
    // Points side by side are told apart more easily; lines need all of a series at the same places.
    ...(dodged && { [offset]: { field: 'series', type: 'nominal', scale: { domain: [...series] } } }),
    color: {
      field: 'series',
      type: 'nominal',
      legend: series.length > 1 ? { orient: 'top', title: null, labelFontSize: 12, labelColor: COLORS.ink } : null,
      scale: { domain: [...series], range: series.map((_, i) => CATEGORIES[i % CATEGORIES.length]) },
    },
  }
  const encoding = { ...placed, [value]: measured }
  const deviation = { ...placed, [value]: { ...measured, field: 'low' }, [`${value}2`]: { field: 'high' } }
  // One seed has no deviation to show.
  const spread = points.filter(({ low, high }) => high > low)
  const text = { type: 'text', fontSize: 11, ...(below ? { dy: -11 } : { align: 'left', dx: 8 }) }
  const number = { ...encoding, text: { field: 'text' } }
  const layer = [
    ...(lines ? [{ mark: { type: 'line', strokeWidth: 1.5, opacity: 0.5 }, encoding }] : []),
    ...(spread.length > 0
      ? [{ data: { values: spread }, mark: { type: 'rule', strokeWidth: 1.5 }, encoding: deviation }]
      : []),
    // A halo, so that lines do not cross numbers out.
    { mark: { ...text, stroke: 'white', strokeWidth: 3 }, encoding: { ...number, color: { value: 'white' } } },
    { mark: text, encoding: { ...number, color: { value: COLORS.faint } } },
    { mark: { type: 'point', filled: true, size: 70, opacity: 1 }, encoding },
  ]
  const longest = Math.max(...places.map((label) => label.length))
  const size = below
    ? { width: 300, height: { step: dodged ? 26 : 38 } }
    : { width: places.length * Math.max(dodged ? 72 * series.length : 96, 8 * longest), height: 240 }
  return { data: { values: [...points] }, ...size, layer }
}

/** Logarithmic for values that decades lie between. */
function valueScale(points: readonly Point[]) {
  const low = Math.min(...points.map((point) => point.low))
  const high = Math.max(...points.map((point) => point.high))
  return low > 0 && high / low > FAR ? { type: 'log', padding: 12 } : { type: 'linear', zero: false, padding: 12 }
}

/** The powers of ten around some points. */
function decades(points: readonly Point[]): number[] {
  const first = Math.floor(Math.log10(Math.min(...points.map(({ low }) => low))))
  const last = Math.ceil(Math.log10(Math.max(...points.map(({ high }) => high))))
  return Array.from({ length: last - first + 1 }, (_, i) => 10 ** (first + i))
}

/** What tells the points over one x apart, by condition: the values of the other axes that vary; the same for all if none does. */
function seriesNames({ conditions, figure }: Study): string[] {
  const others = AXES.filter((axis) => axis !== figure && varies(conditions, axis))
  return conditions.map(({ labels }) => others.map((axis) => nameValue(axis, labels[axis])).join(', '))
}

function varies(conditions: readonly Condition[], axis: Axis): boolean {
  return unique(conditions.map(({ labels }) => labels[axis])).length > 1
}

/** What all points have in common. */
function subtitle({ conditions }: Study, results: ExperimentResults, seeds: readonly number[]): string[] {
  const cells = conditions.flatMap((condition) => condition.cells)
  const datasets = unique(
    results.cells.filter(({ cell }) => cells.some(({ id }) => id === cell)).map((cell) => cell.dataset),
  )
  const configs = cells.map(({ config }) => config)
  const same = (axis: Axis) => (varies(conditions, axis) ? [] : [nameValue(axis, conditions[0].labels[axis])])
  const counts = unique(configs.map(({ data }) => data.trainCount?.toLocaleString('en-US') ?? 'all'))
  const epochs = unique(configs.map(({ training }) => String(training.epochs)))
  const complete = conditions.map(
    ({ labels: _, cells }) => cells.filter(({ id }) => results.cells.some(({ cell }) => cell === id)).length,
  )
  const fewest = Math.min(...complete)
  const most = Math.max(...complete)
  const partial = fewest === seeds.length ? '' : `; so far ${fewest === most ? most : `${fewest} to ${most}`} of them`
  return [
    [
      ...same('space'),
      ...same('method'),
      ...datasets,
      `${counts.join(' or ')} training images`,
      `${epochs.join(', ')} epochs`,
    ].join(' · '),
    `Mean ± one standard deviation over ${seeds.length === 1 ? `seed ${seeds[0]}` : `seeds ${seeds.join(', ')}`}${partial}`,
  ]
}

function unique(values: readonly string[]): string[] {
  return [...new Set(values)]
}
