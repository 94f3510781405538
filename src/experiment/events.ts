/** The events of an experiment. All of them are plain JSON. */
import type { Criterion } from '../config/ranking.js'
import type { ResultEvent, SearchEvent } from '../search/events.js'
import type { Difference } from './differences.js'
import type { Labels } from './plan.js'
import type { ConditionResult, Incomparable } from './results.js'

/** An experiment starts or continues. */
export interface ExperimentStartEvent {
  readonly event: 'experiment'
  readonly name: string
  /** Folder of the experiment. */
  readonly out: string
  /** Number of searches. */
  readonly cells: number
  /** Number of searches that are complete already. */
  readonly complete: number
}

interface AboutCell {
  /** Name of the search, unique in the experiment. */
  readonly cell: string
  /** Position of the search, from 1 to `cells`. */
  readonly number: number
  readonly cells: number
  readonly labels: Labels
  readonly seed: number
  /** Run folder. */
  readonly run: string
}

/** A search starts, or continues after an interruption. */
export interface CellEvent extends AboutCell {
  readonly event: 'cell'
  readonly resumed: boolean
  /**
   * What is another now than for the results that the search has, one phrase each: settings of ranking, finding and ground
   * truth, images, the table. Another ranking replaces them. Absent if there is nothing.
   */
  readonly changed?: readonly string[]
}

/** An event of the running search. */
export interface CellSearchEvent {
  readonly event: 'search'
  readonly cell: string
  readonly search: SearchEvent
}

/** A search is complete. */
export interface CellDoneEvent extends AboutCell {
  readonly event: 'cellDone'
  readonly result: ResultEvent
}

/** A search has failed, for example because its loss is no longer finite. The others continue. */
export interface CellFailedEvent {
  readonly event: 'cellFailed'
  readonly cell: string
  readonly message: string
}

/** Other processes hold all remaining searches. */
export interface WaitingEvent {
  readonly event: 'waiting'
  readonly cells: readonly string[]
}

/** Searches, by their names, whose results are of other settings, images or ground truth than they would have now. */
export interface Outdated {
  /** Their settings of ranking, finding or ground truth are others, so they are in no table. To rank again mends them. */
  readonly settings: readonly string[]
  /** Their test images or ground truth are others. To rank again mends them. */
  readonly ranking: readonly string[]
  /** Their training images are others: nothing mends them. */
  readonly training: readonly string[]
  /** Their images or their ground truth cannot be read now, for example because they are on another machine. */
  readonly unknown: readonly string[]
}

/** Tables and figures are written. This event is the last. */
export interface ReportEvent {
  readonly event: 'report'
  readonly name: string
  readonly cells: number
  /** Number of searches in the tables. */
  readonly complete: number
  /** Least number of sub-models over which a ranking was compared with its ground truth; absent without ground truth. */
  readonly fewestCompared?: number
  /** What the rankings are sorted by, each criterion once. */
  readonly rankedBy: readonly Criterion[]
  /** Studies with measures that cannot be compared; absent without any. */
  readonly incomparable?: Incomparable
  /** With `reportOnly`: searches whose results are of something else by now. */
  readonly outdated?: Outdated
  readonly conditions: readonly ConditionResult[]
  readonly differences: readonly Difference[]
  readonly files: readonly string[]
}

/** Any event of an experiment; the field `event` names its type. */
export type ExperimentEvent =
  | ExperimentStartEvent
  | CellEvent
  | CellSearchEvent
  | CellDoneEvent
  | CellFailedEvent
  | WaitingEvent
  | ReportEvent
/** Return value of {@link experiment}. */
export type ExperimentReport = ReportEvent
