import type { RandomStream } from '../base/random.js'

/** Draws indices in proportion to weights by binary search in their running sums. Immutable. */
export class Categorical {
  readonly #sums: Float64Array
  /** The last index that can be drawn: it takes what rounding leaves over. */
  readonly #last: number

  /** `weights` are finite, not negative and not all zero; they need not sum to 1. Throws a RangeError otherwise. */
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

  draw(random: RandomStream): number {
    const sums = this.#sums
    const target = random.uniform() * sums[sums.length - 1]
    // The first index whose running sum exceeds the target: an index of weight zero never is.
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
