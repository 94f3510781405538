/** Events and result of the search for the best sub-models, all plain JSON. */
import type { FindingConfig } from '../config/schema.js'
import type { RankedSubModel } from '../evaluation/events.js'
import type { Path } from '../spaces/space.js'
import type { Limits } from './problem.js'

/** The search for the best sub-models has evaluated one more; not written to the event log. */
export interface CandidateEvent {
  readonly event: 'candidate'
  /** Number of sub-models evaluated, of at most `total`. A small space or narrow limits may offer fewer. */
  readonly done: number
  readonly total: number
  readonly path: Path
  /** In [0, 1]. */
  readonly accuracy: number
  /** Best accuracy so far, in [0, 1]. */
  readonly best: number
}

/** A sub-model within the limits, and its costs. */
export interface FoundSubModel extends RankedSubModel {
  /** Parameters, multiply-adds and FLOPs for one image; if measured, latency in milliseconds per batch. */
  readonly costs: Readonly<Record<string, number>>
}

/** The best sub-models within the limits. */
export interface Found {
  readonly algorithm: string
  /** Number of sub-models evaluated. */
  readonly evaluations: number
  /** Limits on costs that all of them meet; absent in the results of earlier versions. */
  readonly limits?: Limits
  /** Number of images that each was evaluated on; absent in the results of earlier versions, and in your own searches. */
  readonly images?: number
  readonly objectives: readonly string[]
  /** What they are sorted by, if there is one objective; absent in results of earlier versions, which sorted by accuracy. */
  readonly by?: FindingConfig['by']
  /** With one objective, the best sub-models, best first. With several, the Pareto front by the first objective. */
  readonly best: readonly FoundSubModel[]
}
