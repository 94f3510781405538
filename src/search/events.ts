/** What a search reports while it runs, in the order in which it happens. All of it is plain JSON. */
import type { EvaluatedEvent } from '../evaluation/events.js'
import type { CandidateEvent } from '../finding/events.js'
import type { ResultEvent } from '../runs/result.js'
import type { TrainEvent } from '../training/events.js'

export type * from '../evaluation/events.js'
export type * from '../finding/events.js'
export type * from '../runs/result.js'
export type { PathDistribution } from '../sampling/paths.js'
export type * from '../training/events.js'

/** A search begins or goes on; everything that it was given fits together. */
export interface StartEvent {
  readonly event: 'start'
  /** Run folder. */
  readonly run: string
  readonly space: string
  readonly method: string
  readonly dataset: string
  /** Scalar weights of the supernet. */
  readonly parameters: number
  readonly stepsPerEpoch: number
  readonly epochs: number
  /** Where a resumed run continues; absent for a new run. */
  readonly resumed?: { readonly epoch: number; readonly step: number }
}

/** Whatever {@link search} reports; `event` tells which. */
export type SearchEvent = StartEvent | TrainEvent | EvaluatedEvent | CandidateEvent | ResultEvent
