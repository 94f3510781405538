/** A tensor of a supernet: a parameter or a buffer. */
interface Spec {
  readonly name: string
  readonly shape: readonly number[]
}

/** Number of scalars of all parameters. */
export function size(specs: readonly Spec[]): number {
  return specs.reduce((sum, spec) => sum + scalars(spec), 0)
}

/** Cuts flat state into tensors. */
export function byName(specs: readonly Spec[], flat: Float32Array): Map<string, Float32Array> {
  let offset = 0
  const result = new Map<string, Float32Array>()
  for (const spec of specs) {
    result.set(spec.name, flat.subarray(offset, offset + scalars(spec)))
    offset += scalars(spec)
  }
  return result
}

function scalars({ shape }: Spec): number {
  return shape.reduce((product, extent) => product * extent, 1)
}
