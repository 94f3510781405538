/**
 * A method chooses the images and paths of each training step, and composes the step from the supernet's verbs. The
 * training loop knows no method. A new method is one file here and one entry in `index.ts`.
 */

import type { Random } from '../base/random.js'
import type { Tensor } from '../formats/safetensors.js'
import type { AccumulateRecord, Batch, Plan, StepOptions, Supernet } from '../native/index.js'
import type { RawHandle, RawSupernet } from '../native/raw.js'
import type { Program } from '../programs/program.js'
import type { PathDistribution } from '../sampling/paths.js'
import type { Path, SearchSpace } from '../spaces/space.js'

/** Verbs that steps are composed of: everything that the addon does with a supernet, and holding a batch. */
export type Verbs = Pick<Supernet, Exclude<keyof RawSupernet, keyof RawHandle> | 'hold'>

/** The supernet that a step trains, and the plans of its paths. */
export interface Engine {
  readonly supernet: Verbs
  /** The plan of a path, valid until the step is done. */
  plan(path: Path): Plan
}

/** Space, data and training that a method is created for. */
export interface MethodContext {
  readonly space: SearchSpace
  /** Number N of training images. */
  readonly images: number
  /** Number E of epochs. */
  readonly epochs: number
  /** Initial learning rate. */
  readonly learningRate: number
  readonly random: Random
}

/** Everything that a method carries from step to step, by name. A method that restores it continues exactly. */
export type MethodState = Readonly<Record<string, Float64Array>>

/** Loss and correct answers of a step, as training reports them; means if the step has several paths. */
export type StepOutcome = Pick<AccumulateRecord, 'loss' | 'correct' | 'correctTop5' | 'stop'>

/** A search space with the weights that a method left in a file. Evaluation needs nothing else. */
export interface TrainedSpace {
  /** Its programs use the supernet's weights as the method decided. */
  readonly space: SearchSpace
  /** Names of the tensors in the file that belong to the method, not to the supernet. */
  readonly own: ReadonlySet<string>
}

/** A way of training a supernet. An object has its own state and serves one training. */
export interface Method {
  readonly name: string
  /** Distribution of operations from which paths are drawn at present. */
  readonly pathDistribution: PathDistribution
  /** Distribution of each choice of a connection at present, if the method has such distributions. */
  readonly connectionDistribution?: readonly (readonly number[])[]
  /**
   * The space as the method trains and evaluates it, if it differs from the given one. It may have other parameters,
   * and its programs may use weights of the method's own.
   */
  readonly space?: SearchSpace
  /** Epochs, counted from 0, at which the schedule of the learning rate restarts. */
  readonly scheduleRestarts?: readonly number[]
  /** What its updates multiply the learning rate of the schedule by, for the rate that events report; default 1. */
  readonly learningRateFactor?: number
  /** What is odd in its settings for this training, one sentence each. */
  readonly warnings?: readonly string[]
  /** Paths that training is for, if it is not for all paths. A ranking takes these. */
  readonly subModels?: readonly Path[]
  /** Program of a path in training, if it differs from the space's program. */
  program?(path: Path): Program
  /**
   * Indices of an epoch's images, in order. Batches are consecutive parts of them. Draws from the `data` stream only
   * and changes nothing else: a run resumed within an epoch calls it again with the stream in its earlier state.
   */
  epochIndices(): Int32Array
  /**
   * True if a step may begin while the previous step computes. Draws must not depend on results of the current epoch,
   * and a step must be one call of the addon, made before `step` returns. Training then keeps the native thread busy.
   */
  readonly overlapping?: boolean
  /** Prepares epoch `epoch` before its first step, for example by a change of weights or optimizer state. */
  beginEpoch?(epoch: number, engine: Engine): Promise<void>
  /** Updates the supernet once on `batch`, by any number of paths. */
  step(engine: Engine, batch: Batch, options: StepOptions): Promise<StepOutcome>
  /** Learns from epoch `epoch`, which has ended. */
  endEpoch(epoch: number): void
  /**
   * Weights of the method's own, on which programs of {@link space} depend. They are saved and exported with the
   * supernet's weights. {@link TrainedSpace} is a space with such weights from a file, without training.
   */
  weights?(): ReadonlyMap<string, Tensor>
  /**
   * Replaces the method's own weights by those in an imported checkpoint. Returns their names, or no names if the
   * checkpoint has none. Throws a UserError if they do not fit.
   */
  takeWeights?(weights: ReadonlyMap<string, Tensor>): ReadonlySet<string>
  /** Everything that {@link restore} needs. It need not be a copy, because it is read before the next step. */
  state(): MethodState
  /** Restores a state completely: that of a new method, or an earlier one of a method in use. */
  restore(state: MethodState): void
}
