/** Events of a retraining, in the order in which they happen. All are plain JSON. */
import type { UsedImages } from '../data/splits.js'
import type { Processes } from '../distributed/index.js'
import type { Machine } from '../native/index.js'
import type { Shape } from '../programs/program.js'
import type { DiscardedEvent } from '../runs/computed-from.js'
import type { CheckpointEvent, MeasuringEvent, StepEvent } from '../training/events.js'

/** How images are normalised, by channel. */
export interface Normalisation {
  readonly mean: readonly number[]
  readonly std: readonly number[]
}

/** A retraining begins or resumes. Its settings, files and run folder have passed all checks. */
export interface RetrainStartEvent {
  readonly event: 'start'
  /** Run folder. */
  readonly run: string
  /** Search space that the architecture is of. */
  readonly space: string
  /** The architecture in the space's notation. */
  readonly arch: string
  readonly dataset: string
  /** The splits that are used, and notes about them. */
  readonly images: UsedImages
  /** Number of test images that each epoch is evaluated on; absent for all. */
  readonly evaluatedImages?: number
  /** True if a script brought its own images: the settings do not say how to prepare others. */
  readonly ownImages?: true
  /** What is odd in the classes of the images or in the threads, one sentence each. Empty for an ordinary run. */
  readonly warnings: readonly string[]
  /** Shape of one image. */
  readonly input: Shape
  readonly classes: number
  /** Names of the classes in the order of their labels; absent if the images came without names. */
  readonly classNames?: readonly string[]
  /** Number of scalar weights of the network, without those of an auxiliary head. */
  readonly parameters: number
  readonly stepsPerEpoch: number
  readonly epochs: number
  /** Mean and standard deviation of each channel, in units of pixel value / 255, by which images are normalised. */
  readonly normalisation: Normalisation
  /** What the run computes with. The event log keeps the machine on which the run began. */
  readonly machine: Machine
  /** The processes that the run began with; absent if it is one. */
  readonly processes?: Processes
  /** How the architecture was chosen, e.g. `found 1 in runs/first`; absent if it was named. */
  readonly origin?: string
  /** Run or file that the initial weights come from; absent if they are random. */
  readonly initial?: string
  /** Position at which a resumed run continues; absent for a new run. */
  readonly resumed?: { readonly epoch: number; readonly step: number }
  /** True if a run is resumed that has no checkpoint yet, so that its training begins anew. */
  readonly anew?: true
}

/** Accuracies on the test images, in [0, 1]. */
export interface Accuracies {
  /** Share of the images whose label has the largest logit. */
  readonly top1: number
  /** Share of the images whose label has fewer than five larger logits. */
  readonly top5: number
}

/** {@link Accuracies} of the averaged weights; absent without `training.averaging`. */
export interface AveragedAccuracies {
  readonly top1Averaged?: number
  readonly top5Averaged?: number
}

/** An epoch of training has ended, and the network was evaluated. */
export interface RetrainEpochEvent extends Accuracies, AveragedAccuracies {
  readonly event: 'epoch'
  /** From 0. */
  readonly epoch: number
  /** Mean training cross-entropy over the epoch. */
  readonly loss: number
  /** Accuracies over the epoch's training images, in [0, 1], with weights that changed meanwhile. */
  readonly trainTop1: number
  readonly trainTop5: number
  /** Mean cross-entropy over the test images. */
  readonly testLoss: number
  /** Learning rate of the epoch's last step. */
  readonly learningRate: number
  /** Seconds of training, without the evaluation. */
  readonly seconds: number
  readonly imagesPerSecond: number
  /** Share of the training's time in which steps waited for images; absent for images in memory. */
  readonly waiting?: number
  /** Damaged training and test images that were replaced by others so far, one sentence each; absent if there are none. */
  readonly damaged?: readonly string[]
}

/** The result of a retraining, which `summary.json` holds. */
export interface RetrainResult extends Accuracies, AveragedAccuracies {
  readonly event: 'result'
  readonly space: string
  readonly arch: string
  readonly dataset: string
  readonly normalisation: Normalisation
  readonly parameters: number
  readonly epochs: number
  /** Seconds of training and evaluation, added up if the run was interrupted. */
  readonly seconds: number
  /** Mean training cross-entropy over the last epoch. */
  readonly loss: number
  /** Mean cross-entropy over the test images after the last epoch. */
  readonly testLoss: number
  /**
   * The best epoch, whose weights are in `best.safetensors`: the averaged ones if there are any, else the raw ones. All
   * other accuracies are of the last epoch.
   */
  readonly best: Accuracies & { readonly epoch: number; readonly weights: 'raw' | 'averaged' }
  /** Run folder. */
  readonly run: string
}

/** Any event of {@link retrain}; `event` names its kind. */
export type RetrainEvent =
  | RetrainStartEvent
  | DiscardedEvent
  | StepEvent
  | MeasuringEvent
  | RetrainEpochEvent
  | CheckpointEvent
  | RetrainResult
