import type { Path } from '../spaces/space.js'
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
