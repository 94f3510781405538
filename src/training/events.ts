/** Events of training, all plain JSON. */
import type { PathDistribution } from '../sampling/paths.js'

/** Progress within an epoch, at most ten per second; not written to the event log. */
export interface StepEvent {
  readonly event: 'step'
  /** From 0. */
  readonly epoch: number
  /** Steps done in this epoch, of `steps`. */
  readonly step: number
  readonly steps: number
  /** Images trained on, and seconds, since training began or was resumed. */
  readonly images: number
  readonly seconds: number
  /** Mean training cross-entropy over this epoch so far. */
  readonly loss: number
  /** Share of the time, since the last of these events, in which steps waited for images; absent for images in memory. */
  readonly waiting?: number
}

/**
 * The steps of an epoch are done, and something is measured before its event, which may take long; not written to the
 * event log.
 */
export interface MeasuringEvent {
  readonly event: 'measuring'
  /** From 0. */
  readonly epoch: number
  /** Gradient variance at fixed weights, in a search; accuracy on test images, in a retraining. */
  readonly what: 'gradientVariance' | 'accuracy'
}

/** An epoch of training has ended. */
export interface EpochEvent {
  readonly event: 'epoch'
  /** From 0. */
  readonly epoch: number
  /** Mean training cross-entropy over the epoch. */
  readonly loss: number
  /** Training accuracy over the epoch, in [0, 1]. */
  readonly accuracy: number
  /** Share, in [0, 1], of the epoch's images whose label had fewer than five larger logits. */
  readonly accuracyTop5: number
  /** Mean of σ² over all weights sampled in the epoch. */
  readonly gradientVariance: number
  /** By name, mean of σ² over the weights of each operation that has weights; null if none of them was sampled. */
  readonly gradientVarianceByOperation: Readonly<Record<string, number | null>>
  /** Mean of σ² over the weights of all candidate operations; null if none was sampled. */
  readonly gradientVarianceCandidates: number | null
  /** Unbiased estimate of the variance at the epoch's final weights; present if `training.varianceSteps` > 0. */
  readonly fixedGradientVariance?: number
  /** The same estimate over candidate operations; null if none was sampled. */
  readonly fixedGradientVarianceCandidates?: number | null
  /** Number of scalar weights that no step of the epoch sampled. The gradient variance leaves them out. */
  readonly neverSampled: number
  /** Distribution that the next epoch draws paths from, updated at the end of this epoch. */
  readonly pathDistribution: PathDistribution
  /** The same for connections, one list per choice; absent if the space or the method has none. */
  readonly connectionDistribution?: readonly (readonly number[])[]
  /** Learning rate of the epoch's last step. */
  readonly learningRate: number
  readonly seconds: number
  readonly imagesPerSecond: number
  /** Share of the epoch's time in which steps waited for images; absent for images in memory. */
  readonly waiting?: number
  /** Damaged images that were replaced by others so far, one sentence each; absent if there are none. */
  readonly damaged?: readonly string[]
}

/** Training has saved a snapshot. */
export interface CheckpointEvent {
  readonly event: 'checkpoint'
  /** Position of the next step; both from 0. */
  readonly epoch: number
  readonly step: number
}

/** Any event of {@link train}; `event` names its kind. */
export type TrainEvent = StepEvent | MeasuringEvent | EpochEvent | CheckpointEvent
