import type { RandomStream } from '../base/random.js'

/** Draws indices in proportion to weights, by binary search in their running sums. Immutable. */
export class Categorical {
  readonly #sums: Float64Array
  /** The last index with a positive weight. It absorbs rounding errors. */
  readonly #last: number

  /** Throws a RangeError unless `weights` are finite, at least 0 and not all zero. They need not sum to 1. */
  constructor(weights: ArrayLike<number>) {
    this.#sums = new Float64Array(weights.length)
    let sum = 0
    let last = -1
    for (let i = 0; i < weights.length; i++) {
      const weight = weights[i]
      if (!(weight >= 0)) throw new RangeError(`Expected weights of at least 0 but received ${weight} at index ${i}`)
      if (weight > 0) last = i
      sum += weight
      this.#sums[i] = sum
    }
    if (!(sum > 0 && sum < Infinity)) throw new RangeError(`Expected weights with a positive sum but received ${sum}`)
    this.#last = last
  }

  /** Draws an index; its probability is its weight divided by the sum of all. */
  draw(random: RandomStream): number {
    const sums = this.#sums
    const target = random.uniform() * sums[sums.length - 1]
    // Finds the first index whose running sum exceeds the target. It never has weight zero.
    let low = 0
    let high = this.#last
    while (low < high) {
      const middle = (low + high) >>> 1
      if (sums[middle] > target) high = middle
      else low = middle + 1
    }
    return low
  }
}
