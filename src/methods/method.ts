/**
 * A method decides what a supernet is trained on: which images and which paths, step by step, and how a step is made of
 * the supernet's verbs. The training loop knows no method; a new one is one file here and one line in `index.ts`.
 */

import type { Random } from '../base/random.js'
import type { Tensor } from '../formats/safetensors.js'
import type { AccumulateRecord, Batch, Plan, StepOptions, Supernet } from '../native/index.js'
import type { RawHandle, RawSupernet } from '../native/raw.js'
import type { Program } from '../programs/program.js'
import type { PathDistribution } from '../sampling/paths.js'
import type { Path, SearchSpace } from '../spaces/space.js'

/** The verbs that steps are composed of: all that the addon does with a supernet, and batches that are held. */
export type Verbs = Pick<Supernet, Exclude<keyof RawSupernet, keyof RawHandle> | 'hold'>

/** What a step works with. */
export interface Engine {
  readonly supernet: Verbs
  /** The plan of a path; valid until the step is done. */
  plan(path: Path): Plan
}

/** What a method is made for. */
export interface MethodContext {
  readonly space: SearchSpace
  /** Number N of training images. */
  readonly images: number
  /** Number E of epochs. */
  readonly epochs: number
  /** What the learning rate starts from. */
  readonly learningRate: number
  readonly random: Random
}

/** Everything that a method carries from step to step, by name. Restoring it continues exactly. */
export type MethodState = Readonly<Record<string, Float64Array>>

/** What training reports of a step: of several paths the means. */
export type StepOutcome = Pick<AccumulateRecord, 'loss' | 'correct'>

/** A search space together with the weights that a method left in a file: all that evaluation needs. */
export interface TrainedSpace {
  /** Its programs use the supernet's weights as the method decided. */
  readonly space: SearchSpace
  /** Names of the tensors in the file that are the method's own, not the supernet's. */
  readonly own: ReadonlySet<string>
}

/** A way of training a supernet. Objects have a state of their own and belong to one training. */
export interface Method {
  readonly name: string
  /** What paths are drawn from at present. */
  readonly pathDistribution: PathDistribution
  /** What each choice of a connection is drawn from at present, where the method learns that too. */
  readonly connectionDistribution?: readonly (readonly number[])[]
  /**
   * The space as the method trains and evaluates it, if that differs from the one it was made for: it may have other
   * parameters, and its programs may use weights of the method's own.
   */
  readonly space?: SearchSpace
  /** Epochs, counted from 0, at which the schedule of the learning rate begins anew. */
  readonly scheduleRestarts?: readonly number[]
  /** The sub-models that training is for, where it is not for all: a ranking takes these. */
  readonly subModels?: readonly Path[]
  /** What plans of paths are made of in training, where that is not the program of the space itself. */
  program?(path: Path): Program
  /**
   * The images of an epoch, in order; batches are consecutive parts of it. Draws from the `data` stream only and
   * changes nothing else: a run resumed within an epoch calls it again with the stream where it was.
   */
  epochIndices(): Int32Array
  /**
   * Whether a step may begin while the one before it computes: what it draws depends on finished epochs only, and it is
   * one call of the addon, asked for before `step` returns. Training then keeps the native thread busy throughout.
   */
  readonly overlapping?: boolean
  /** Prepares epoch `epoch` before its first step: what a method changes about weights or optimiser at set epochs. */
  beginEpoch?(epoch: number, engine: Engine): Promise<void>
  /** One update of the supernet on `batch`, whatever number of paths that takes. */
  step(engine: Engine, batch: Batch, options: StepOptions): Promise<StepOutcome>
  /** Learns from epoch `epoch`, which is over. */
  endEpoch(epoch: number): void
  /**
   * Weights of the method's own, on which programs of {@link space} depend. They are saved and exported with the
   * supernet's. {@link TrainedSpace} says how a file of them is read without a training.
   */
  weights?(): ReadonlyMap<string, Tensor>
  /**
   * Takes weights of the method's own from a checkpoint that is imported, in place of those it began with. Returns their
   * names: none if there are none. Throws a UserError if they do not fit.
   */
  takeWeights?(weights: ReadonlyMap<string, Tensor>): ReadonlySet<string>
  /** Everything that {@link restore} needs, copied or not: it is read before the next step. */
  state(): MethodState
  /** Puts the method where `state` was taken; it has done nothing before. */
  restore(state: MethodState): void
}
