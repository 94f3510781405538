/** Computes the costs of paths, each once, and compares them with the limits. */
import { setImmediate } from 'node:timers/promises'
import type { Limit } from '../config/schema.js'
import type { Path } from '../spaces/space.js'
import type { CostFunctions, Costs, Limits } from './problem.js'

/** Number of costs computed, in a few milliseconds, between two pauses in which the process can handle signals. */
const COSTS_PER_PAUSE = 128

export class Measures {
  readonly #costs: CostFunctions
  readonly #limits: Limits
  /** Values by name of the cost and by path. */
  readonly #known = new Map<string, Map<string, number>>()
  /** Names of the costs that have limits, in the order of the costs: cheap ones first. */
  readonly limited: readonly string[]
  #computed = 0

  constructor(costs: CostFunctions, limits: Limits) {
    this.#costs = costs
    this.#limits = limits
    for (const name of Object.keys(costs)) this.#known.set(name, new Map())
    this.limited = Object.keys(costs).filter((name) => limits[name] !== undefined)
  }

  async value(name: string, path: Path): Promise<number> {
    const known = this.#known.get(name)!
    const key = path.join()
    const found = known.get(key)
    if (found !== undefined) return found
    if (++this.#computed % COSTS_PER_PAUSE === 0) await setImmediate()
    const value = await this.#costs[name](path)
    if (!Number.isFinite(value)) {
      throw new RangeError(`Expected a finite number for ${name} of path ${key} but received ${value}`)
    }
    known.set(key, value)
    return value
  }

  async all(path: Path): Promise<Costs> {
    const costs: Record<string, number> = {}
    for (const name of Object.keys(this.#costs)) costs[name] = await this.value(name, path)
    return costs
  }

  /** True if a path meets all limits. Stops at the first broken one, so that expensive costs are measured last. */
  async meets(path: Path): Promise<boolean> {
    for (const name of this.limited) {
      if (excess(await this.value(name, path), this.#limits[name]) > 0) return false
    }
    return true
  }

  /** Sum over the limits of the excess, as a share of the limit; 0 if the path meets all limits. */
  async violation(path: Path): Promise<number> {
    let sum = 0
    for (const name of this.limited) sum += excess(await this.value(name, path), this.#limits[name])
    return sum
  }

  /** Smallest and largest value of a cost computed so far. */
  range(name: string): { readonly min: number; readonly max: number } {
    let min = Number.POSITIVE_INFINITY
    let max = Number.NEGATIVE_INFINITY
    for (const value of this.#known.get(name)!.values()) {
      min = Math.min(min, value)
      max = Math.max(max, value)
    }
    return { min, max }
  }
}

function excess(value: number, { min = Number.NEGATIVE_INFINITY, max = Number.POSITIVE_INFINITY }: Limit): number {
  if (value > max) return (value - max) / (Math.abs(max) || 1)
  return value < min ? (min - value) / (Math.abs(min) || 1) : 0
}
