/** How a run ends: what `summary.json` holds. */
import type { RankedSubModel } from '../evaluation/events.js'
import type { Found } from '../finding/events.js'
import type { PathDistribution } from '../sampling/paths.js'

/** The outcome. Numbers that need a ranking or a ground truth are null where there is none. */
export interface ResultEvent {
  readonly event: 'result'
  readonly space: string
  readonly method: string
  readonly dataset: string
  readonly epochs: number
  /** Training and ranking, summed over interruptions. */
  readonly seconds: number
  /** Kendall's tau-b between supernet accuracy and ground truth, over the sub-models that have both. */
  readonly kendallTau: number | null
  readonly spearman: number | null
  /** P@top-K by share of the ranked sub-models, e.g. { '5%': 0.4 }. */
  readonly precisionAtTop: Readonly<Record<string, number>> | null
  /** Ground-truth accuracy of the sub-model that the supernet ranks first, in the table's unit. */
  readonly bestFound: number | null
  /** Best accuracy of the whole table less `bestFound`. */
  readonly regret: number | null
  /** Per epoch. */
  readonly gradientVariance: readonly number[]
  readonly pathDistribution: PathDistribution
  readonly top: readonly RankedSubModel[]
  /** Sub-models ranked, and how many of them have a ground truth. */
  readonly ranked: number
  readonly withGroundTruth: number
  /** Where the settings ask for the best sub-models. */
  readonly found?: Found
  readonly run: string
}

/** How a search ends: what {@link search} returns. */
export type SearchResult = ResultEvent
