/** A figure that compares conditions: panels side by side, each with a point per condition, ± one deviation. */
import { CATEGORIES, COLORS } from '../colors.js'
import type { Figure } from '../plot.js'
import { valueAxis } from '../value-axis.js'

/** Shapes of series, in the order of their colours. */
const SHAPES = ['circle', 'square', 'triangle-up', 'diamond', 'cross', 'triangle-down']

/** One condition in one panel. */
export interface Point {
  /** Its position on the axis of conditions. */
  readonly place: string
  /** Distinguishes the points of a place, by colour; the same for all points if each place has one. */
  readonly series: string
  readonly mean: number
  readonly low: number
  readonly high: number
  /** Text next to the point. */
  readonly text: string
}

/** One measure of all conditions. */
export interface Panel {
  readonly title: string
  readonly points: readonly Point[]
  /** Number format of d3 for the axis of values. */
  readonly format: string
}

export interface Comparison {
  /** Name of the figure's file, without ending. */
  readonly name: string
  readonly title: string
  readonly subtitle: readonly string[]
  readonly panels: readonly Panel[]
  /** Order of the places. */
  readonly places: readonly string[]
  /** Title of the axis of places; null for none. */
  readonly placeTitle: string | null
  /** Order of the series. */
  readonly series: readonly string[]
  /**
   * `rows`: places from top to bottom, for long names. `columns`: places from left to right. `lines`: as `columns`, with
   * lines that join the points of a series.
   */
  readonly layout: 'rows' | 'columns' | 'lines'
}

/** Means of conditions, each with one standard deviation in both directions if it has several seeds. */
export function comparisonFigure(comparison: Comparison): Figure {
  const { name, title, subtitle, panels } = comparison
  return {
    name,
    title,
    subtitle,
    description: panels.map(describe).join(' '),
    specification: {
      hconcat: panels.map((panel, i) => drawPanel(panel, comparison, i === 0)),
      spacing: 48,
      resolve: { scale: { color: 'shared', shape: 'shared' } },
    },
  }
}

/** A panel in words: “Kendall's τ: SPOS 0.397, PA&DA 0.376.” */
function describe({ title, points }: Panel): string {
  const numbers = points.map(({ place, series, text }) => `${place}${series === '' ? '' : `, ${series},`} ${text}`)
  return `${title}: ${numbers.join('; ')}.`
}

/** `first`: true for the leftmost panel, which alone names the places if they are in rows. */
function drawPanel({ title, points, format }: Panel, comparison: Comparison, first: boolean) {
  const { places, placeTitle, series, layout } = comparison
  const below = layout === 'rows'
  const lines = layout === 'lines'
  const crowded = new Set(points.map((point) => point.place)).size < points.length
  const dodged = crowded && !lines
  const [place, offset, value] = below ? ['y', 'yOffset', 'x'] : ['x', 'xOffset', 'y']
  const { scale, axis } = valueAxis(
    points.flatMap(({ low, high }) => [low, high]),
    format,
  )
  const measured = { field: 'mean', type: 'quantitative', scale, axis: { title, titlePadding: 12, ...axis } }
  const legend = series.length > 1 ? { orient: 'top', title: null, symbolSize: 80 } : null
  const placed = {
    [place]: {
      field: 'place',
      type: 'nominal',
      sort: [...places],
      scale: { domain: [...places], padding: 0.3 },
      axis: {
        title: placeTitle,
        labels: first || !below,
        labelAngle: 0,
        labelColor: COLORS.ink,
        titlePadding: 10,
        grid: below,
      },
    },
    // Series stand side by side if they share places. Lines do without: their points must lie exactly at the places.
    ...(dodged && { [offset]: { field: 'series', type: 'nominal', scale: { domain: [...series] } } }),
    color: {
      field: 'series',
      type: 'nominal',
      legend,
      scale: { domain: [...series], range: series.map((_, i) => CATEGORIES[i % CATEGORIES.length]) },
    },
  }
  // Shapes tell series apart for those who do not see the colours.
  const shape = {
    field: 'series',
    type: 'nominal',
    legend,
    scale: { domain: [...series], range: series.map((_, i) => SHAPES[i % SHAPES.length]) },
  }
  const encoding = { ...placed, [value]: measured }
  const deviation = { ...placed, [value]: { ...measured, field: 'low' }, [`${value}2`]: { field: 'high' } }
  // A single seed has no deviation.
  const spread = points.filter(({ low, high }) => high > low)
  const text = { type: 'text', fontSize: 11, ...(below ? { dy: -11 } : { align: 'left', dx: 8 }) }
  const number = { ...encoding, text: { field: 'text' } }
  const layer = [
    ...(lines ? [{ mark: { type: 'line', strokeWidth: 1.5, opacity: 0.5 }, encoding }] : []),
    ...(spread.length > 0
      ? [{ data: { values: spread }, mark: { type: 'rule', strokeWidth: 1.5 }, encoding: deviation }]
      : []),
    // A white halo, so that lines do not cross out the numbers.
    { mark: { ...text, stroke: 'white', strokeWidth: 3 }, encoding: { ...number, color: { value: 'white' } } },
    { mark: text, encoding: { ...number, color: { value: COLORS.faint } } },
    { mark: { type: 'point', filled: true, size: 70, opacity: 1 }, encoding: { ...encoding, shape } },
  ]
  const longest = Math.max(...places.map((label) => label.length))
  const size = below
    ? { width: 300, height: { step: dodged ? 26 : 38 } }
    : { width: places.length * Math.max(dodged ? 72 * series.length : 96, 8 * longest), height: 240 }
  return { data: { values: [...points] }, ...size, layer }
}
