/** The handles: held batches, plans, and the supernet, whose methods are the verbs that training steps are made of. */

import { type EncodedProgram, encodeProgram } from '../programs/encode-program.js'
import type { Program } from '../programs/program.js'
import type { BufferSpec, ParameterSpec, SearchSpace } from '../spaces/space.js'
import { loadBinding } from './binding.js'
import { Handle } from './handle.js'
import type { ImageSource } from './image-source.js'
import type { RawHeldBatch, RawImages, RawPlan, RawSupernet } from './raw.js'
import type {
  AccumulateOptions,
  AccumulateRecord,
  Batch,
  CalibrationImages,
  ClipRecord,
  ConvolutionTiming,
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
import type { StateKind } from './state.js'

/** A batch whose images are gathered and augmented once, at the first step that uses it, for all of them. */
export class HeldBatch extends Handle<RawHeldBatch> {
  readonly indices: Int32Array

  /** Copies the indices; images are gathered when a step first needs them. */
  constructor({ dataset, ...batch }: Batch) {
    super(new (loadBinding().HeldBatch)(dataset.raw, batch))
    this.indices = batch.indices
  }
}

/** A program checked, fused and bound to the parameters of one supernet. */
export class Plan extends Handle<RawPlan> {
  /** Names of the parameters that the plan samples: those it uses, then the idle ones. */
  readonly parameters: readonly string[]

  /** @internal */
  constructor(raw: RawPlan) {
    super(raw)
    this.parameters = raw.parameters
  }
}

/** All weights of a search space, their gradients, momentum and gradient moments, and its buffers, on one device. */
export class Supernet extends Handle<RawSupernet> {
  readonly specs: readonly ParameterSpec[]
  readonly buffers: readonly BufferSpec[]
  readonly device: Device
  readonly precision: Precision

  /** Parameters start at zero; write them with {@link write}. Buffers start with what their specs say. */
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

  /** Checks a program against the parameters and buffers and plans its execution; equal programs share one plan natively. */
  compile(program: Program): Plan {
    const { code, names, idle }: EncodedProgram = encodeProgram(program)
    return new Plan(this.raw.compile(code, names, idle))
  }

  /** Keeps a batch for several calls: the images are gathered and augmented once. */
  hold(batch: Batch): HeldBatch {
    return new HeldBatch(batch)
  }

  /**
   * Forward as in training, but nothing is learned and running statistics stay. What the plan's taps give is kept until
   * the next call, in native memory, for steps with `alignment`.
   */
  observe(plan: Plan, batch: Batch | HeldBatch): Promise<EvaluateRecord> {
    return this.raw.observe(plan.raw, ...imagesOf(batch))
  }

  /** Forward and backward; adds the gradient of the mean loss to the gradients held, and moves running statistics. */
  accumulate(plan: Plan, batch: Batch | HeldBatch, options: AccumulateOptions = {}): Promise<AccumulateRecord> {
    return this.raw.accumulate(plan.raw, ...imagesOf(batch), options)
  }

  /** Adds Gaussian noise to the gradients held. */
  addGradientNoise(noise: GradientNoise): Promise<void> {
    return this.raw.addGradientNoise(noise)
  }

  /** Counts the gradients held as one observation of every parameter sampled since the last update: PA&DA's gradient variance (supplement A). */
  recordMoments(): Promise<void> {
    return this.raw.recordMoments()
  }

  /** Scales the gradients held so that their global norm is at most `maxNorm`. */
  clip(maxNorm: number): Promise<ClipRecord> {
    return this.raw.clip(maxNorm)
  }

  /** One update from the gradients held, which it clears. */
  update(options: UpdateOptions): Promise<void> {
    return this.raw.update(options)
  }

  /** Forgets what optimizers keep of all parameters, such as momentum. */
  resetOptimizer(): Promise<void> {
    return this.raw.resetOptimizer()
  }

  /** Clears the gradients held: the parameters sampled since the last update keep their values, and what the optimizer keeps of them. */
  discardGradients(): Promise<void> {
    return this.raw.discardGradients()
  }

  /**
   * The second half of a step, of the gradients that {@link accumulate} calls have left: adds noise, records moments,
   * clips and updates, in one native call.
   */
  finishStep(options: FinishOptions): Promise<ClipRecord> {
    return this.raw.finishStep(options)
  }

  /** {@link accumulate} and {@link finishStep}, in one native call. */
  trainStep(plan: Plan, batch: Batch | HeldBatch, options: StepOptions): Promise<StepRecord> {
    return this.raw.trainStep(plan.raw, ...imagesOf(batch), options)
  }

  /** Keeps the values of the parameters that a plan samples, for {@link restore}. */
  snapshot(plan: Plan): Promise<void> {
    return this.raw.snapshot(plan.raw)
  }

  /**
   * Ends a trial: the parameters that the plan samples are what they were at its snapshot. How far they had come,
   * snapshot − value, can be added up over trials. Allocates nothing.
   */
  restore(plan: Plan, options: RestoreOptions): Promise<void> {
    return this.raw.restore(plan.raw, options)
  }

  /** Adds the displacement held to the gradients, as if a backward pass had left it there, and clears it. */
  displacementToGradients(): Promise<void> {
    return this.raw.displacementToGradients()
  }

  /** Accuracy and loss on the source's images in order, without augmentation; by running statistics, where kept. */
  evaluate(plan: Plan, dataset: ImageSource, options: EvaluateOptions): Promise<EvaluateRecord> {
    return this.raw.evaluate(plan.raw, dataset.raw, options)
  }

  /**
   * Estimates the running statistics of a plan's batch norms anew: the average over the batches that the images form, of
   * their means and (unbiased) variances. Nothing is dropped. Paths that share a supernet leave statistics of all of
   * them behind, so each needs its own before it is evaluated.
   */
  recalibrate(plan: Plan, { dataset, batchSize, ...images }: CalibrationImages): Promise<void> {
    return this.raw.recalibrate(plan.raw, dataset.raw, images, batchSize)
  }

  /** Logits of one batch without augmentation, indices.length × classes, row-major. */
  logits(plan: Plan, dataset: ImageSource, indices: Int32Array): Promise<Float32Array> {
    return this.raw.logits(plan.raw, dataset.raw, indices)
  }

  /** Gradient moments since the last {@link resetMoments}. */
  moments(): Promise<Moments> {
    return this.raw.moments()
  }

  /** Forgets the gradient moments and how often parameters were sampled, as at the beginning of an epoch. */
  resetMoments(): Promise<void> {
    return this.raw.resetMoments()
  }

  /** A copy of one kind of state, all parameters (or buffers) concatenated. */
  read(kind: StateKind): Promise<Float32Array> {
    return this.raw.read(kind)
  }

  /** Replaces one kind of state; `values` has the length that {@link read} returns. */
  write(kind: StateKind, values: Float32Array): Promise<void> {
    return this.raw.write(kind, values)
  }

  /** Sampling counts: per parameter, steps since the moments' reset, and whether it was ever sampled. */
  counts(): Promise<{ timesSampled: Float64Array; everSampled: Uint8Array }> {
    return this.raw.counts()
  }

  /** Replaces what {@link Supernet.counts} reads. */
  setCounts(counts: { timesSampled: Float64Array; everSampled: Uint8Array }): Promise<void> {
    return this.raw.setCounts(counts.timesSampled, counts.everSampled)
  }

  /**
   * Seconds that all convolutions of a plan take where ATen computes them, in this supernet's precision, on tensors
   * that are there already, and nothing else runs: what a step is measured against. Uses and changes no weights.
   */
  convolutionSeconds(plan: Plan, timing: ConvolutionTiming): Promise<number> {
    return this.raw.convolutionSeconds(plan.raw, timing)
  }
}

function imagesOf(batch: Batch | HeldBatch): RawImages {
  if (batch instanceof HeldBatch) return [batch.raw, undefined]
  const { dataset, ...rest } = batch
  return [dataset.raw, rest]
}
