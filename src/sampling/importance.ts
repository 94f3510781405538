/** From importances observed during an epoch to the distribution that the next epoch draws from. */
import type { PadaConfig } from '../config/schema.js'

/**
 * strength · importance/Σimportance + (1 − strength)/n: the update of both distributions of PA&DA (p and q in the paper's §3).
 * Where no importance was observed at all, the result is uniform.
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

/** How the values observed for one item combine; 0 stands for “not observed”. */
type Average = PadaConfig['dataImportance']

/**
 * Importance of each training image over one epoch: per image the running mean of two r ← (r + v)/2, which the released
 * code uses and which weighs the last sighting by one half, or the arithmetic mean. Images not seen have importance 0.
 */
export class DataImportance {
  readonly values: Float64Array
  /** Sightings in this epoch; what the arithmetic mean needs. */
  readonly counts: Float64Array
  readonly #average: Average

  constructor(count: number, average: Average) {
    this.values = new Float64Array(count)
    this.counts = new Float64Array(count)
    this.#average = average
  }

  /** Adds what one batch observed: `observed[i]` for image `indices[i]`, in the order of the batch. */
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
