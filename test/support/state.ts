import type { ParameterSpec } from '../../src/spaces/space.js'

/** Number of scalars of all parameters. */
export function size(specs: readonly ParameterSpec[]): number {
  return specs.reduce((sum, spec) => sum + scalars(spec), 0)
}

/** Cuts flat state into parameters. */
export function byName(specs: readonly ParameterSpec[], flat: Float32Array): Map<string, Float32Array> {
  let offset = 0
  const result = new Map<string, Float32Array>()
  for (const spec of specs) {
    result.set(spec.name, flat.subarray(offset, offset + scalars(spec)))
    offset += scalars(spec)
  }
  return result
}

function scalars({ shape }: ParameterSpec): number {
  return shape.reduce((product, extent) => product * extent, 1)
}
