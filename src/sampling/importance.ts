/** Turns the importances of one epoch into the distribution of the next epoch. */
import type { PadaConfig } from '../config/schema.js'

/**
 * strength · importance/Σimportance + (1 − strength)/n: PA&DA's update of its distributions p and q (the paper's §3).
 * If all importances are zero, the result is uniform.
 */
export function mixWithUniform(importance: ArrayLike<number>, strength: number): Float64Array {
  const n = importance.length
  let sum = 0
  for (let i = 0; i < n; i++) sum += importance[i]
  const mixed = new Float64Array(n)
  for (let i = 0; i < n; i++) {
    mixed[i] = sum > 0 ? (strength * importance[i]) / sum + (1 - strength) / n : 1 / n
  }
  return mixed
}

/** Rule that combines the values observed for one image. */
type Average = PadaConfig['dataImportance']

/**
 * Importance of each training image over one epoch. Several values of an image combine by r ← (r + v)/2, as in the
 * released code, or by their arithmetic mean. The former gives the last value a weight of one half. An image not drawn
 * has importance 0.
 */
export class DataImportance {
  readonly values: Float64Array
  /** Number of values of each image in this epoch. */
  readonly counts: Float64Array
  readonly #average: Average

  constructor(count: number, average: Average) {
    this.values = new Float64Array(count)
    this.counts = new Float64Array(count)
    this.#average = average
  }

  /** Adds the values of one batch: `observed[i]` belongs to image `indices[i]`. */
  add(indices: Int32Array, observed: ArrayLike<number>): void {
    const { values, counts } = this
    for (let i = 0; i < indices.length; i++) {
      const index = indices[i]
      const seen = ++counts[index]
      if (seen === 1) values[index] = observed[i]
      else if (this.#average === 'running') values[index] = (values[index] + observed[i]) / 2
      else values[index] += (observed[i] - values[index]) / seen
    }
  }

  reset(): void {
    this.values.fill(0)
    this.counts.fill(0)
  }
}
