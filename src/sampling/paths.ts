import type { RandomStream } from '../random.js'
import type { Path } from '../spaces/space.js'
import { Categorical } from './categorical.js'

/** Draws paths edge by edge, independently, from one distribution over operations or from one per edge. Immutable. */
export class PathSampler {
  readonly #probabilities: readonly Float64Array[]
  readonly #distributions: readonly Categorical[]
  readonly #edges: number

  /** `probabilities` holds one distribution for all edges, or one for each. */
  constructor(edges: number, probabilities: readonly Float64Array[]) {
    this.#edges = edges
    this.#probabilities = probabilities
    this.#distributions = probabilities.map((distribution) => new Categorical(distribution))
  }

  draw(random: RandomStream): Path {
    const path = new Array<number>(this.#edges)
    for (let edge = 0; edge < this.#edges; edge++) path[edge] = this.#of(this.#distributions, edge).draw(random)
    return path
  }

  /** Probability of the path under uniform sampling over its probability here: its weight in an unbiased estimate. */
  uniformRatio(path: Path): number {
    let ratio = 1
    for (let edge = 0; edge < this.#edges; edge++) {
      const probabilities = this.#of(this.#probabilities, edge)
      ratio /= probabilities.length * probabilities[path[edge]]
    }
    return ratio
  }

  #of<T>(perDistribution: readonly T[], edge: number): T {
    return perDistribution[perDistribution.length === 1 ? 0 : edge]
  }
}

/** The distribution that gives each of `operations` operations equal probability. */
export function uniformDistribution(operations: number): Float64Array {
  return new Float64Array(operations).fill(1 / operations)
}
