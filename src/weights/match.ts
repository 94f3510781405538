/** What tensors that have names and what a supernet wants by name have in common. */
import type { Tensor } from '../formats/safetensors.js'

/** PyTorch's count of the batches that a running statistic has seen, on which nothing here depends. */
const COUNTER = '.num_batches_tracked'

export interface Match {
  /** Names that are there as they are wanted. */
  readonly matched: readonly string[]
  readonly missing: readonly string[]
  /** What is there in another shape, or as integers, in words. */
  readonly misfits: readonly string[]
  /** What nothing wants, but for counters. */
  readonly left: readonly string[]
  /** PyTorch's counters of batches. */
  readonly counters: readonly string[]
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
    counters: others.filter(isCounter),
  }
}

/** Such as `3 missing: a, b, c`; undefined for none. */
export function listed(what: string, names: readonly string[]): string | undefined {
  if (names.length === 0) return undefined
  const shown = names.slice(0, 3).join(', ')
  return `${names.length} ${what}: ${shown}${names.length > 3 ? ', …' : ''}`
}

/** Whether a tensor is such a count. */
export function isCounter(name: string): boolean {
  return name.endsWith(COUNTER)
}

function extents(shape: readonly number[]): string {
  return shape.length === 0 ? 'no axes' : shape.join('×')
}
