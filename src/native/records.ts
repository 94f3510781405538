/** What goes into the addon and comes back: shapes, units, ranges. */
import type { AugmentationConfig, Config, OptimizerConfig, TrainingConfig } from '../config/schema.js'
import type { BufferSpec } from '../spaces/space.js'
import type { ImageSource } from './image-source.js'

/** Where tensors lie and are computed with: `cuda` is the first NVIDIA GPU. */
export type Device = Config['device']

/**
 * How a supernet computes: `fast` takes whatever is fastest on the device; `reference` takes ATen's operators in the
 * order of the PyTorch reference, rounding as it does, for comparisons and as the measure of what `fast` gains.
 */
export type Arithmetic = 'fast' | 'reference'

/**
 * The type in which a supernet keeps activations and convolves. Parameters, their gradients and moments, statistics
 * and the loss are float32 in either, so the weights of one can be used by the other.
 */
export type Precision = Config['precision']

/** How a supernet computes, and on what. */
export interface SupernetOptions {
  /** Default `cpu`. */
  readonly device?: Device
  /** Default `fast`. */
  readonly arithmetic?: Arithmetic
  /** Default `float32`. */
  readonly precision?: Precision
  /** State that no gradient changes, default none. */
  readonly buffers?: readonly BufferSpec[]
}

/** Images and labels of one split, resident in memory of `device`. */
export interface ImageData {
  /** count × channels × height × width: bytes 0…255, or floats that are already normalised. */
  readonly images: Uint8Array | Float32Array
  /** One class index per image. */
  readonly labels: Int32Array
  readonly channels: number
  readonly height: number
  readonly width: number
  /** Per channel, in units of pixel value / 255. Ignored for float images. */
  readonly mean?: readonly number[]
  readonly std?: readonly number[]
}

/** What the images of a batch are augmented by, each by numbers that are drawn natively from `seed`. */
export interface Augmentation {
  /** A whole number of at least 0. */
  readonly seed: number
  /** Carried out in this order; each kind once. */
  readonly list: readonly AugmentationConfig[]
}

/** What the dropouts and drop paths of a step draw from, natively. */
export interface Drop {
  readonly seed: number
  /** Factor on the probability of every drop path, 0…1, for schedules that raise it in training; default 1. */
  readonly pathScale?: number
}

/** The images of one step, and how it takes them. */
export interface Batch {
  readonly dataset: ImageSource
  /** Indices into the source, one per sample of the batch. */
  readonly indices: Int32Array
  readonly augmentation?: Augmentation
  /** One factor per sample on its loss; default 1. The loss is always divided by the batch size. */
  readonly weights?: Float32Array
  /** Without it nothing is dropped. */
  readonly drop?: Drop
  /** What the `mix` instructions of the program take their inputs by: as many as they read, none without any. */
  readonly mixing?: Float32Array
}

/** Gaussian noise on gradients. */
export interface GradientNoise {
  /** Standard deviation. */
  readonly deviation: number
  /** The same seed gives each scalar the same noise, whatever else is sampled. */
  readonly seed: number
  /** Indices of the parameters concerned, in the order of the specs; of those the ones sampled since the last update. */
  readonly parameters: Int32Array
}

/** How {@link Supernet.restore} leaves what a trial changed. */
export interface RestoreOptions {
  /** Factor with which snapshot − value is added to the displacement held; 0 for none. */
  readonly displacement: number
  /** Whether what the optimizer keeps of the plan's parameters stays, or starts again in the next trial. */
  readonly optimizer: 'keep' | 'reset'
}

/** Images that running statistics are made from. */
export interface CalibrationImages extends Pick<Batch, 'dataset' | 'indices' | 'augmentation'> {
  /** Images per batch; the last batch may be smaller, but counts as much. */
  readonly batchSize: number
}

/** What one forward and backward pass finds out. */
export interface AccumulateRecord {
  /** Mean (weighted, if weights were given) cross-entropy before the update. */
  readonly loss: number
  /** Number of samples whose largest logit is their label. */
  readonly correct: number
  /** Per sample ‖softmax(logits) − onehot(label)‖₂, in [0, √2]. */
  readonly importance: Float32Array
  /** Gradient of the loss in each coefficient of the batch's `mixing`; absent without any. */
  readonly mixingGradients?: Float32Array
  /**
   * How far the path's taps are from those observed, of equal slots, in [0, 4]: mean over them of the mean squared
   * difference, each value divided by the root of its mean square first; 0 where they share none. Not part of `loss`.
   * Only of calls with `alignment`.
   */
  readonly alignment?: number
}

/** What else the loss of a pass consists of. */
export interface AccumulateOptions {
  /**
   * Adds `alignment` of the record, times this factor of at least 0, to the loss that gradients are of: draws what the
   * path's taps give towards what those of the path observed last gave, which are constants. Both on the same batch.
   */
  readonly alignment?: number
}

/** What one training step finds out. */
export interface StepRecord extends AccumulateRecord, ClipRecord {
  /** ‖∇‖₂ of each parameter in `plan.parameters`, before clipping. */
  readonly gradientNorms: Float64Array
}

/** One update from the gradients held. */
export interface UpdateOptions {
  readonly learningRate: number
  /** How gradients move weights: its kind, and the settings of that kind. */
  readonly optimizer: OptimizerConfig
  /**
   * `skip`: only parameters sampled since the last update are updated, as by PyTorch 2. `decay`: so are all that were
   * ever sampled before, with gradient zero, as by PyTorch 1.7, whose `zero_grad` left zeros.
   */
  readonly unsampled: TrainingConfig['unsampled']
}

/** How a step goes on from the gradients that its passes have left. */
export interface FinishOptions extends UpdateOptions {
  /** Global gradient norm to clip to; Infinity for none. */
  readonly clipNorm: number
  /** Added to the gradients before their moments are recorded. */
  readonly noise?: GradientNoise
}

/** One training step: a pass, and what follows from its gradients. */
export interface StepOptions extends FinishOptions, AccumulateOptions {}

/** What clipping found and did. */
export interface ClipRecord {
  /** ‖∇‖₂ over all parameters, before clipping. */
  readonly globalNorm: number
  /** Factor that clipping applied to every gradient, in (0, 1]. */
  readonly clipScale: number
}

/** On what a plan is evaluated. */
export interface EvaluateOptions {
  readonly batchSize: number
  /** Evaluate on the first `count` images only. */
  readonly count?: number
}

/** How a plan does on images: `correct` of `count` have their label as the largest logit. */
export interface EvaluateRecord {
  readonly count: number
  readonly correct: number
  /** Mean cross-entropy. */
  readonly loss: number
}

/** How long the convolutions of a plan are timed. */
export interface ConvolutionTiming {
  readonly batchSize: number
  /** Whether the convolutions also run backward: gradients of weights, and of inputs where the plan asks for them. */
  readonly training: boolean
  /** Rounds before those that count. */
  readonly warmup: number
  /** Rounds of which the median is taken. */
  readonly repetitions: number
}

/** Gradient moments since the last reset, one entry per parameter of the supernet. */
export interface Moments {
  /** Steps in which the parameter was sampled. */
  readonly timesSampled: Float64Array
  /** Population variance of the gradient over those steps, averaged over the parameter's scalars. */
  readonly meanVariance: Float64Array
}
