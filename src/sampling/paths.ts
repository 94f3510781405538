import type { RandomStream } from '../base/random.js'
import { optionsOf } from '../spaces/path.js'
import type { Choice, Path } from '../spaces/space.js'
import { Categorical } from './categorical.js'

/**
 * Probabilities of the K operations: one list for all choices of operations, or one list per choice, with 0 for
 * operations that it does not have.
 */
export type PathDistribution = readonly number[] | readonly (readonly number[])[]

/** A source that paths are drawn from. */
export interface PathSource {
  /** The next path. */
  draw(random: RandomStream): Path
}

/** Draws paths choice by choice, independently. Immutable. */
export class PathSampler implements PathSource {
  readonly #probabilities: readonly Float64Array[]
  readonly #distributions: readonly Categorical[]

  /** `probabilities` has one distribution per choice, over its options. Choices may share an array. */
  constructor(probabilities: readonly Float64Array[]) {
    this.#probabilities = probabilities
    const made = new Map<Float64Array, Categorical>()
    this.#distributions = probabilities.map((distribution) => {
      if (!made.has(distribution)) made.set(distribution, new Categorical(distribution))
      return made.get(distribution)!
    })
  }

  /** Draws every path with the same probability. */
  static uniform(choices: readonly Choice[]): PathSampler {
    return new PathSampler(choices.map((choice) => uniformDistribution(optionsOf(choice))))
  }

  draw(random: RandomStream): Path {
    const path = new Array<number>(this.#distributions.length)
    for (let c = 0; c < path.length; c++) path[c] = this.#distributions[c].draw(random)
    return path
  }

  /** Uniform probability of the path divided by its probability here: its weight in an unbiased estimate. */
  uniformRatio(path: Path): number {
    let ratio = 1
    for (let c = 0; c < path.length; c++) {
      const probabilities = this.#probabilities[c]
      ratio /= probabilities.length * probabilities[path[c]]
    }
    return ratio
  }
}

/** The distribution that gives each of `options` options equal probability. */
export function uniformDistribution(options: number): Float64Array {
  return new Float64Array(options).fill(1 / options)
}

/**
 * Restricts a distribution over all operations to `operations`: their normalised probabilities, or uniform if these are
 * all zero.
 */
export function restrictDistribution(probabilities: Float64Array, operations: readonly number[]): Float64Array {
  const chosen = Float64Array.from(operations, (operation) => probabilities[operation])
  const sum = chosen.reduce((total, probability) => total + probability, 0)
  if (sum === 0) return uniformDistribution(operations.length)
  // All operations allowed: return the learned probabilities unchanged.
  return operations.length === probabilities.length ? chosen : chosen.map((probability) => probability / sum)
}
