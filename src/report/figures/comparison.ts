/** A figure that compares conditions: panels side by side, each with a point per condition, ± one deviation. */
import { CATEGORIES, COLORS } from '../colors.js'
import type { Figure } from '../plot.js'
import { valueAxis } from '../value-axis.js'
import { besideLines, SIDE_BY_SIDE } from './labels-beside-lines.js'

/** Shapes of series, in the order of their colours. */
const SHAPES = ['circle', 'square', 'triangle-up', 'diamond', 'cross', 'triangle-down']

/** Height of a panel whose places are in columns, and its least width. Two of these are as wide as the title. */
const HEIGHT = 240
const NARROWEST = 280

/** Longest name of a place left of the rows, in pixels: names of run folders end with what sets them apart. */
const LONGEST_NAME = 480

/** Pixels from the middle of a point to its number. */
const LABEL = 9

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
  /** A value that all points are compared with, as a dashed line with a name. */
  readonly reference?: Reference
}

/** A value that belongs to no condition. */
export interface Reference {
  readonly value: number
  readonly name: string
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
function describe({ title, points, reference }: Panel): string {
  const numbers = points.map(({ place, series, text }) => `${place}${series === '' ? '' : `, ${series},`} ${text}`)
  const beside = reference === undefined ? [] : [`${reference.name} ${reference.value.toFixed(3)}`]
  return `${title}: ${[...numbers, ...beside].join('; ')}.`
}

/** `first`: true for the leftmost panel, which alone names the places if they are in rows. */
function drawPanel(panel: Panel, comparison: Comparison, first: boolean) {
  const { points, format, reference } = panel
  const { places, series, layout } = comparison
  const below = layout === 'rows'
  const lines = layout === 'lines'
  const crowded = new Set(points.map((point) => point.place)).size < points.length
  const dodged = crowded && !lines
  const values = valueAxis(
    [...points.flatMap(({ low, high }) => [low, high]), ...(reference === undefined ? [] : [reference.value])],
    format,
  )
  const encodings = encodingsOf(panel, comparison, { ...values, first, dodged })
  const marks = (all: readonly Point[], shift: number) => marksOf(all, points, encodings, lines, shift)
  const numbers = (all: readonly Point[], place: object) =>
    numbersOf(all, encodings, { ...(below ? { dy: -11 } : { align: 'left', dx: LABEL }), ...place })
  // Of three series in columns nobody could tell whose number is whose. The description and the tables have them.
  const numbered = below || series.length <= 2
  // Bars of series that share places would hide each other, so series that lines join keep a few pixels apart.
  const shifts = series.map((_, i) => (i - (series.length - 1) / 2) * SIDE_BY_SIDE)
  const beside = { places, height: HEIGHT, scale: values.scale }
  const layer = lines
    ? [
        ...series.flatMap((name, i) =>
          marks(
            points.filter((point) => point.series === name),
            shifts[i],
          ),
        ),
        ...besideLines(numbered ? points : [], beside).flatMap(({ point, dy }) =>
          numbers([point], { dx: LABEL + shifts[shifts.length - 1], dy }),
        ),
      ]
    : [...(numbered ? numbers(points, {}) : []), ...marks(points, 0)]
  const longest = Math.max(...places.map((label) => label.length))
  const ofPlace = Math.max(dodged ? (numbered ? 84 : 40) * series.length : 96, 8 * longest)
  const size = below
    ? { width: 300, height: { step: dodged ? 26 : 38 } }
    : { width: Math.max(NARROWEST, places.length * ofPlace), height: HEIGHT }
  const dashed = reference === undefined ? [] : referenceMarks(reference, encodings, below)
  return { data: { values: [...points] }, ...size, layer: [...dashed, ...layer] }
}

/** How the fields of a point are drawn: its place, its value, its series; and the ends of its deviation. */
function encodingsOf(
  { title }: Panel,
  { places, placeTitle, series, layout }: Comparison,
  { scale, axis, first, dodged }: ReturnType<typeof valueAxis> & { readonly first: boolean; readonly dodged: boolean },
) {
  const below = layout === 'rows'
  const [place, offset, value] = below ? ['y', 'yOffset', 'x'] : ['x', 'xOffset', 'y']
  const measured = { field: 'mean', type: 'quantitative', scale, axis: { title, titlePadding: 12, ...axis } }
  const legend = series.length > 1 ? { orient: 'top', title: null, symbolSize: 80, symbolOpacity: 1 } : null
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
        labelLimit: LONGEST_NAME,
        titlePadding: 10,
        grid: below,
      },
    },
    // Series stand side by side if they share places.
    ...(dodged && { [offset]: { field: 'series', type: 'nominal', scale: { domain: [...series] } } }),
    color: {
      field: 'series',
      type: 'nominal',
      legend,
      scale: { domain: [...series], range: series.map((_, i) => CATEGORIES[i % CATEGORIES.length]) },
    },
  }
  return {
    point: { ...placed, [value]: measured },
    deviation: { ...placed, [value]: { ...measured, field: 'low' }, [`${value}2`]: { field: 'high' } },
    // Shapes tell series apart for those who do not see the colours.
    shape: {
      field: 'series',
      type: 'nominal',
      legend,
      scale: { domain: [...series], range: series.map((_, i) => SHAPES[i % SHAPES.length]) },
    },
  }
}

type Encodings = ReturnType<typeof encodingsOf>

/** Points with their deviations, and the line that joins them. `all`: those of `points` to draw. */
function marksOf(
  all: readonly Point[],
  points: readonly Point[],
  { point: encoding, deviation, shape }: Encodings,
  lines: boolean,
  shift: number,
) {
  const values = (kept: readonly Point[]) => ({ data: { values: kept.filter((point) => all.includes(point)) } })
  const moved = lines && { xOffset: shift }
  // A single seed has no deviation.
  const spread = points.filter(({ low, high }) => high > low)
  const line = { type: 'line', strokeWidth: 1.5, opacity: 0.5, ...moved }
  const rule = { type: 'rule', strokeWidth: 1.5, ...moved }
  const dot = { type: 'point', filled: true, size: 70, opacity: 1, ...moved }
  return [
    ...(lines ? [{ ...values(points), mark: line, encoding }] : []),
    ...(all.some((point) => spread.includes(point)) ? [{ ...values(spread), mark: rule, encoding: deviation }] : []),
    { ...values(points), mark: dot, encoding: { ...encoding, shape } },
  ]
}

/** A dashed line across the panel, and its name outside: above it, or right of it. */
function referenceMarks({ value, name }: Reference, { point }: Encodings, below: boolean) {
  const [along, across] = below ? ['x', 'y'] : ['y', 'x']
  const { scale, axis } = (point as Record<string, { readonly scale?: object; readonly axis?: object }>)[along]
  // It is the lowest layer, which decides whether there is a grid. A single value has none by default.
  const at = { [along]: { datum: value, type: 'quantitative', scale, axis: { ...axis, grid: true } } }
  const place = below ? { align: 'center', baseline: 'bottom', dy: -3 } : { align: 'left', baseline: 'middle', dx: 4 }
  const data = { values: [{ name }] }
  return [
    { data, mark: { type: 'rule', strokeDash: [4, 3], color: COLORS.faint }, encoding: at },
    {
      data,
      mark: { type: 'text', fontSize: 11, color: COLORS.faint, ...place },
      encoding: { ...at, [across]: { value: below ? 0 : 'width' }, text: { field: 'name' } },
    },
  ]
}

/** The numbers of points. A white halo is below each, so that nothing crosses it out. */
function numbersOf(values: readonly Point[], { point }: Encodings, place: object) {
  const text = { type: 'text', fontSize: 11, ...place }
  const encoding = { ...point, text: { field: 'text' } }
  return [
    {
      data: { values },
      mark: { ...text, stroke: 'white', strokeWidth: 3 },
      encoding: { ...encoding, color: { value: 'white' } },
    },
    { data: { values }, mark: text, encoding: { ...encoding, color: { value: COLORS.faint } } },
  ]
}
