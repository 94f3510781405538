/** The result of a run, which `summary.json` holds. */
import type { Criterion } from '../config/ranking.js'
import type { UsedImages } from '../data/splits.js'
import type { RankedSubModel, TruthSource } from '../evaluation/events.js'
import type { Found } from '../finding/events.js'
import type { PathDistribution } from '../sampling/paths.js'
import type { ComputedFrom } from './computed-from.js'

/** The result of a run. Numbers that need a ranking and a ground truth are null if either is missing. */
export interface ResultEvent {
  readonly event: 'result'
  readonly space: string
  readonly method: string
  readonly dataset: string
  /** The splits in use, their names in the files, and what was passed over. */
  readonly images: UsedImages
  /** The table that sub-models are compared with; null without one. */
  readonly groundTruth: TruthSource | null
  /** The images and weights that all numbers were computed from. */
  readonly computedFrom: ComputedFrom
  readonly epochs: number
  /** Seconds of training, and of the evaluations of sub-models that the run folder holds, also by earlier commands. */
  readonly seconds: number
  /**
   * Kendall's tau-b between supernet accuracy and ground truth, over the sub-models that have both. No rank correlation
   * depends on `rankedBy`.
   */
  readonly kendallTau: number | null
  /** The same, if sub-models are ranked by their loss; absent in results of earlier versions. */
  readonly kendallTauByLoss?: number | null
  /**
   * The same, if they are ranked by nothing but the number of parameters that the sub-model uses: what a ranking has to
   * beat. Absent in results of earlier versions.
   */
  readonly kendallTauByParameters?: number | null
  /** The same by the number of multiply-adds for one image. */
  readonly kendallTauByMultiplyAdds?: number | null
  /** The same by the sum of both ranks: by accuracy, and by number of parameters. */
  readonly kendallTauWithParameters?: number | null
  /** The same by the sum of the ranks by accuracy, and by number of multiply-adds. */
  readonly kendallTauWithMultiplyAdds?: number | null
  /** Spearman's rank correlation between supernet accuracy and ground truth. */
  readonly spearman: number | null
  /** P@top-K by share of the ranked sub-models, e.g. { '5%': 0.4 }. */
  readonly precisionAtTop: Readonly<Record<string, number>> | null
  /** Ground-truth accuracy, in percent, of the sub-model that is ranked first. */
  readonly bestFound: number | null
  /** Best accuracy of the whole table minus `bestFound`, in percentage points. */
  readonly regret: number | null
  /** Gradient variance of each epoch. */
  readonly gradientVariance: readonly number[]
  readonly pathDistribution: PathDistribution
  /** The sub-models ranked best, best first: as many as `ranking.top` says. */
  readonly top: readonly RankedSubModel[]
  /** Number of sub-models ranked. */
  readonly ranked: number
  /** What `ranking.by` said; absent without a ranking, and in results of earlier versions, which ranked by accuracy. */
  readonly rankedBy?: Criterion
  /** Number of ranked sub-models that have a ground truth. */
  readonly withGroundTruth: number
  /** Number of images that each ranked sub-model was evaluated on; absent without a ranking, and in earlier versions. */
  readonly rankedImages?: number
  /** The best sub-models within limits; absent if none were searched for. */
  readonly found?: Found
  /** Damaged images that were replaced by others in these evaluations, one sentence each; absent if there are none. */
  readonly damaged?: readonly string[]
  /** Run folder. */
  readonly run: string
}

/** The rank correlations of a result. */
export const CORRELATIONS = [
  'kendallTau',
  'kendallTauByLoss',
  'kendallTauByParameters',
  'kendallTauByMultiplyAdds',
  'kendallTauWithParameters',
  'kendallTauWithMultiplyAdds',
  'spearman',
] as const satisfies readonly (keyof ResultEvent)[]

/** The result that {@link search} returns. */
export type SearchResult = ResultEvent
