/**
 * Gradient variance of one epoch (PA&DA, CVPR 2023, supplement A). σ² of a scalar weight is taken over the steps that
 * sampled the weight, and then averaged over weights. Weights that no step sampled are left out and counted.
 */
import { scalars } from '../base/shapes.js'
import type { Moments } from '../native/index.js'
import type { ParameterSpec } from '../spaces/space.js'

/** Mean of σ² over weights. */
export interface GradientVariance {
  /** Over all weights; 0 if no weight was sampled. */
  readonly all: number
  /** By name, over the weights of each candidate operation that has weights; null if none of them was sampled. */
  readonly byOperation: Readonly<Record<string, number | null>>
  /** Over the weights of all candidate operations; null if none was sampled. */
  readonly candidates: number | null
  /** Number of scalar weights that no step sampled. */
  readonly neverSampled: number
}

/** Averages the parameters' mean variances, each weighted by its number of scalars. */
export function gradientVariance(
  specs: readonly ParameterSpec[],
  operations: readonly string[],
  moments: Moments,
): GradientVariance {
  const all = new Mean()
  const candidates = new Mean()
  const byOperation = new Map<number, Mean>()
  let neverSampled = 0
  for (const [i, { shape, operation }] of specs.entries()) {
    const size = scalars(shape)
    const operationMean = operation === undefined ? undefined : entry(byOperation, operation)
    if (moments.timesSampled[i] === 0) {
      neverSampled += size
      continue
    }
    const variance = moments.meanVariance[i]
    all.add(variance, size)
    if (operationMean !== undefined) {
      candidates.add(variance, size)
      operationMean.add(variance, size)
    }
  }
  const named = [...byOperation]
    .sort(([a], [b]) => a - b)
    .map(([operation, mean]) => [operations[operation], mean.value])
  return {
    all: all.value ?? 0,
    byOperation: Object.fromEntries(named),
    candidates: candidates.value,
    neverSampled,
  }
}

class Mean {
  #sum = 0
  #weight = 0

  add(value: number, weight: number): void {
    this.#sum += value * weight
    this.#weight += weight
  }

  get value(): number | null {
    return this.#weight === 0 ? null : this.#sum / this.#weight
  }
}

function entry(means: Map<number, Mean>, key: number): Mean {
  const found = means.get(key) ?? new Mean()
  means.set(key, found)
  return found
}
