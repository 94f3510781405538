import { decimal, integer } from '../../base/format.js'
import { kendallTauB, spearman } from '../../evaluation/rank-metrics.js'
import { CATEGORIES, COLORS } from '../colors.js'
import type { Figure } from '../plot.js'
import type { RankedRow } from '../run-record.js'
import { valueAxis } from '../value-axis.js'
import { type CloudPoint, cloud } from './cloud.js'

const WIDTH = 400

/**
 * Accuracy with supernet weights against ground truth, with the line of least squares and Kendall's tau-b. Undefined
 * with fewer than two sub-models of known truth.
 */
export function supernetAccuracyFigure(ranking: readonly RankedRow[]): Figure | undefined {
  const points = ranking.flatMap(({ accuracy, groundTruth }): CloudPoint[] =>
    groundTruth === null ? [] : [{ x: 100 * accuracy, y: groundTruth }],
  )
  if (points.length < 2) return undefined
  const [xs, ys] = [points.map(({ x }) => x), points.map(({ y }) => y)]
  const tau = decimal(kendallTauB(xs, ys))
  const agreement = `Kendall's τ = ${tau}, Spearman's ρ = ${decimal(spearman(xs, ys))}`
  const fit = leastSquares(points)
  const axis = (field: 'x' | 'y', values: readonly number[], title: string) => {
    const { scale, axis } = valueAxis(values, '~f')
    return { field, type: 'quantitative', title, scale, axis: { ...axis, titlePadding: 10 } }
  }
  const axes = {
    x: axis('x', xs, 'accuracy with supernet weights, %'),
    y: axis('y', ys, 'ground truth, %'),
  }
  const first = { x: points[0].x, y: points[0].y, text: 'ranked first' }
  const words = `${integer(points.length)} sub-models`
  const line = fit === undefined ? [] : lineWithin(fit, points)
  const orange = CATEGORIES[1]
  return {
    name: 'supernet-accuracy',
    title: 'Accuracy with supernet weights against ground truth',
    subtitle: [`${words}, ${agreement}`],
    description: [
      `${words}: ${agreement}.`,
      ...(fit === undefined ? [] : [`Least squares: ${decimal(fit.slope)} % of truth for each % of accuracy.`]),
      `The sub-model ranked first has a truth of ${decimal(first.y, 2)} %.`,
    ].join(' '),
    specification: {
      width: WIDTH,
      height: 300,
      layer: [
        cloud(points, axes, { width: WIDTH }),
        {
          data: { values: line },
          mark: { type: 'line', color: orange, strokeWidth: 2, strokeDash: [6, 3] },
          encoding: axes,
        },
        {
          data: { values: [first] },
          mark: { type: 'point', shape: 'diamond', size: 110, filled: true, color: orange, opacity: 1 },
          encoding: axes,
        },
        {
          data: { values: [first] },
          mark: { type: 'text', align: 'right', dx: -10, stroke: 'white', strokeWidth: 4, fontSize: 12 },
          encoding: { ...axes, text: { field: 'text' } },
        },
        {
          data: { values: [first] },
          mark: { type: 'text', align: 'right', dx: -10, color: COLORS.ink, fontSize: 12 },
          encoding: { ...axes, text: { field: 'text' } },
        },
      ],
    },
  }
}

/** The line y = slope · x + intercept. */
interface Line {
  readonly slope: number
  readonly intercept: number
}

/** The line y = slope · x + intercept of least squares; undefined if all x are equal. */
export function leastSquares(points: readonly CloudPoint[]): Line | undefined {
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length
  const [x, y] = [mean(points.map((point) => point.x)), mean(points.map((point) => point.y))]
  let [xx, xy] = [0, 0]
  for (const point of points) {
    xx += (point.x - x) ** 2
    xy += (point.x - x) * (point.y - y)
  }
  if (xx === 0) return undefined
  return { slope: xy / xx, intercept: y - (xy / xx) * x }
}

/** The two ends of a line within the ranges of x and y of some points. */
export function lineWithin({ slope, intercept }: Line, points: readonly CloudPoint[]): CloudPoint[] {
  const rangeOf = (values: readonly number[]) =>
    [values.reduce((a, b) => Math.min(a, b)), values.reduce((a, b) => Math.max(a, b))] as const
  const [left, right] = rangeOf(points.map(({ x }) => x))
  const [bottom, top] = rangeOf(points.map(({ y }) => y))
  // A line of least squares passes through the mean of the points, so it crosses the rectangle.
  const crossings = slope === 0 ? [left, right] : [(bottom - intercept) / slope, (top - intercept) / slope]
  const [first, last] = [Math.min(...crossings), Math.max(...crossings)]
  return [Math.max(left, first), Math.min(right, last)].map((x) => ({ x, y: slope * x + intercept }))
}
