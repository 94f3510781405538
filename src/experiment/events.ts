/** What an experiment reports while it runs. All of it is plain JSON. */
import type { ResultEvent, SearchEvent } from '../search/events.js'
import type { Labels } from './plan.js'
import type { ConditionResult } from './results.js'

/** An experiment begins or goes on. */
export interface ExperimentStartEvent {
  readonly event: 'experiment'
  readonly name: string
  /** Folder of the experiment. */
  readonly out: string
  /** Searches, and how many of them are complete already. */
  readonly cells: number
  readonly complete: number
}

interface AboutCell {
  /** Its name, unique in the experiment. */
  readonly cell: string
  /** Its place, from 1, among `cells`. */
  readonly number: number
  readonly cells: number
  readonly labels: Labels
  readonly seed: number
  /** Run folder. */
  readonly run: string
}

/** A search begins, or goes on where it was interrupted. */
export interface CellEvent extends AboutCell {
  readonly event: 'cell'
  readonly resumed: boolean
}

/** An event of the search that is under way. */
export interface CellSearchEvent {
  readonly event: 'search'
  readonly cell: string
  readonly search: SearchEvent
}

/** A search has ended well. */
export interface CellDoneEvent extends AboutCell {
  readonly event: 'cellDone'
  readonly result: ResultEvent
}

/** A search that cannot be finished, for example because its loss is no longer finite; the others go on. */
export interface CellFailedEvent {
  readonly event: 'cellFailed'
  readonly cell: string
  readonly message: string
}

/** Other processes hold all the cells that are left. */
export interface WaitingEvent {
  readonly event: 'waiting'
  readonly cells: readonly string[]
}

/** Tables and figures are written; the end. */
export interface ReportEvent {
  readonly event: 'report'
  readonly name: string
  readonly cells: number
  /** Searches whose numbers the tables have. */
  readonly complete: number
  readonly conditions: readonly ConditionResult[]
  readonly files: readonly string[]
}

/** Whatever an experiment reports; `event` tells which. */
export type ExperimentEvent =
  | ExperimentStartEvent
  | CellEvent
  | CellSearchEvent
  | CellDoneEvent
  | CellFailedEvent
  | WaitingEvent
  | ReportEvent
/** How an experiment ends: what {@link experiment} returns. */
export type ExperimentReport = ReportEvent
