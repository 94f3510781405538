import { scalars } from '../../src/base/shapes.js'

/** A tensor of a supernet: a parameter or a buffer. */
interface Spec {
  readonly name: string
  readonly shape: readonly number[]
}

/** Number of scalars in all tensors. */
export function size(specs: readonly Spec[]): number {
  return specs.reduce((sum, spec) => sum + scalars(spec.shape), 0)
}

/** Splits flat state into tensors by name. */
export function byName(specs: readonly Spec[], flat: Float32Array): Map<string, Float32Array> {
  let offset = 0
  const result = new Map<string, Float32Array>()
  for (const spec of specs) {
    const end = offset + scalars(spec.shape)
    result.set(spec.name, flat.subarray(offset, end))
    offset = end
  }
  return result
}
