/** Curves by epoch: panels side by side, each with one curve or several. */
import { CATEGORIES } from '../colors.js'
import { valueAxis } from '../value-axis.js'

/** Dashes of curves in the order of their colours, for those who do not see the colours. */
const DASHES = [
  [1, 0],
  [6, 3],
  [2, 2],
  [8, 3, 2, 3],
  [12, 3],
  [1, 4],
]

/** Number of epochs up to which every epoch has a mark. */
const FEW = 24

/** Values of one thing, by epoch. */
export interface Curve {
  readonly name: string
  readonly points: readonly CurvePoint[]
}

/** One value of a curve. */
export interface CurvePoint {
  /** From 1, as people count. */
  readonly epoch: number
  readonly value: number
  /** First epoch of the stretch without missing epochs; curves are broken between stretches. */
  readonly stretch: number
}

/** One measure. */
export interface CurvePanel {
  readonly title: string
  /** Number format of d3. */
  readonly format: string
  readonly curves: readonly Curve[]
}

/** For each epoch, the first of the stretch of consecutive epochs that it is in. All count from 1. */
export function stretchesOf(epochs: readonly { readonly epoch: number }[]): number[] {
  let first = 0
  return epochs.map(({ epoch }, i) => {
    if (i === 0 || epoch !== epochs[i - 1].epoch + 1) first = epoch + 1
    return first
  })
}

/** The curve of a field of epochs. Epochs that lack the field, or whose value is no finite number, are left out. */
export function curveOf<Epoch extends { readonly epoch: number }>(
  name: string,
  epochs: readonly Epoch[],
  read: (epoch: Epoch) => number | null | undefined,
): Curve {
  const stretches = stretchesOf(epochs)
  const points = epochs.flatMap((epoch, i) => {
    const value = read(epoch)
    return typeof value === 'number' && Number.isFinite(value)
      ? [{ epoch: epoch.epoch + 1, value, stretch: stretches[i] }]
      : []
  })
  return { name, points }
}

/** The Vega-Lite of panels. Curves of the same name look the same in all of them. */
export function curvesSpecification(panels: readonly CurvePanel[]): object {
  const names = [...new Set(panels.flatMap(({ curves }) => curves.map(({ name }) => name)))]
  return {
    hconcat: panels.map((panel) => drawPanel(panel, names, panels.length > 1 ? 320 : 560)),
    spacing: 40,
    resolve: { scale: { color: 'shared', strokeDash: 'shared' }, legend: { color: 'shared', strokeDash: 'shared' } },
  }
}

function drawPanel({ title, format, curves }: CurvePanel, names: readonly string[], width: number) {
  const values = curves.flatMap(({ name, points }) => points.map((point) => ({ name, ...point })))
  const epochs = new Set(values.map(({ epoch }) => epoch)).size
  // A line of one point is invisible.
  const alone = curves.flatMap(({ name, points }) =>
    points
      .filter((point) => points.filter(({ stretch }) => stretch === point.stretch).length === 1)
      .map((point) => ({ name, ...point })),
  )
  const { scale, axis } = valueAxis(
    values.map(({ value }) => value),
    format,
  )
  const order = { field: 'name', type: 'nominal', sort: null, title: null }
  const legend =
    names.length > 1 ? { orient: 'top', symbolType: 'stroke', symbolSize: 500, symbolStrokeWidth: 2, columns: 4 } : null
  const range = names.map((_, i) => CATEGORIES[i % CATEGORIES.length])
  const dashes = names.map((_, i) => DASHES[i % DASHES.length])
  const encoding = {
    x: {
      field: 'epoch',
      type: 'quantitative',
      title: 'epoch',
      scale: { zero: false, nice: false },
      axis: { grid: false, tickMinStep: 1, format: 'd', tickCount: Math.min(6, epochs) },
    },
    y: { field: 'value', type: 'quantitative', title, scale, axis },
    color: { ...order, scale: { domain: names, range }, legend },
    strokeDash: { ...order, scale: { domain: names, range: dashes }, legend },
  }
  const { strokeDash: _, ...plain } = encoding
  const mark = { type: 'point', filled: true, size: 26, opacity: 1 }
  return {
    data: { values },
    width,
    height: 220,
    layer: [
      { mark: { type: 'line', strokeWidth: 1.8 }, encoding: { ...encoding, detail: { field: 'stretch' } } },
      ...(epochs <= FEW ? [{ mark, encoding: plain }] : []),
      ...(epochs > FEW && alone.length > 0 ? [{ data: { values: alone }, mark, encoding: plain }] : []),
    ],
  }
}

/** A curve in words: “loss 2.31 in epoch 1, 0.43 in epoch 8”. */
export function courseOf({ name, points }: Curve, show: (value: number) => string): string {
  const [first, last] = [points[0], points.at(-1)]
  if (first === undefined || last === undefined) return `${name} unknown`
  const begin = `${name} ${show(first.value)} in epoch ${first.epoch}`
  return first === last ? begin : `${begin}, ${show(last.value)} in epoch ${last.epoch}`
}
