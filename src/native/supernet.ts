/** Handles of held batches, plans and supernets. A supernet's methods are the verbs that training steps consist of. */

import { type EncodedProgram, encodeProgram } from '../programs/encode-program.js'
import type { Program } from '../programs/program.js'
import type { BufferSpec, ParameterSpec, SearchSpace } from '../spaces/space.js'
import { loadBinding } from './binding.js'
import type { Communicator } from './communicator.js'
import { Handle } from './handle.js'
import type { ImageSource } from './image-source.js'
import type { RawBatch, RawHeldBatch, RawImages, RawPlan, RawSupernet } from './raw.js'
import type {
  AccumulateOptions,
  AccumulateRecord,
  Batch,
  CalibrationImages,
  ClipRecord,
  ConvolutionTiming,
  Counts,
  Device,
  EvaluateOptions,
  EvaluateRecord,
  FinishOptions,
  GradientNoise,
  Moments,
  Precision,
  RestoreOptions,
  StepOptions,
  StepRecord,
  SupernetOptions,
  UpdateOptions,
} from './records.js'
import { type ProcessRank, shareOfBatch } from './share-of-batch.js'
import type { StateKind } from './state.js'

/** A batch for several steps. The first step gathers and augments its images; the others reuse them. */
export class HeldBatch extends Handle<RawHeldBatch> {
  readonly indices: Int32Array

  /** Copies the indices. The first step that needs the images gathers them. `ranked`: holds a process's share only. */
  constructor(batch: Batch, ranked?: ProcessRank) {
    super(new (loadBinding().HeldBatch)(batch.dataset.raw, rawBatch(batch, ranked)))
    this.indices = batch.indices.slice()
  }
}

/** A compiled program: checked, fused and bound to the parameters of one supernet. */
export class Plan extends Handle<RawPlan> {
  /** Names of the parameters that the plan samples: first the used ones, then the idle ones. */
  readonly parameters: readonly string[]

  /** @internal */
  constructor(raw: RawPlan) {
    super(raw)
    this.parameters = raw.parameters
  }
}

/** All weights and buffers of a search space on one device, with gradients, their moments and optimizer state. */
export class Supernet extends Handle<RawSupernet> {
  readonly specs: readonly ParameterSpec[]
  readonly buffers: readonly BufferSpec[]
  readonly device: Device
  readonly precision: Precision
  // No #names: objects made from a supernet, which replace some of its verbs, use the others.
  private communicator: Communicator | undefined

  /** Parameters start at zero; write them with {@link write}. Buffers start with the values in their specs. */
  constructor(specs: readonly ParameterSpec[], options: SupernetOptions = {}) {
    const { device = 'cpu', arithmetic = 'fast', precision = 'float32', buffers = [] } = options
    super(
      new (loadBinding().Supernet)(
        specs.map((spec) => spec.name),
        specs.map((spec) => spec.shape),
        {
          names: buffers.map((buffer) => buffer.name),
          shapes: buffers.map((buffer) => buffer.shape),
          initial: Float32Array.from(buffers, (buffer) => buffer.init),
        },
        { device, arithmetic, precision },
      ),
    )
    this.specs = specs
    this.buffers = buffers
    this.device = device
    this.precision = precision
  }

  /** The supernet of a search space, with its buffers. */
  static of(
    space: Pick<SearchSpace, 'parameters' | 'buffers'>,
    options: Omit<SupernetOptions, 'buffers'> = {},
  ): Supernet {
    return new Supernet(space.parameters(), { ...options, buffers: space.buffers?.() })
  }

  /**
   * From now on, the processes of a communicator train the same weights. Each computes its share of every batch, and all
   * of them must call the same verbs in the same order. Records and updates are those of the whole batch. Batch norms
   * normalise by the process's share, and running statistics are the means over the processes; with `synchroniseNorms`,
   * both are those of the whole batch. Evaluation and recalibration are of one process, as before.
   */
  async distribute(communicator: Communicator, synchroniseNorms = false): Promise<void> {
    await this.raw.distribute(communicator.raw, synchroniseNorms)
    this.communicator = communicator
  }

  private images(batch: Batch | HeldBatch): RawImages {
    if (batch instanceof HeldBatch) return [batch.raw, undefined]
    return [batch.dataset.raw, rawBatch(batch, this.communicator)]
  }

  /** Checks a program against parameters and buffers, and plans its execution. Equal programs share a native plan. */
  compile(program: Program): Plan {
    const { code, names, idle }: EncodedProgram = encodeProgram(program)
    return new Plan(this.raw.compile(code, names, idle))
  }

  /** Holds a batch for several calls, so that its images are gathered and augmented once. */
  hold(batch: Batch): HeldBatch {
    return new HeldBatch(batch, this.communicator)
  }

  /**
   * Runs forward as in training, but learns nothing and leaves running statistics unchanged. Native memory keeps the
   * values of the plan's taps until the next call, for steps with `alignment`.
   */
  observe(plan: Plan, batch: Batch | HeldBatch): Promise<EvaluateRecord> {
    return this.raw.observe(plan.raw, ...this.images(batch))
  }

  /** Forward and backward: adds the gradient of the mean loss to the gradients held, and updates running statistics. */
  accumulate(plan: Plan, batch: Batch | HeldBatch, options: AccumulateOptions = {}): Promise<AccumulateRecord> {
    return this.raw.accumulate(plan.raw, ...this.images(batch), options)
  }

  /** Adds Gaussian noise to the gradients held. */
  addGradientNoise(noise: GradientNoise): Promise<void> {
    return this.raw.addGradientNoise(noise)
  }

  /**
   * Counts the gradients held as one observation of every parameter sampled since the last update. PA&DA's gradient
   * variance (supplement A) is computed from these observations.
   */
  recordMoments(): Promise<void> {
    return this.raw.recordMoments()
  }

  /** Scales the gradients held so that their global norm is at most `maxNorm`. */
  clip(maxNorm: number): Promise<ClipRecord> {
    return this.raw.clip(maxNorm)
  }

  /** Updates the parameters by the gradients held, then clears the gradients. */
  update(options: UpdateOptions): Promise<void> {
    return this.raw.update(options)
  }

  /**
   * Sets the averaged weights to copies of the parameters and buffers. From then on, each update with an `averageDecay`
   * moves all of them. They cost as much memory as the weights. Raw weights are in use afterwards.
   */
  restartAverages(): Promise<void> {
    return this.raw.restartAverages()
  }

  /**
   * Chooses the parameters and buffers that all calls use from now on: the raw ones, which training moves, or their
   * averages. Evaluate the averages, or read them for an export, then return to `raw`: steps and updates refuse
   * averages. Without {@link restartAverages} before, averages begin as copies of the weights. Copies nothing.
   */
  useWeights(which: 'raw' | 'averaged'): Promise<void> {
    return this.raw.useWeights(which)
  }

  /** Resets the optimizer state of all parameters, such as momentum. */
  resetOptimizer(): Promise<void> {
    return this.raw.resetOptimizer()
  }

  /** Clears the gradients held. Values and optimizer state of the parameters stay as they are. */
  discardGradients(): Promise<void> {
    return this.raw.discardGradients()
  }

  /**
   * Second half of a step, after calls of {@link accumulate}: adds noise to the gradients held, records moments, clips
   * and updates, in one native call.
   */
  finishStep(options: FinishOptions): Promise<ClipRecord> {
    return this.raw.finishStep(options)
  }

  /**
   * {@link accumulate} and {@link finishStep}, in one native call. A call that failed may leave gradients, which
   * {@link discardGradients} clears.
   */
  trainStep(plan: Plan, batch: Batch | HeldBatch, options: StepOptions): Promise<StepRecord> {
    return this.raw.trainStep(plan.raw, ...this.images(batch), options)
  }

  /** Saves the values of the parameters that a plan samples, for {@link restore}. */
  snapshot(plan: Plan): Promise<void> {
    return this.raw.snapshot(plan.raw)
  }

  /**
   * Ends a trial: the parameters that the plan samples return to their values at its snapshot. Their displacement,
   * snapshot − value, can be summed over trials. Allocates nothing.
   */
  restore(plan: Plan, options: RestoreOptions): Promise<void> {
    return this.raw.restore(plan.raw, options)
  }

  /** Adds the displacement held to the gradients, as a backward pass adds gradients, and clears it. */
  displacementToGradients(): Promise<void> {
    return this.raw.displacementToGradients()
  }

  /** Evaluates on the source's images in order, without augmentation, by running statistics if there are any. */
  evaluate(plan: Plan, dataset: ImageSource, options: EvaluateOptions): Promise<EvaluateRecord> {
    return this.raw.evaluate(plan.raw, dataset.raw, options)
  }

  /**
   * Estimates the running statistics of a plan's batch norms again: the means and unbiased variances of each batch of
   * images, averaged over the images. Nothing is dropped. Training mixes the statistics of all paths, so each path
   * needs its own before it is evaluated. If a batch is refused, the statistics stay as they are.
   */
  recalibrate(plan: Plan, { dataset, batchSize, ...images }: CalibrationImages): Promise<void> {
    return this.raw.recalibrate(plan.raw, dataset.raw, images, batchSize)
  }

  /** Logits of one batch without augmentation: indices.length × classes, row-major. */
  logits(plan: Plan, dataset: ImageSource, indices: Int32Array): Promise<Float32Array> {
    return this.raw.logits(plan.raw, dataset.raw, indices)
  }

  /** Gradient moments since the last {@link resetMoments}. */
  moments(): Promise<Moments> {
    return this.raw.moments()
  }

  /** Resets the gradient moments and the numbers of steps that sampled each parameter, as when an epoch begins. */
  resetMoments(): Promise<void> {
    return this.raw.resetMoments()
  }

  /** Copy of one kind of state: all parameters, or all buffers, concatenated. */
  read(kind: StateKind): Promise<Float32Array> {
    return this.raw.read(kind)
  }

  /** Replaces one kind of state; `values` has the length that {@link read} returns. */
  write(kind: StateKind, values: Float32Array): Promise<void> {
    return this.raw.write(kind, values)
  }

  /** What steps and updates have counted of each parameter. */
  counts(): Promise<Counts> {
    return this.raw.counts()
  }

  /** Replaces the counts that {@link Supernet.counts} returns. */
  setCounts({ timesSampled, everSampled, timesUpdated }: Counts): Promise<void> {
    return this.raw.setCounts(timesSampled, everSampled, timesUpdated)
  }

  /**
   * Seconds that all convolutions of a plan take together if ATen computes them and nothing else runs. It uses this
   * supernet's precision and existing tensors. Step times are compared with it. Uses and changes no weights.
   */
  convolutionSeconds(plan: Plan, timing: ConvolutionTiming): Promise<number> {
    return this.raw.convolutionSeconds(plan.raw, timing)
  }
}

function rawBatch(batch: Batch, ranked: ProcessRank | undefined): RawBatch {
  if (ranked !== undefined) return shareOfBatch(batch, ranked)
  const { dataset: _, ...rest } = batch
  return rest
}
