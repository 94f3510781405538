/** Many points on a plane: circles or, if there are too many to tell apart, squares as large as their numbers. */
import { COLORS } from '../colors.js'

/** Largest number of points that are drawn one by one. */
const APART = 1_500
/** Squares along each axis. */
const BINS = 64

export interface CloudPoint {
  readonly x: number
  readonly y: number
}

/** A layer of Vega-Lite. `axes` is the encoding of `x` and `y`, whose plot has `width` pixels. */
export function cloud(points: readonly CloudPoint[], axes: object, { width }: { width: number }): object {
  if (points.length <= APART) {
    const mark = { type: 'circle', size: 22, color: COLORS.own, opacity: 0.55 }
    return { data: { values: [...points] }, mark, encoding: axes }
  }
  const values = binned(points)
  const most = Math.max(...values.map(({ count }) => count))
  const side = width / BINS
  return {
    data: { values },
    mark: { type: 'square', color: COLORS.own, opacity: 1 },
    encoding: {
      ...axes,
      size: {
        field: 'count',
        type: 'quantitative',
        scale: { type: 'sqrt', domain: [0, most], range: [0, side * side] },
        legend: { title: 'sub-models', orient: 'right', values: [1, 10, 100, 1000].filter((count) => count <= most) },
      },
    },
  }
}

/** Points counted in a grid of {@link BINS} × {@link BINS}; each square stands at its middle. */
export function binned(points: readonly CloudPoint[]): (CloudPoint & { readonly count: number })[] {
  const gridOf = (values: readonly number[]) => {
    const low = values.reduce((a, b) => Math.min(a, b))
    const high = values.reduce((a, b) => Math.max(a, b))
    const step = (high - low) / BINS || 1
    return {
      place: (value: number) => Math.min(BINS - 1, Math.floor((value - low) / step)),
      middle: (place: number) => low + (place + 0.5) * step,
    }
  }
  const x = gridOf(points.map((point) => point.x))
  const y = gridOf(points.map((point) => point.y))
  const counts = new Map<number, number>()
  for (const point of points) {
    const key = x.place(point.x) * BINS + y.place(point.y)
    counts.set(key, (counts.get(key) ?? 0) + 1)
  }
  return [...counts].map(([key, count]) => ({
    x: x.middle(Math.floor(key / BINS)),
    y: y.middle(key % BINS),
    count,
  }))
}
