import { counted, integer, percent } from '../../base/format.js'
import { amount, paretoFront } from '../../finding/index.js'
import { CATEGORIES, COLORS } from '../colors.js'
import type { Figure } from '../plot.js'
import type { FoundRow, SearchRecord } from '../run-record.js'
import { valueAxis } from '../value-axis.js'
import { cloud } from './cloud.js'

/** Size of a panel in pixels. */
const WIDTH = 320
const HEIGHT = 250

/** Titles of the axes, by name of the cost. */
const TITLES: Readonly<Record<string, string>> = {
  parameters: 'parameters',
  multiplyAdds: 'multiply-adds for one image',
  flops: 'FLOPs for one image',
  latency: 'latency, milliseconds per batch',
}

/** Costs that are counts, whose ticks have prefixes such as M. Other costs have ticks that are plain numbers. */
const COUNTS = ['parameters', 'multiplyAdds', 'flops']

/** Cost that is shown if the settings name none. */
const DEFAULT_COST = 'multiplyAdds'

/**
 * Accuracy against cost of all sub-models that a search for the best ones tried, with their Pareto front and the limits.
 * A panel for each cost that is an objective or has a limit. Undefined without such a search.
 */
export function paretoFigure({ found, config }: SearchRecord): Figure | undefined {
  if (found === undefined || found.length === 0) return undefined
  const { limits = {}, objectives = [] } = config.finding ?? {}
  const known = Object.keys(found[0].costs)
  const wanted = known.filter((cost) => cost in limits || objectives.some((name) => name === cost))
  const costs = wanted.length > 0 ? wanted : known.filter((cost) => cost === DEFAULT_COST)
  if (costs.length === 0) return undefined
  const fronts = costs.map((cost) => frontBy(found, cost))
  const limited = costs.flatMap((cost) => limitsOf(limits, cost).map(({ text }) => `${TITLES[cost] ?? cost} ${text}`))
  const ends = fronts.map((front, i) => {
    const [cheapest, best] = [front[0], front.at(-1)!]
    const at = (row: FoundRow) => `${percent(row.accuracy)} at ${amount(row.costs[costs[i]])}`
    return `Front by ${TITLES[costs[i]] ?? costs[i]}: ${counted(front.length, 'sub-model')}, from ${at(cheapest)} to ${at(best)}.`
  })
  return {
    name: 'pareto-front',
    title: 'Accuracy against cost of the sub-models that were tried',
    subtitle: [
      `${integer(found.length)} sub-models; diamonds: the Pareto front of the two axes${limited.length > 0 ? '; dashed: limits' : ''}`,
    ],
    description: [
      `${integer(found.length)} sub-models.`,
      ...ends,
      ...(limited.length > 0 ? [`Limits: ${limited.join('; ')}.`] : []),
    ].join(' '),
    specification: {
      hconcat: costs.map((cost, i) => panel(found, cost, fronts[i], limitsOf(limits, cost), i === 0)),
      spacing: 40,
    },
  }
}

/** The sub-models that none beats in accuracy and in one cost, by rising cost. */
export function frontBy(found: readonly FoundRow[], cost: string): FoundRow[] {
  const goals = found.map((row) => ({ row, goals: [row.accuracy, -row.costs[cost]] }))
  return paretoFront(goals)
    .map(({ row }) => row)
    .sort((a, b) => a.costs[cost] - b.costs[cost] || a.accuracy - b.accuracy)
}

type Limits = NonNullable<SearchRecord['config']['finding']>['limits']

function limitsOf(limits: Limits, cost: string): { value: number; text: string }[] {
  const limit = (limits as Readonly<Record<string, number | { min?: number; max?: number }>>)[cost]
  if (limit === undefined) return []
  const { min, max } = typeof limit === 'number' ? { min: undefined, max: limit } : limit
  return [
    ...(min === undefined ? [] : [{ value: min, text: `≥ ${amount(min)}` }]),
    ...(max === undefined ? [] : [{ value: max, text: `≤ ${amount(max)}` }]),
  ]
}

function panel(
  found: readonly FoundRow[],
  cost: string,
  front: readonly FoundRow[],
  limits: readonly { value: number; text: string }[],
  first: boolean,
) {
  const pointOf = (row: FoundRow) => ({ x: row.costs[cost], y: 100 * row.accuracy })
  const points = found.map(pointOf)
  const x = valueAxis(
    [...points.map((point) => point.x), ...limits.map(({ value }) => value)],
    COUNTS.includes(cost) ? '~s' : ',~r',
  )
  const y = valueAxis(
    points.map((point) => point.y),
    '~f',
  )
  const axes = {
    x: { field: 'x', type: 'quantitative', title: TITLES[cost] ?? cost, ...x },
    y: { field: 'y', type: 'quantitative', title: first ? 'accuracy with supernet weights, %' : null, ...y },
  }
  const values = front.map(pointOf)
  const orange = CATEGORIES[1]
  return {
    width: WIDTH,
    height: HEIGHT,
    layer: [
      cloud(points, axes, { width: WIDTH }),
      {
        data: { values },
        mark: { type: 'line', interpolate: 'step-after', color: orange, strokeWidth: 1.5 },
        encoding: axes,
      },
      {
        data: { values },
        mark: { type: 'point', shape: 'diamond', size: 70, filled: true, color: orange, opacity: 1 },
        encoding: axes,
      },
      {
        data: { values: limits.map(({ value }) => ({ x: value })) },
        mark: { type: 'rule', strokeDash: [5, 4], strokeWidth: 1.5, color: COLORS.ink },
        encoding: { x: axes.x },
      },
      {
        data: { values: limits.map(({ value, text }) => ({ x: value, text })) },
        mark: { type: 'text', align: 'right', dx: -5, fontSize: 11, color: COLORS.ink },
        encoding: { x: axes.x, y: { value: HEIGHT - 8 }, text: { field: 'text' } },
      },
    ],
  }
}
