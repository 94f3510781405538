import type { Path } from '../spaces/space.js'

/** A table of accuracies, by path. */
export interface GroundTruth {
  /** Number of architectures in the table. */
  readonly size: number
  /** Every path of the table, in its order. */
  readonly paths: readonly Path[]
  /** The most accurate architecture; the first of equals. */
  readonly best: { readonly path: Path; readonly accuracy: number }
  /** Accuracy in percent, or undefined for a path that the table lacks. */
  accuracy(path: Path): number | undefined
}
