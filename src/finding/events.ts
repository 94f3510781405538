/** What the search for the best sub-models reports while it runs, and in the end. All of it is plain JSON. */
import type { RankedSubModel } from '../evaluation/events.js'
import type { Path } from '../spaces/space.js'

/** One more sub-model was evaluated on the way to the best ones; not written to the event log. */
export interface CandidateEvent {
  readonly event: 'candidate'
  /** Sub-models evaluated, of `total`, which a small space or narrow limits may not offer. */
  readonly done: number
  readonly total: number
  readonly path: Path
  /** In [0, 1]. */
  readonly accuracy: number
  /** The best accuracy so far. */
  readonly best: number
}

/** A sub-model that was found within limits, and what it costs. */
export interface FoundSubModel extends RankedSubModel {
  /** Parameters, multiply-adds and FLOPs for one image; latency, where it was measured, in milliseconds per batch. */
  readonly costs: Readonly<Record<string, number>>
}

/** The best sub-models within the limits. */
export interface Found {
  readonly algorithm: string
  /** Sub-models evaluated. */
  readonly evaluations: number
  readonly objectives: readonly string[]
  /** With one objective the best sub-models, best first; with several the Pareto front, by the first of them. */
  readonly best: readonly FoundSubModel[]
}
