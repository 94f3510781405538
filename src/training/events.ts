/** What training reports while it runs. All of it is plain JSON. */
import type { PathDistribution } from '../sampling/paths.js'

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

/** Whatever {@link train} reports; `event` tells which. */
export type TrainEvent = StepEvent | EpochEvent | CheckpointEvent
