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
}

/** One measure. */
export interface CurvePanel {
  readonly title: string
  /** Number format of d3. */
  readonly format: string
  readonly curves: readonly Curve[]
}

/** The curve of a field of epochs. Epochs that lack the field, or whose value is no finite number, are left out. */
export function curveOf<Epoch extends { readonly epoch: number }>(
  name: string,
  epochs: readonly Epoch[],
  read: (epoch: Epoch) => number | null | undefined,
): Curve {
  const points = epochs.flatMap((epoch) => {
    const value = read(epoch)
    return typeof value === 'number' && Number.isFinite(value) ? [{ epoch: epoch.epoch + 1, value }] : []
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
  return {
    data: { values },
    width,
    height: 220,
    layer: [
      { mark: { type: 'line', strokeWidth: 1.8 }, encoding },
      ...(epochs <= FEW ? [{ mark: { type: 'point', filled: true, size: 26, opacity: 1 }, encoding: plain }] : []),
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
