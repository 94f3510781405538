/**
 * The problem that the algorithms of this folder solve: a space, a function that evaluates a path, and limits on the
 * costs of paths. No algorithm knows a supernet, so any function from paths to numbers can be maximized.
 */
import { expected } from '../base/errors.js'
import type { RandomStream } from '../base/random.js'
import type { Limit } from '../config/schema.js'
import { costOf } from '../spaces/cost.js'
import type { Path, SearchSpace } from '../spaces/space.js'

/** Name of the objective that {@link Problem.evaluate} computes. All other objectives are costs. */
export const ACCURACY = 'accuracy'

/** Costs of a path by name; less is better. */
export type Costs = Readonly<Record<string, number>>

/** Functions that compute the costs of a path, by name, cheap ones first. Each is called once per path. */
export type CostFunctions = Readonly<Record<string, (path: Path) => number | Promise<number>>>

/** Limits on costs, by name of the cost. */
export type Limits = Readonly<Record<string, Limit>>

/** The paths that may be found. */
export interface Constraints {
  readonly space: SearchSpace
  /** Default: {@link costsOf} the space. */
  readonly costs?: CostFunctions
  /** Hard limits: a path that breaks one is never evaluated. Default: none. */
  readonly limits?: Limits
  readonly signal?: AbortSignal
}

/** The problem of an algorithm: paths, and the objectives to optimize. */
export interface Problem extends Constraints {
  /** Accuracy of a path after `withoutDeadEdges`, or any finite number of which more is better. */
  evaluate(path: Path): number | Promise<number>
  /**
   * Accuracies of several paths, in their order and as many. Algorithms use it wherever the next paths do not depend on
   * the accuracies of these. Default: {@link evaluate}, one after the other.
   */
  evaluateAll?(paths: readonly Path[]): AsyncIterable<number>
  /** `accuracy` and names of costs. With two or more, the result is a Pareto front. Default: accuracy alone. */
  readonly objectives?: readonly string[]
  /** Stream that all decisions are drawn from; default: the stream `finding` of seed 0. */
  readonly random?: RandomStream
}

/** How an algorithm made a path. */
export type Origin = 'random' | 'mutation' | 'crossover' | 'neighbour'

/** A path that was evaluated. */
export interface Candidate {
  readonly path: Path
  readonly accuracy: number
  /** All costs of the problem. */
  readonly costs: Costs
  /** One number per objective, of which more is better: costs are negated. */
  readonly goals: readonly number[]
  readonly origin: Origin
}

/** An algorithm yields candidates as it evaluates them, and returns the best one or the Pareto front. */
export type Finder = AsyncGenerator<Candidate, Candidate[]>

/** Parameters, multiply-adds and FLOPs, as {@link costOf} counts them. */
export function costsOf(space: SearchSpace, options: { readonly published?: boolean } = {}): CostFunctions {
  const count = costOf(space, options)
  // Callers ask for the three costs of a path one after another.
  let last: { path: Path; cost: ReturnType<typeof count> } | undefined
  const cost = (path: Path) => {
    if (last?.path !== path) last = { path, cost: count(path) }
    return last.cost
  }
  return {
    parameters: (path) => cost(path).parameters,
    multiplyAdds: (path) => cost(path).multiplyAdds,
    flops: (path) => cost(path).flops,
  }
}

/**
 * Checks limits and objectives, which scripts may give in any form.
 *
 * @throws UserError for a limit that names no cost or is no group of numbers `min` and `max`, for no objective, and
 *   for an objective that names neither a cost nor `accuracy`.
 */
export function checkGoals(costs: CostFunctions, limits: Limits, objectives: readonly string[]): void {
  const known = Object.keys(costs)
  const check = (names: readonly string[], allowed: readonly string[], where: string) => {
    const unknown = names.find((name) => !allowed.includes(name))
    if (unknown === undefined) return
    throw expected(allowed.join(', ') || 'none', where, `"${unknown}"`, 2)
  }
  check(Object.keys(limits), known, 'limits')
  for (const [name, limit] of Object.entries(limits)) {
    if (limit !== undefined && !isLimit(limit))
      throw expected('{ min }, { max } or both', `limits.${name}`, JSON.stringify(limit), 2)
  }
  if (objectives.length === 0) throw expected('at least one name', 'objectives', 'none', 2)
  check(objectives, [ACCURACY, ...known], 'objectives')
}

function isLimit(limit: Limit): boolean {
  if (typeof limit !== 'object' || limit === null) return false
  const entries = Object.entries(limit).filter(([, value]) => value !== undefined)
  const isEnd = ([key, value]: [string, unknown]) =>
    ['min', 'max'].includes(key) && typeof value === 'number' && !Number.isNaN(value)
  return entries.length > 0 && entries.every(isEnd)
}
