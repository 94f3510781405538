import { scalars } from '../../base/shapes.js'
import type { ParameterSpec } from '../../spaces/space.js'

/**
 * Weight inheritance (CLOSE's WIT): adds the weights of the previous block to those of block `block`, in `flat`, which
 * has all parameters in the order of `specs`. A block of zeros becomes a copy. Returns `flat`.
 */
export function addPrevious(specs: readonly ParameterSpec[], flat: Float32Array, block: number): Float32Array {
  const parts = new Map<string, Float32Array>()
  let offset = 0
  for (const { name, shape } of specs) {
    parts.set(name, flat.subarray(offset, offset + scalars(shape)))
    offset += scalars(shape)
  }
  for (const [name, part] of parts) {
    if (!name.includes(`.blocks.${block}.`)) continue
    const previous = parts.get(name.replace(`.blocks.${block}.`, `.blocks.${block - 1}.`))!
    for (let i = 0; i < part.length; i++) part[i] += previous[i]
  }
  return flat
}
