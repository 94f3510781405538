/** The events of a ranking, and the record of each sub-model in its result. All of them are plain JSON. */
import type { Path } from '../spaces/space.js'

/** The ranking has evaluated one more sub-model; not written to the event log. */
export interface EvaluatedEvent {
  readonly event: 'evaluated'
  /** Number of distinct sub-models evaluated, of `total`. */
  readonly done: number
  readonly total: number
  readonly path: Path
  /** In [0, 1]. */
  readonly accuracy: number
  /** Remembered from before, so it took no time. */
  readonly known?: true
}

/** The table of accuracies, and its column, that a ranking is compared with. */
export interface TruthSource {
  /** As in the settings: the file, or `embedded`. */
  readonly file: string
  readonly column: string
  /** Number of architectures or hashes with an accuracy. */
  readonly architectures: number
  /** Number of rows that were left out, because they have no number in the column. */
  readonly leftOut: number
  /** Unit in the table. Fractions were multiplied by 100. */
  readonly unit: 'percent' | 'fraction'
  /** Digest of the architectures or hashes and their accuracies, of 32 hexadecimal digits. */
  readonly digest: string
}

/** A sub-model that was evaluated, and its ground truth. */
export interface RankedSubModel {
  readonly path: Path
  /** The path in the space's notation. */
  readonly arch: string
  /** Accuracy with supernet weights, in [0, 1]. */
  readonly accuracy: number
  /** Accuracy in percent in the ground-truth table; null if the table lacks the sub-model. */
  readonly groundTruth: number | null
}
