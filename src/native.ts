/**
 * The typed face of the addon: every call, its shapes and units. The only file that loads it.
 *
 * Each call that computes returns a promise and runs on the addon's one native thread, in the order called; the
 * JavaScript thread is never blocked. Calls on a disposed handle throw. Arrays passed in are copied or held until the
 * call has finished; do not write to them before that.
 */
import { loadBinding } from './binding.js'
import { type EncodedProgram, encodeProgram } from './encode-program.js'
import type { Program } from './program.js'
import type { BufferSpec, ParameterSpec } from './spaces/space.js'

export type Device = 'cpu' | 'cuda'

/**
 * How a supernet computes: `fast` takes whatever is fastest on the device; `reference` takes ATen's operators in the
 * order of the PyTorch reference, rounding as it does, for comparisons and as the measure of what `fast` gains.
 */
export type Arithmetic = 'fast' | 'reference'

/**
 * The type in which a supernet keeps activations and convolves. Parameters, their gradients and moments, statistics
 * and the loss are float32 in either, so the weights of one can be used by the other.
 */
export type Precision = 'float32' | 'bfloat16'

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

export type ConvolutionKernels = 'none' | 'avx2' | 'avx512' | 'avx512bf16'

export interface NativeInfo {
  /** Version of libtorch at run time, e.g. "2.15.0". */
  readonly torch: string
  /** Instruction set that ATen dispatches to, e.g. "AVX512". */
  readonly cpuCapability: string
  /** Instruction set of the addon's own convolutions; "none" leaves them to ATen. */
  readonly convolutionKernels: ConvolutionKernels
  readonly threads: number
  /** Names of usable CUDA devices; empty without torch_cuda or without a GPU. */
  readonly cudaDevices: readonly string[]
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

/** Random crop of the zero-padded image, and horizontal flip with probability one half; drawn natively from `seed`. */
export interface Augmentation {
  readonly seed: number
  /** Pixels of zero padding on each side before cropping back to size; 0 for no crop. */
  readonly pad: number
  readonly flip: boolean
}

/** What the dropouts and drop paths of a step draw from, natively. */
export interface Drop {
  readonly seed: number
  /** Factor on the probability of every drop path, 0…1, for schedules that raise it in training; default 1. */
  readonly pathScale?: number
}

export interface Batch {
  readonly dataset: Dataset
  /** Indices into the data set, one per sample of the batch. */
  readonly indices: Int32Array
  readonly augmentation?: Augmentation
  /** One factor per sample on its loss; default 1. The loss is always divided by the batch size. */
  readonly weights?: Float32Array
  /** Without it nothing is dropped. */
  readonly drop?: Drop
}

/** Images that running statistics are made from. */
export interface CalibrationImages extends Pick<Batch, 'dataset' | 'indices' | 'augmentation'> {
  /** Images per batch; the last batch may be smaller, but counts as much. */
  readonly batchSize: number
}

export interface AccumulateRecord {
  /** Mean (weighted, if weights were given) cross-entropy before the update. */
  readonly loss: number
  /** Number of samples whose largest logit is their label. */
  readonly correct: number
  /** Per sample ‖softmax(logits) − onehot(label)‖₂, in [0, √2]. */
  readonly importance: Float32Array
}

export interface StepRecord extends AccumulateRecord {
  /** ‖∇‖₂ of each parameter in `plan.parameters`, before clipping. */
  readonly gradientNorms: Float64Array
  /** ‖∇‖₂ over all parameters, before clipping. */
  readonly globalNorm: number
  /** Factor that clipping applied to every gradient, in (0, 1]. */
  readonly clipScale: number
}

export interface SgdOptions {
  readonly learningRate: number
  readonly momentum: number
  readonly weightDecay: number
  /** Whether parameters outside this step's path get momentum and weight decay, once sampled (METHOD §2). */
  readonly unsampled: 'skip' | 'decay'
}

export interface StepOptions extends SgdOptions {
  /** Global gradient norm to clip to; Infinity for none. */
  readonly clipNorm: number
}

export interface EvaluateOptions {
  readonly batchSize: number
  /** Evaluate on the first `count` images only. */
  readonly count?: number
}

export interface EvaluateRecord {
  readonly count: number
  readonly correct: number
  /** Mean cross-entropy. */
  readonly loss: number
}

export interface ConvolutionTiming {
  readonly batchSize: number
  /** Whether the convolutions also run backward: gradients of weights, and of inputs where the plan asks for them. */
  readonly training: boolean
  /** Rounds before those that count. */
  readonly warmup: number
  /** Rounds of which the median is taken. */
  readonly repetitions: number
}

/** What the native thread spends its time on. The order fixes what the addon reports: keep `native/stopwatch.h` equal. */
export const FAMILIES = [
  'convForward',
  'convBackward',
  'norm',
  'pool',
  'sum',
  'loss',
  'statistics',
  'optimiser',
  'other',
] as const

export type Family = (typeof FAMILIES)[number]

/** Seconds by family; together the time that the native thread was busy. */
export type Profile = Readonly<Record<Family, number>>

/** Gradient moments since the last reset, one entry per parameter of the supernet. */
export interface Moments {
  /** Steps in which the parameter was sampled. */
  readonly timesSampled: Float64Array
  /** Population variance of the gradient over those steps, averaged over the parameter's scalars. */
  readonly meanVariance: Float64Array
}

/** Flat float32 state: all parameters, or for `buffers` all buffers, concatenated in the order of the specs. */
export type StateKind = 'parameters' | 'gradients' | 'momentum' | 'momentMean' | 'momentM2' | 'buffers'

interface RawHandle {
  dispose(): void
}
interface RawDataset extends RawHandle {}
interface RawPlan extends RawHandle {
  /** Names of the parameters the plan samples, used and idle. */
  readonly parameters: readonly string[]
}
interface RawSupernet extends RawHandle {
  compile(code: Int32Array, names: readonly string[], idle: readonly string[]): RawPlan
  accumulate(plan: RawPlan, dataset: RawDataset, batch: Omit<Batch, 'dataset'>): Promise<AccumulateRecord>
  recordMoments(): Promise<void>
  clip(maxNorm: number): Promise<{ globalNorm: number; clipScale: number }>
  update(options: SgdOptions): Promise<void>
  trainStep(
    plan: RawPlan,
    dataset: RawDataset,
    batch: Omit<Batch, 'dataset'>,
    options: StepOptions,
  ): Promise<StepRecord>
  evaluate(plan: RawPlan, dataset: RawDataset, options: EvaluateOptions): Promise<EvaluateRecord>
  recalibrate(
    plan: RawPlan,
    dataset: RawDataset,
    images: Omit<CalibrationImages, 'dataset' | 'batchSize'>,
    batchSize: number,
  ): Promise<void>
  logits(plan: RawPlan, dataset: RawDataset, indices: Int32Array): Promise<Float32Array>
  moments(): Promise<Moments>
  resetMoments(): Promise<void>
  read(kind: StateKind): Promise<Float32Array>
  write(kind: StateKind, values: Float32Array): Promise<void>
  counts(): Promise<{ timesSampled: Float64Array; everSampled: Uint8Array }>
  setCounts(timesSampled: Float64Array, everSampled: Uint8Array): Promise<void>
  convolutionSeconds(plan: RawPlan, timing: ConvolutionTiming): Promise<number>
}

/** One name, shape and initial value per buffer. */
interface RawBuffers {
  readonly names: readonly string[]
  readonly shapes: readonly (readonly number[])[]
  readonly initial: Float32Array
}

/** What the compiled addon exports; `native/addon.cc` is its other side. */
export interface Binding {
  info(): NativeInfo
  setThreads(threads: number): Promise<void>
  limitConvolutionKernels(most: ConvolutionKernels): Promise<void>
  startProfile(device: Device): Promise<void>
  takeProfile(): Promise<Float64Array>
  stopProfile(): Promise<void>
  resetPeakMemory(device: Device): Promise<void>
  peakMemory(device: Device): Promise<number>
  Dataset: new (data: ImageData, device: Device) => RawDataset
  Supernet: new (
    names: readonly string[],
    shapes: readonly (readonly number[])[],
    buffers: RawBuffers,
    options: Required<Omit<SupernetOptions, 'buffers'>>,
  ) => RawSupernet
}

export function nativeInfo(): NativeInfo {
  return loadBinding().info()
}

/** Sets the number of threads that native computation uses, process-wide. */
export function setThreads(threads: number): Promise<void> {
  return loadBinding().setThreads(threads)
}

/** Keeps the addon's own convolutions to an instruction set and those below it, process-wide: for tests and comparisons. */
export function limitConvolutionKernels(most: ConvolutionKernels): Promise<void> {
  return loadBinding().limitConvolutionKernels(most)
}

/**
 * Starts to measure, process-wide, what the native thread spends its time on. Like every call here it takes its turn
 * among the calls: work that was asked for before it is not measured. On a GPU each reading of the clock waits for the
 * device, which slows it down.
 */
export function startProfile(device: Device = 'cpu'): Promise<void> {
  return loadBinding().startProfile(device)
}

/** The time since {@link startProfile} or since it was last taken. */
export async function takeProfile(): Promise<Profile> {
  const seconds = await loadBinding().takeProfile()
  return Object.fromEntries(FAMILIES.map((family, i) => [family, seconds[i]])) as Profile
}

export function stopProfile(): Promise<void> {
  return loadBinding().stopProfile()
}

/** Gives memory kept for later back to the system and forgets the peak so far, as far as the system allows. */
export function resetPeakMemory(device: Device = 'cpu'): Promise<void> {
  return loadBinding().resetPeakMemory(device)
}

/** Bytes that the process (on a GPU: torch there) held at most since {@link resetPeakMemory}. */
export function peakMemory(device: Device = 'cpu'): Promise<number> {
  return loadBinding().peakMemory(device)
}

/** Images resident in native memory. */
export class Dataset implements Disposable {
  /** @internal */
  readonly raw: RawDataset
  readonly count: number

  constructor(data: ImageData, device: Device = 'cpu') {
    this.raw = new (loadBinding().Dataset)(data, device)
    this.count = data.labels.length
  }

  dispose(): void {
    this.raw.dispose()
  }

  [Symbol.dispose](): void {
    this.dispose()
  }
}

/** A program checked, fused and bound to the parameters of one supernet. */
export class Plan implements Disposable {
  /** @internal */
  readonly raw: RawPlan
  /** Names of the parameters that the plan samples: those it uses, then the idle ones. */
  readonly parameters: readonly string[]

  /** @internal */
  constructor(raw: RawPlan) {
    this.raw = raw
    this.parameters = raw.parameters
  }

  dispose(): void {
    this.raw.dispose()
  }

  [Symbol.dispose](): void {
    this.dispose()
  }
}

/** All weights of a search space, their gradients, momentum and gradient moments, and its buffers, on one device. */
export class Supernet implements Disposable {
  readonly #raw: RawSupernet
  readonly specs: readonly ParameterSpec[]
  readonly buffers: readonly BufferSpec[]
  readonly device: Device
  readonly precision: Precision

  /** Parameters start at zero; write them with {@link write}. Buffers start with what their specs say. */
  constructor(specs: readonly ParameterSpec[], options: SupernetOptions = {}) {
    const { device = 'cpu', arithmetic = 'fast', precision = 'float32', buffers = [] } = options
    this.specs = specs
    this.buffers = buffers
    this.device = device
    this.precision = precision
    this.#raw = new (loadBinding().Supernet)(
      specs.map((spec) => spec.name),
      specs.map((spec) => spec.shape),
      {
        names: buffers.map((buffer) => buffer.name),
        shapes: buffers.map((buffer) => buffer.shape),
        initial: Float32Array.from(buffers, (buffer) => buffer.init),
      },
      { device, arithmetic, precision },
    )
  }

  /** Checks a program against the parameters and buffers and plans its execution; equal programs share one plan natively. */
  compile(program: Program): Plan {
    const { code, names, idle }: EncodedProgram = encodeProgram(program)
    return new Plan(this.#raw.compile(code, names, idle))
  }

  /** Forward and backward; adds the gradient of the mean loss to the gradients held, and moves running statistics. */
  accumulate(plan: Plan, { dataset, ...batch }: Batch): Promise<AccumulateRecord> {
    return this.#raw.accumulate(plan.raw, dataset.raw, batch)
  }

  /** Counts the gradients held as one observation of every parameter sampled since the last update (METHOD §1). */
  recordMoments(): Promise<void> {
    return this.#raw.recordMoments()
  }

  /** Scales the gradients held so that their global norm is at most `maxNorm`. */
  clip(maxNorm: number): Promise<{ globalNorm: number; clipScale: number }> {
    return this.#raw.clip(maxNorm)
  }

  /** One SGD update from the gradients held, which it clears. */
  update(options: SgdOptions): Promise<void> {
    return this.#raw.update(options)
  }

  /** Accumulate, record moments, clip, update: one native call. */
  trainStep(plan: Plan, { dataset, ...batch }: Batch, options: StepOptions): Promise<StepRecord> {
    return this.#raw.trainStep(plan.raw, dataset.raw, batch, options)
  }

  /** Accuracy and loss on the data set's images in order, without augmentation; by running statistics, where kept. */
  evaluate(plan: Plan, dataset: Dataset, options: EvaluateOptions): Promise<EvaluateRecord> {
    return this.#raw.evaluate(plan.raw, dataset.raw, options)
  }

  /**
   * Estimates the running statistics of a plan's batch norms anew: the average over the batches that the images form, of
   * their means and (unbiased) variances. Nothing is dropped. Paths that share a supernet leave statistics of all of
   * them behind, so each needs its own before it is evaluated.
   */
  recalibrate(plan: Plan, { dataset, batchSize, ...images }: CalibrationImages): Promise<void> {
    return this.#raw.recalibrate(plan.raw, dataset.raw, images, batchSize)
  }

  /** Logits of one batch without augmentation, indices.length × classes, row-major. */
  logits(plan: Plan, dataset: Dataset, indices: Int32Array): Promise<Float32Array> {
    return this.#raw.logits(plan.raw, dataset.raw, indices)
  }

  /** Gradient moments since the last {@link resetMoments}. */
  moments(): Promise<Moments> {
    return this.#raw.moments()
  }

  resetMoments(): Promise<void> {
    return this.#raw.resetMoments()
  }

  /** A copy of one kind of state, all parameters (or buffers) concatenated. */
  read(kind: StateKind): Promise<Float32Array> {
    return this.#raw.read(kind)
  }

  /** Replaces one kind of state; `values` has the length that {@link read} returns. */
  write(kind: StateKind, values: Float32Array): Promise<void> {
    return this.#raw.write(kind, values)
  }

  /** Sampling counts: per parameter, steps since the moments' reset, and whether it was ever sampled. */
  counts(): Promise<{ timesSampled: Float64Array; everSampled: Uint8Array }> {
    return this.#raw.counts()
  }

  setCounts(counts: { timesSampled: Float64Array; everSampled: Uint8Array }): Promise<void> {
    return this.#raw.setCounts(counts.timesSampled, counts.everSampled)
  }

  /**
   * Seconds that all convolutions of a plan take where ATen computes them, in this supernet's precision, on tensors
   * that are there already, and nothing else runs: what a step is measured against. Uses and changes no weights.
   */
  convolutionSeconds(plan: Plan, timing: ConvolutionTiming): Promise<number> {
    return this.#raw.convolutionSeconds(plan.raw, timing)
  }

  dispose(): void {
    this.#raw.dispose()
  }

  [Symbol.dispose](): void {
    this.dispose()
  }
}
