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

/** A way of training a supernet. Objects have a state of their own and belong to one training. */
export interface Method {
  readonly name: string
  /** What paths are drawn from at present. */
  readonly pathDistribution: PathDistribution
  /** What each choice of a connection is drawn from at present, where the method learns that too. */
  readonly connectionDistribution?: readonly (readonly number[])[]
  /**
   * The space as the method trains and evaluates it, where that has other weights, or decides by what was learned which of
   * them a path takes.
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
  /** Tensors that evaluation needs beside those of the space: saved with its weights. */
  weights?(): ReadonlyMap<string, Tensor>
  /** Everything that {@link restore} needs, copied or not: it is read before the next step. */
  state(): MethodState
  /** Puts the method where `state` was taken; it has done nothing before. */
  restore(state: MethodState): void
}
