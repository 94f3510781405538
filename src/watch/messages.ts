/** What the server sends to the page. All of it is plain JSON. */
import type { PlanFile } from '../experiment/plan-file.js'
import type { RetrainResult, RetrainStartEvent } from '../retraining/events.js'
import type { RunProgress } from '../runs/progress.js'
import type { RankedSubModel, SearchResult, StartEvent } from '../search/events.js'

/** What the first event of a log tells. Logs of earlier versions have fewer fields. */
export type About = Partial<
  Pick<
    StartEvent & RetrainStartEvent,
    'space' | 'method' | 'dataset' | 'arch' | 'epochs' | 'stepsPerEpoch' | 'parameters' | 'warnings'
  >
>

export type SubModel = RankedSubModel

/** The result of a search or of a retraining, as far as it is shown. */
export type Result = {
  /** Number of epochs that were trained; absent in logs of earlier versions. */
  readonly trained?: number
} & (
  | ({ readonly kind: 'retraining' } & Pick<RetrainResult, 'top1' | 'top5' | 'best' | 'seconds'>)
  | ({ readonly kind: 'search' } & Pick<
      SearchResult,
      'kendallTau' | 'kendallTauByParameters' | 'spearman' | 'bestFound' | 'regret' | 'seconds' | 'ranked' | 'rankedBy'
    > & {
        readonly top: readonly SubModel[]
        readonly found: readonly SubModel[]
        /** Kendall's tau of the ranking by what it is sorted by. */
        readonly tauOfRanking?: number | null
        readonly algorithm?: string
        readonly foundBy?: SearchResult['rankedBy']
      })
)

/** Probabilities that paths are drawn from. */
export interface Distribution {
  /** Names of the operations. */
  readonly operations: readonly string[]
  /** A row for all choices, or a row per choice. `shares` has an entry per option, and `names` says what it is. */
  readonly rows: readonly {
    readonly name: string
    readonly names: readonly string[]
    readonly shares: readonly number[]
  }[]
}

/** A run without its curves. */
export interface RunOverview {
  /** Path of the run folder below the watched one; `.` for the watched one itself. */
  readonly id: string
  readonly state: 'running' | 'finished' | 'stopped' | 'failed'
  /** Why its files cannot be read, or why it was stopped or has failed, if its log says so. */
  readonly reason?: string
  /** Which log it is: see {@link RowsMessage}. */
  readonly generation: number
  /** Number of epochs in the log. */
  readonly rows: number
  /** Number of sampled steps, and which file they are of. */
  readonly steps: { readonly generation: number; readonly rows: number }
  readonly about: About
  /** Numbers of the last epoch. */
  readonly latest: Partial<Record<'loss' | 'accuracy' | 'top1' | 'trainTop1' | 'gradientVariance', number>>
  readonly progress?: RunProgress
  readonly result?: Result
  readonly distribution?: Distribution
  /** Lines of the log that are no events. */
  readonly damaged: number
  /** When the run last wrote something, in milliseconds since 1970. */
  readonly changed: number
}

/** An experiment, whose cells are runs. */
export interface PlanOverview extends PlanFile {
  /** Path of its folder below the watched one. */
  readonly id: string
}

/** The first message of a connection: all there is. */
export interface HelloMessage {
  readonly message: 'hello'
  /** Changes when the server starts anew. Then generations of before mean nothing. */
  readonly instance: string
  /** The watched folder. */
  readonly folder: string
  readonly runs: readonly RunOverview[]
  readonly plans: readonly PlanOverview[]
}

/** A run is new or has changed. */
export interface RunMessage {
  readonly message: 'run'
  readonly run: RunOverview
}

/**
 * New rows of a run's curves. `from` is the number of rows before them. Whoever has more rows passes over those that he
 * has; whoever has fewer, or another generation, asks for `/api/series`.
 */
export interface RowsMessage {
  readonly message: 'rows'
  readonly run: string
  readonly series: SeriesName
  readonly generation: number
  readonly from: number
  readonly columns: readonly string[]
  /** By row, a value per column; null if it is missing. */
  readonly rows: readonly (readonly (number | null)[])[]
}

/** Curves by epoch, or by sampled step. */
export type SeriesName = 'epochs' | 'steps'

/** A run folder was removed. */
export interface GoneMessage {
  readonly message: 'gone'
  readonly run: string
}

/** The experiments have changed. */
export interface PlansMessage {
  readonly message: 'plans'
  readonly plans: readonly PlanOverview[]
}

export type Message = HelloMessage | RunMessage | RowsMessage | GoneMessage | PlansMessage
