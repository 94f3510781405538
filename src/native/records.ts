/** Arguments and results of the addon's calls: shapes, units, ranges. */
import type { AugmentationConfig, Config, OptimizerConfig, TrainingConfig } from '../config/schema.js'
import type { BufferSpec } from '../spaces/space.js'
import type { ImageSource } from './image-source.js'

/** Device that holds tensors and computes with them. `cuda` is the GPU of {@link setCudaDevice}, `cuda:1` the second one. */
export type Device = Config['device']

/**
 * How a supernet computes. `fast` uses the fastest code for the device. `reference` uses ATen's operators in the order
 * of the PyTorch reference, and so rounds as it does. It is for comparisons, also of speed.
 */
export type Arithmetic = 'fast' | 'reference'

/**
 * Type of a supernet's activations and convolutions. Parameters, their gradients and moments, statistics and the loss
 * are always float32, so a supernet of one precision can use the weights of the other.
 */
export type Precision = Config['precision']

/** Device, arithmetic, precision and buffers of a supernet. */
export interface SupernetOptions {
  /** Default `cpu`. */
  readonly device?: Device
  /** Default `fast`. */
  readonly arithmetic?: Arithmetic
  /** Default `float32`. */
  readonly precision?: Precision
  /** State that no gradient changes. Default: none. */
  readonly buffers?: readonly BufferSpec[]
}

/** Images and labels of one split. */
export interface ImageData {
  /** count × channels × height × width: bytes 0…255, or floats that are already normalised. */
  readonly images: Uint8Array | Float32Array
  /** One class index per image. */
  readonly labels: Int32Array
  readonly channels: number
  readonly height: number
  readonly width: number
  /** Mean of each channel, in units of pixel value / 255. Ignored for float images. */
  readonly mean?: readonly number[]
  /** Standard deviation of each channel, in the same units. Ignored for float images. */
  readonly std?: readonly number[]
}

/**
 * An augmentation of single images, with all its fields. It is an entry of `training.augmentation`, but `auto-augment`
 * has numbers as its `policy` and says how it moves images, and mixup is none. The function `imageAugmentations` makes
 * them from settings.
 */
export type ImageAugmentation =
  | Exclude<AugmentationConfig, { kind: 'auto-augment' | 'mixup' }>
  | (Omit<Extract<AugmentationConfig, { kind: 'auto-augment' }>, 'policy'> & {
      /**
       * Rows of eight numbers, one per pair of steps. An image goes through one pair; all have the same probability. A
       * step is the number of an operation, the probability that it is carried out, and two arguments, one of which
       * is drawn.
       */
      readonly policy: Float64Array
      /** True: images move by whole pixels. False: also by parts of pixels, which the interpolation then rounds or mixes. */
      readonly wholePixels: boolean
    })

/** Mixup of one batch (Zhang et al. 2018): sample i is share · sample i + (1 − share) · sample partners[i]. */
export interface Mixup {
  /** In [0, 1]. Targets are mixed as images are. */
  readonly share: number
  /** Positions in the batch, one per sample. */
  readonly partners: Int32Array
}

/** Augmentations of one batch. The addon draws random numbers for each image from `seed`. */
export interface Augmentation {
  /** An integer of at least 0. */
  readonly seed: number
  /** Augmentations in order of execution, each kind at most once. */
  readonly list: readonly ImageAugmentation[]
  /** Positions in the batch of the images that are made, if they are not the whole batch in its order. */
  readonly positions?: Int32Array
}

/** Seed and scale of the dropouts and drop paths of a step. */
export interface Drop {
  readonly seed: number
  /** Factor on the probability of every drop path, in [0, 1], for schedules that raise it in training. Default 1. */
  readonly pathScale?: number
}

/** Images of one step, and their augmentation, weights and randomness. */
export interface Batch {
  readonly dataset: ImageSource
  /** Indices into the source, one per sample of the batch. */
  readonly indices: Int32Array
  readonly augmentation?: Augmentation
  /** Factor on the loss of each sample. Default 1. The sum of losses is always divided by the batch size. */
  readonly weights?: Float32Array
  /** If absent, nothing is dropped. */
  readonly drop?: Drop
  /**
   * Samples computed at a time; default all. A batch is divided into as few parts as possible, whose sizes differ by one
   * at most. Loss and gradients are those of the batch. But batch norms normalise by the part, and running statistics
   * change once per part. Neither `observe` nor `alignment` takes a batch of several parts.
   */
  readonly microBatchSize?: number
  /** Coefficients of the inputs of the program's `mix` instructions, one per input. Absent if it has none. */
  readonly mixing?: Float32Array
  /** ε in [0, 1): the target of a sample is (1 − ε) · onehot(label) + ε / classes. Default 0. */
  readonly labelSmoothing?: number
  /** Applied after the augmentation. If absent, images stay unmixed. */
  readonly mixup?: Mixup
}

/** Gaussian noise on gradients. */
export interface GradientNoise {
  /** Standard deviation. */
  readonly deviation: number
  /** The same seed gives a scalar the same noise, whichever other parameters are sampled. */
  readonly seed: number
  /** Indices of parameters, in the order of the specs. Only those sampled since the last update get noise. */
  readonly parameters: Int32Array
}

/** Options of {@link Supernet.restore}. */
export interface RestoreOptions {
  /** Factor of snapshot − value in the sum that is the displacement held. 0 adds nothing. */
  readonly displacement: number
  /** `keep` leaves the optimizer's state of the plan's parameters; `reset` sets it to its initial values. */
  readonly optimizer: 'keep' | 'reset'
}

/** Images from which running statistics are estimated. */
export interface CalibrationImages extends Pick<Batch, 'dataset' | 'indices' | 'augmentation'> {
  /** Largest number of images per batch. Batches differ by one image at most, and all images have the same weight. */
  readonly batchSize: number
}

/** Results of one forward and backward pass. */
export interface AccumulateRecord {
  /**
   * Mean cross-entropy of the program's logits before the update, weighted if the batch has weights. Auxiliary outputs
   * have no part in `loss`, `correct` and `importance`, so these compare with evaluations.
   */
  readonly loss: number
  /** Sum over all outputs of their weight · mean cross-entropy; `loss` if the logits are the only output. */
  readonly totalLoss: number
  /** Number of samples whose largest logit is their label, with mixup that of their own image. */
  readonly correct: number
  /** Number of samples whose label has fewer than five larger logits. */
  readonly correctTop5: number
  /** ‖softmax(logits) − target‖₂ of each sample, in [0, √2]. The target is onehot(label), smoothed and mixed. */
  readonly importance: Float32Array
  /** Gradient of the loss with respect to each coefficient of the batch's `mixing`; absent if it has none. */
  readonly mixingGradients?: Float32Array
  /** True if a process of a training by several processes wishes to stop; see {@link Communicator.requestStop}. */
  readonly stop?: boolean
  /**
   * Mean squared difference between the path's taps and the observed taps of the same slots, in [0, 4]. Each tap is
   * divided by its root mean square before, and the result is the mean over taps; 0 if no slots are shared. It is part
   * of neither `loss` nor `totalLoss`. Only calls with `alignment` give it.
   */
  readonly alignment?: number
}

/** Additional terms of a pass's loss. */
export interface AccumulateOptions {
  /**
   * Factor, at least 0, of the record's `alignment` in the loss that is differentiated. It draws the path's taps
   * towards the taps of the path observed last, which are constants. Both paths must use the same batch.
   */
  readonly alignment?: number
}

/** Results of one training step. */
export interface StepRecord extends AccumulateRecord, ClipRecord {
  /** ‖∇‖₂ of each parameter in `plan.parameters`, before clipping. */
  readonly gradientNorms: Float64Array
}

/** Options of one update from the gradients held. */
export interface UpdateOptions {
  readonly learningRate: number
  /** Kind of the optimizer, and the settings of that kind. */
  readonly optimizer: OptimizerConfig
  /**
   * `skip` updates only parameters sampled since the last update, as PyTorch 2 does. `decay` also updates parameters
   * sampled earlier, with gradient zero, as PyTorch 1.7 does, whose `zero_grad` leaves zeros.
   */
  readonly unsampled: TrainingConfig['unsampled']
  /**
   * Share, in [0, 1], that the averaged weights a keep: a ← d a + (1 − d) w for all parameters and buffers, after the
   * update. Absent: the averages stay unchanged.
   */
  readonly averageDecay?: number
}

/** Options of the second half of a step, which uses the gradients of its passes. */
export interface FinishOptions extends UpdateOptions {
  /** Largest global gradient norm; Infinity for no clipping. */
  readonly clipNorm: number
  /** Noise added to the gradients before their moments are recorded. */
  readonly noise?: GradientNoise
}

/** Options of one training step: a pass, and the update by its gradients. */
export interface StepOptions extends FinishOptions, AccumulateOptions {}

/** Results of clipping. */
export interface ClipRecord {
  /** ‖∇‖₂ over all parameters, before clipping. */
  readonly globalNorm: number
  /** Factor that clipping applied to every gradient, in [0, 1]: 0 if the norm is infinite, and NaN if it is NaN. */
  readonly clipScale: number
}

/** Images that a plan is evaluated on. */
export interface EvaluateOptions {
  /** Largest number of images per batch. Batches differ by one image at most. */
  readonly batchSize: number
  /** Evaluates on the first `count` images only. Default: all. */
  readonly count?: number
  /** Of the batches, divided into `parts` parts of about the same number, evaluates the part `part`. Default: all. */
  readonly part?: number
  readonly parts?: number
}

/** Results of an evaluation: for `correct` of `count` images, the largest logit is the label. */
export interface EvaluateRecord {
  readonly count: number
  readonly correct: number
  /** Number of images whose label has fewer than five larger logits. */
  readonly correctTop5: number
  /** Mean cross-entropy. */
  readonly loss: number
}

/** Options of timing a plan's convolutions. */
export interface ConvolutionTiming {
  readonly batchSize: number
  /** True to run them backward too: gradients of weights, and of inputs if the plan needs them. */
  readonly training: boolean
  /** Rounds before the measured ones. */
  readonly warmup: number
  /** Measured rounds. The result is their median. */
  readonly repetitions: number
}

/** Counts of steps and updates, one entry per parameter of the supernet. */
export interface Counts {
  /** Steps that sampled the parameter since the moments' reset. */
  readonly timesSampled: Float64Array
  /** 1 if any step ever sampled the parameter. */
  readonly everSampled: Uint8Array
  /** Updates that moved the parameter since the optimizer's reset: the steps of Adam's bias correction. */
  readonly timesUpdated: Float64Array
}

/** Gradient moments since the last reset, one entry per parameter of the supernet. */
export interface Moments {
  /** Number of steps in which the parameter was sampled. */
  readonly timesSampled: Float64Array
  /** Population variance of the gradient over those steps, averaged over the parameter's scalars. */
  readonly meanVariance: Float64Array
}
