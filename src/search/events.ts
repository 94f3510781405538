/** Events of a search, in the order in which they happen. All are plain JSON. */
import type { UsedImages } from '../data/splits.js'
import type { Processes } from '../distributed/index.js'
import type { EvaluatedEvent, TruthSource } from '../evaluation/events.js'
import type { CandidateEvent } from '../finding/events.js'
import type { Limits } from '../finding/index.js'
import type { Machine } from '../native/index.js'
import type { Shape } from '../programs/program.js'
import type { DiscardedEvent } from '../runs/computed-from.js'
import type { ResultEvent } from '../runs/result.js'
import type { TrainEvent } from '../training/events.js'

export type * from '../evaluation/events.js'
export type * from '../finding/events.js'
export type { ComputedFrom, DiscardedEvent } from '../runs/computed-from.js'
export type * from '../runs/result.js'
export type { PathDistribution } from '../sampling/paths.js'
export type * from '../training/events.js'

/**
 * The images that a ranking evaluates on. They are in stratified order: each batch has the class shares of all test
 * images, as nearly as it can.
 */
export interface RankingImages {
  readonly images: number
  /** Number of test images. */
  readonly of: number
  readonly batches: number
  readonly order: 'stratified'
  /** True if batch norms normalise by the batch, so that order and batches change accuracies. */
  readonly batchStatistics: boolean
}

/** A part of a search. By default `find` runs only if the settings have `finding`. */
export type Phase = 'train' | 'rank' | 'find'

/** All phases, in their order. */
export const PHASES: readonly Phase[] = ['train', 'rank', 'find']

/** A search begins or resumes. Its settings, files and run folder have passed all checks. */
export interface StartEvent {
  readonly event: 'start'
  /** Run folder. */
  readonly run: string
  readonly space: string
  readonly method: string
  readonly dataset: string
  /** The splits in use, their names in the files, and what was passed over. */
  readonly images: UsedImages
  /** Shape of one image. */
  readonly input: Shape
  /** The table that the ranking is compared with; null without one. */
  readonly groundTruth: TruthSource | null
  /** Number of scalar weights of the supernet. */
  readonly parameters: number
  readonly stepsPerEpoch: number
  readonly epochs: number
  /** Phases that this search runs. Absent in the event log, because a run may get its phases one by one. */
  readonly phases?: readonly Phase[]
  readonly evaluation: RankingImages
  /** How sub-models are searched for, if the settings say that they are. */
  readonly finding?: { readonly algorithm: string; readonly limits: Limits }
  /** What the run computes with. The event log keeps the machine on which the run began. */
  readonly machine: Machine
  /** The processes that the run began with; absent if it is one. */
  readonly processes?: Processes
  /** What is odd in images or settings, one sentence each, e.g. classes without images. Empty for an ordinary run. */
  readonly warnings: readonly string[]
  /** Position at which a resumed run continues, both from 0; absent for a new run. */
  readonly resumed?: { readonly epoch: number; readonly step: number }
  /** True if a run is resumed that has no checkpoint yet, so that its training begins anew. */
  readonly anew?: true
}

/** Any event of {@link search}; `event` names its kind. */
export type SearchEvent = StartEvent | TrainEvent | DiscardedEvent | EvaluatedEvent | CandidateEvent | ResultEvent
