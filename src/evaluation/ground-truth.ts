import type { Path, SearchSpace } from '../spaces/space.js'
import type { TruthSource } from './events.js'

/** A table of accuracies, by path. */
export interface GroundTruth {
  /** Where the accuracies come from, for reports. */
  readonly source?: TruthSource
  /** Number of architectures in the table. */
  readonly size: number
  /** All paths of the table, in the table's order. */
  readonly paths: readonly Path[]
  /** The most accurate architecture; the first of equals. */
  readonly best: { readonly path: Path; readonly accuracy: number }
  /** Accuracy in percent; undefined if the table lacks the path. */
  accuracy(path: Path): number | undefined
}

/**
 * The ground truth of sub-models, in percent; null if there is none. If the table lacks a path, the first one that differs
 * from it in dead edges only counts instead: it is the same sub-model.
 */
export function subModelTruth(space: SearchSpace, groundTruth: GroundTruth | undefined): (path: Path) => number | null {
  if (groundTruth === undefined) return () => null
  const keyOf = (path: Path) => (space.withoutDeadEdges?.(path) ?? path).join()
  let equal: Map<string, number> | undefined
  // Tables are listed only if needed. Listing a table by hash is slow, but it finds every path without.
  const byLive = () => {
    equal = new Map()
    for (const path of groundTruth.paths) {
      const key = keyOf(path)
      if (!equal.has(key)) equal.set(key, groundTruth.accuracy(path)!)
    }
    return equal
  }
  return (path) => groundTruth.accuracy(path) ?? (equal ?? byLive()).get(keyOf(path)) ?? null
}
