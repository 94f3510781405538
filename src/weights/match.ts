/** Compares named tensors with the tensors that a supernet has. */
import type { Tensor } from '../formats/safetensors.js'

/** PyTorch's count of the batches that a running statistic has seen. Nothing here depends on it. */
const COUNTER = '.num_batches_tracked'

export interface Match {
  /** Names of tensors that fit. */
  readonly matched: readonly string[]
  readonly missing: readonly string[]
  /** Tensors of another shape or of integers, in words. */
  readonly misfits: readonly string[]
  /** Names of tensors that the supernet does not have, without PyTorch's counters of batches. */
  readonly left: readonly string[]
}

/** Compares `tensors` with the specs of parameters and buffers. */
export function matchWeights(
  specs: readonly { readonly name: string; readonly shape: readonly number[] }[],
  tensors: ReadonlyMap<string, Tensor>,
): Match {
  const matched: string[] = []
  const missing: string[] = []
  const misfits: string[] = []
  for (const { name, shape } of specs) {
    const tensor = tensors.get(name)
    if (tensor === undefined) missing.push(name)
    else if (tensor.shape.join() !== shape.join()) {
      misfits.push(`${name} of ${extents(tensor.shape)} instead of ${extents(shape)}`)
    } else if (!(tensor.data instanceof Float32Array)) misfits.push(`${name} of integers`)
    else matched.push(name)
  }
  const known = new Set(specs.map(({ name }) => name))
  const others = [...tensors.keys()].filter((name) => !known.has(name))
  return {
    matched,
    missing,
    misfits,
    left: others.filter((name) => !isCounter(name)),
  }
}

/** A phrase such as `3 missing: a, b, c`; undefined for no names. */
export function listed(label: string, names: readonly string[]): string | undefined {
  if (names.length === 0) return undefined
  const shown = names.slice(0, 3).join(', ')
  return `${names.length} ${label}: ${shown}${names.length > 3 ? ', …' : ''}`
}

/** True for the name of PyTorch's count of batches. */
export function isCounter(name: string): boolean {
  return name.endsWith(COUNTER)
}

function extents(shape: readonly number[]): string {
  return shape.length === 0 ? 'no axes' : shape.join('×')
}
