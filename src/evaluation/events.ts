/** What a ranking reports while it runs, and of each sub-model in the end. All of it is plain JSON. */
import type { Path } from '../spaces/space.js'

/** One more sub-model has its accuracy; not written to the event log. */
export interface EvaluatedEvent {
  readonly event: 'evaluated'
  /** Distinct sub-models evaluated, of `total`. */
  readonly done: number
  readonly total: number
  readonly path: Path
  /** In [0, 1]. */
  readonly accuracy: number
}

/** A sub-model that was evaluated, and its ground truth. */
export interface RankedSubModel {
  readonly path: Path
  /** The path in the space's notation. */
  readonly arch: string
  /** Accuracy with supernet weights, in [0, 1]. */
  readonly accuracy: number
  /** Accuracy in the ground-truth table, in the table's unit; null where the table lacks the path. */
  readonly groundTruth: number | null
}
