/**
 * What the algorithms of this folder work on: a space, a function that judges a path, and what paths may cost. None of
 * them knows a supernet, so whatever gives a path a number can be searched.
 */
import { UserError } from '../base/errors.js'
import type { RandomStream } from '../base/random.js'
import type { Limit } from '../config/schema.js'
import { costOf } from '../spaces/cost.js'
import type { Path, SearchSpace } from '../spaces/space.js'

/** The objective that {@link Problem.evaluate} gives. Whatever else is an objective is a cost. */
export const ACCURACY = 'accuracy'

/** Costs of a path by name; less is better. */
export type Costs = Readonly<Record<string, number>>

/** What tells each cost of a path, cheap ones before expensive ones. Each is asked once per path. */
export type CostFunctions = Readonly<Record<string, (path: Path) => number | Promise<number>>>

/** What paths are allowed, by name of the cost. */
export type Limits = Readonly<Record<string, Limit>>

/** Which paths may be found. */
export interface Constraints {
  readonly space: SearchSpace
  /** Default: {@link costsOf} the space. */
  readonly costs?: CostFunctions
  /** Hard: a path that breaks one is never evaluated. Default: none. */
  readonly limits?: Limits
  readonly signal?: AbortSignal
}

/** What an algorithm searches: which paths, judged how. */
export interface Problem extends Constraints {
  /** Accuracy of a path with fewest operations (`withoutDeadEdges`), or any finite number of which more is better. */
  evaluate(path: Path): number | Promise<number>
  /** `accuracy` and names of costs; two or more ask for a Pareto front. Default: accuracy alone. */
  readonly objectives?: readonly string[]
  /** What all decisions are drawn from; default: the stream `finding` of seed 0. */
  readonly random?: RandomStream
}

/** What an algorithm took a path for. */
export type Origin = 'random' | 'mutation' | 'crossover' | 'neighbour'

/** A path that was evaluated. */
export interface Candidate {
  readonly path: Path
  readonly accuracy: number
  /** Every cost that the problem has. */
  readonly costs: Costs
  /** One number per objective, more is better: costs with their sign turned. */
  readonly goals: readonly number[]
  readonly origin: Origin
}

/** Every algorithm yields candidates as it evaluates them, and returns the best one or the Pareto front. */
export type Finder = AsyncGenerator<Candidate, Candidate[]>

/** Parameters, multiply-adds and FLOPs, as {@link costOf} counts them. */
export function costsOf(space: SearchSpace, options: { readonly published?: boolean } = {}): CostFunctions {
  const count = costOf(space, options)
  // The three are asked for one after the other.
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

/** Throws a {@link UserError} for objectives and limits that name no cost. */
export function checkNames(costs: CostFunctions, limits: Limits, objectives: readonly string[]): void {
  const known = Object.keys(costs)
  const check = (names: readonly string[], allowed: readonly string[], where: string) => {
    const stranger = names.find((name) => !allowed.includes(name))
    if (stranger === undefined) return
    throw new UserError(`Expected ${allowed.join(', ') || 'none'} for ${where} but received "${stranger}"`, 2)
  }
  check(Object.keys(limits), known, 'limits')
  check(objectives, [ACCURACY, ...known], 'objectives')
}
