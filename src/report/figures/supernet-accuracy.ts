import { decimal, integer } from '../../base/format.js'
import { kendallTauB, spearman } from '../../evaluation/rank-metrics.js'
import { CATEGORIES, COLORS } from '../colors.js'
import type { Figure } from '../plot.js'
import type { RankedRow } from '../run-record.js'
import { valueAxis } from '../value-axis.js'
import { type CloudPoint, cloud } from './cloud.js'

const WIDTH = 400
/** Share of the lowest values that do not decide what is usual. */
const OUTSIDE = 0.02

/**
 * Accuracy with supernet weights against ground truth, with the line of least squares and Kendall's tau-b. A few
 * sub-models that are far below the others, such as those that have learnt nothing, lie outside, and the words count
 * them. Undefined with fewer than two sub-models of known truth.
 */
export function supernetAccuracyFigure(ranking: readonly RankedRow[]): Figure | undefined {
  const points = ranking.flatMap(({ accuracy, groundTruth }): CloudPoint[] =>
    groundTruth === null ? [] : [{ x: 100 * accuracy, y: groundTruth }],
  )
  if (points.length < 2) return undefined
  const [xs, ys] = [xsOf(points), ysOf(points)]
  const tau = decimal(kendallTauB(xs, ys))
  const agreement = `Kendall's τ = ${tau}, Spearman's ρ = ${decimal(spearman(xs, ys))}`
  const shown = withoutFarBelow(points)
  const outside = points.length - shown.length
  const fit = leastSquares(shown)
  const axis = (field: 'x' | 'y', values: readonly number[], title: string) => {
    const { scale, axis } = valueAxis(values, '~f')
    return { field, type: 'quantitative', title, scale, axis: { ...axis, titlePadding: 10 } }
  }
  const axes = {
    x: axis('x', xsOf(shown), 'accuracy with supernet weights, %'),
    y: axis('y', ysOf(shown), 'ground truth, %'),
  }
  const first = { x: points[0].x, y: points[0].y, text: 'ranked first' }
  const words = `${integer(points.length)} sub-models`
  const left =
    outside === 0 ? [] : [`${integer(outside)} far below the others ${outside === 1 ? 'is' : 'are'} not shown`]
  const line = fit === undefined ? [] : lineWithin(fit, shown)
  const orange = CATEGORIES[1]
  return {
    name: 'supernet-accuracy',
    title: 'Accuracy with supernet weights against ground truth',
    subtitle: [`${words}, ${agreement}`, ...left],
    description: [
      `${words}: ${agreement}.`,
      ...left.map((sentence) => `${sentence}.`),
      `The sub-model ranked first has a truth of ${decimal(first.y, 2)} %.`,
    ].join(' '),
    specification: {
      width: WIDTH,
      height: 300,
      layer: [
        cloud(shown, axes, { width: WIDTH }),
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

/** The points except those far below the others in x or y. The first point stays. */
export function withoutFarBelow(points: readonly CloudPoint[]): CloudPoint[] {
  const [lowX, lowY] = [farBelow(xsOf(points)), farBelow(ysOf(points))]
  return points.filter(({ x, y }, place) => place === 0 || (x >= lowX && y >= lowY))
}

/** Half of the range of all values but the lowest {@link OUTSIDE}, below that range. */
function farBelow(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const usual = sorted[Math.floor(OUTSIDE * sorted.length)]
  return usual - (sorted[sorted.length - 1] - usual) / 2
}

function xsOf(points: readonly CloudPoint[]): number[] {
  return points.map(({ x }) => x)
}

function ysOf(points: readonly CloudPoint[]): number[] {
  return points.map(({ y }) => y)
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
