/** What a search reports while it runs, in the order in which it happens. All of it is plain JSON. */
import type { Path } from '../spaces/space.js'

/** Probabilities of the K operations: one list for all choices of operations, or one list per choice. */
export type PathDistribution = readonly number[] | readonly (readonly number[])[]

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

/** Progress within an epoch, at most ten per second; not written to the event log. */
export interface StepEvent {
  readonly event: 'step'
  readonly epoch: number
  /** Steps done in this epoch, of `steps`. */
  readonly step: number
  readonly steps: number
  /** Images trained on since this process started, in `seconds`. */
  readonly images: number
  readonly seconds: number
  /** Mean over this epoch so far. */
  readonly loss: number
}

/** An epoch of training is over. */
export interface EpochEvent {
  readonly event: 'epoch'
  /** From 0. */
  readonly epoch: number
  /** Mean training cross-entropy over the epoch. */
  readonly loss: number
  /** Training accuracy over the epoch, in [0, 1]. */
  readonly accuracy: number
  /** Mean of σ² over all weights sampled in the epoch. */
  readonly gradientVariance: number
  /** The same over the weights of each candidate operation that has any, by name; null where none was sampled. */
  readonly gradientVarianceByOperation: Readonly<Record<string, number | null>>
  /** The same over all candidate operations; null where none was sampled. */
  readonly gradientVarianceCandidates: number | null
  /** The same at the weights that the epoch ended with, as an unbiased estimate; where `training.varianceSteps` asks. */
  readonly fixedGradientVariance?: number
  readonly fixedGradientVarianceCandidates?: number | null
  /** Scalar weights that the epoch never sampled and that gradient variance leaves out. */
  readonly neverSampled: number
  /** As updated at the end of this epoch: what the next epoch draws from. */
  readonly pathDistribution: PathDistribution
  /** The same for what is connected with what, one list per such choice; absent where a space or method has none. */
  readonly connectionDistribution?: readonly (readonly number[])[]
  readonly learningRate: number
  readonly seconds: number
  readonly imagesPerSecond: number
}

/** Training has saved itself. */
export interface CheckpointEvent {
  readonly event: 'checkpoint'
  /** Position of the next step. */
  readonly epoch: number
  readonly step: number
}

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

/** Whatever {@link train} reports; `event` tells which. */
export type TrainEvent = StepEvent | EpochEvent | CheckpointEvent
/** Whatever {@link search} reports; `event` tells which. */
export type SearchEvent = StartEvent | TrainEvent | EvaluatedEvent | CandidateEvent | ResultEvent
/** How a search ends: what {@link search} returns. */
export type SearchResult = ResultEvent
