/** Types of the compiled addon's exports. The handles, such as {@link Supernet}, wrap them. */
import type { CommunicatorOptions, StorePlace, Traffic } from './communicator.js'
import type { CompiledKernels, CudaKernelOptions, CudaKernels, GpuWork, TracedWork } from './cuda-kernels.js'
import type { EncodedFiles, InspectedImages, StreamData } from './image-stream.js'
import type { ConvolutionKernels, NativeInfo } from './process.js'
import type {
  AccumulateOptions,
  AccumulateRecord,
  Augmentation,
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
  ImageData,
  Moments,
  RestoreOptions,
  StepOptions,
  StepRecord,
  SupernetOptions,
  UpdateOptions,
} from './records.js'
import type { StateKind } from './state.js'

export interface RawHandle {
  dispose(): void
}
export interface RawDataset extends RawHandle {}
export interface RawImageStream extends RawHandle {
  prefetch(indices: Int32Array, augmentation: Augmentation | undefined): void
  make(indices: Int32Array, augmentation: Augmentation | undefined): Promise<void>
  waited(): number
  damaged(): readonly string[]
}
/** What steps take images from. */
export type RawImageSource = RawDataset | RawImageStream
export interface RawHeldBatch extends RawHandle {}
/** A batch, or one process's share of it; see `share-of-batch.ts`. */
export interface RawBatch extends Omit<Batch, 'dataset'> {
  readonly share?: { readonly first: number; readonly whole: number }
}
/** A data set and a batch of its images, or a held batch. */
export type RawImages = [dataset: RawImageSource, batch: RawBatch] | [held: RawHeldBatch, batch: undefined]
export interface RawPlan extends RawHandle {
  /** Names of the parameters that the plan samples, used and idle. */
  readonly parameters: readonly string[]
}
export interface RawCommunicator extends RawHandle {
  connect(): Promise<void>
  connectNccl(library: string, id: Uint8Array, device: Device): Promise<string>
  sum(numbers: Float64Array): Promise<Float64Array>
  set(key: string, value: string): void
  get(key: string): string | undefined
  add(key: string, amount: number): number
  check(): void
  fail(reason: string): void
  requestStop(): void
  fallSilent(): void
  traffic(): Traffic
}
export interface RawSupernet extends RawHandle {
  distribute(communicator: RawCommunicator, synchroniseNorms: boolean): Promise<void>
  compile(code: Int32Array, names: readonly string[], idle: readonly string[]): RawPlan
  observe(plan: RawPlan, ...images: RawImages): Promise<EvaluateRecord>
  accumulate(plan: RawPlan, ...pass: [...images: RawImages, options: AccumulateOptions]): Promise<AccumulateRecord>
  addGradientNoise(noise: GradientNoise): Promise<void>
  recordMoments(): Promise<void>
  clip(maxNorm: number): Promise<ClipRecord>
  update(options: UpdateOptions): Promise<void>
  finishStep(options: FinishOptions): Promise<ClipRecord>
  restartAverages(): Promise<void>
  useWeights(which: 'raw' | 'averaged'): Promise<void>
  resetOptimizer(): Promise<void>
  discardGradients(): Promise<void>
  trainStep(plan: RawPlan, ...step: [...images: RawImages, options: StepOptions]): Promise<StepRecord>
  snapshot(plan: RawPlan): Promise<void>
  restore(plan: RawPlan, options: RestoreOptions): Promise<void>
  displacementToGradients(): Promise<void>
  evaluate(plan: RawPlan, dataset: RawImageSource, options: EvaluateOptions): Promise<EvaluateRecord>
  recalibrate(
    plan: RawPlan,
    dataset: RawImageSource,
    images: Omit<CalibrationImages, 'dataset' | 'batchSize'>,
    batchSize: number,
  ): Promise<void>
  logits(plan: RawPlan, dataset: RawImageSource, indices: Int32Array): Promise<Float32Array>
  moments(): Promise<Moments>
  resetMoments(): Promise<void>
  read(kind: StateKind): Promise<Float32Array>
  write(kind: StateKind, values: Float32Array): Promise<void>
  counts(): Promise<Counts>
  setCounts(timesSampled: Float64Array, everSampled: Uint8Array, timesUpdated: Float64Array): Promise<void>
  convolutionSeconds(plan: RawPlan, timing: ConvolutionTiming): Promise<number>
}

/** Lists that TypeScript and C++ both have; see `native/bindings/tables.h`. */
export interface RawTables {
  readonly instructions: readonly { readonly name: string; readonly attributes: readonly string[] }[]
  readonly optimizers: readonly { readonly kind: string; readonly slots: readonly string[] }[]
  readonly stateKinds: readonly string[]
  readonly imageOperations: readonly string[]
  readonly families: readonly string[]
}

/** One name, shape and initial value per buffer. */
export interface RawBuffers {
  readonly names: readonly string[]
  readonly shapes: readonly (readonly number[])[]
  readonly initial: Float32Array
}

/**
 * Exports of the compiled addon; see `native/addon.cc`.
 *
 * @internal
 */
export interface Binding {
  info(): NativeInfo
  tables(): RawTables
  /** Resolves to the number that was set, which may be less. */
  setThreads(threads: number): Promise<number>
  /** To be called when the process is about to exit with `code`: it then ends well, even if a step computes. */
  processExits(code: number): void
  limitConvolutionKernels(most: ConvolutionKernels): Promise<void>
  setCudaDevice(index: number): void
  startProfile(device: Device): Promise<void>
  takeProfile(): Promise<Float64Array>
  stopProfile(): Promise<void>
  resetPeakMemory(device: Device): Promise<void>
  peakMemory(device: Device): Promise<number>
  setCudaKernels(options: CudaKernelOptions): void
  cudaKernels(device: Device): Promise<readonly CudaKernels[]>
  compileCudaKernels(nvrtc: string, architecture: string): Promise<readonly CompiledKernels[]>
  gpuWork(): GpuWork
  startTrace(device: Device): Promise<void>
  endTrace(device: Device): Promise<readonly TracedWork[]>
  contentDigest(bytes: Uint8Array): bigint
  inspectImages(
    files: EncodedFiles,
    first: number,
    count: number,
    options: Pick<StreamData, 'threads' | 'libraries' | 'jpegLibraries'> & { readonly decode: boolean },
  ): Promise<InspectedImages>
  jpegLibrary(names: readonly string[]): string | undefined
  Dataset: new (data: ImageData, device: Device) => RawDataset
  ImageStream: new (data: StreamData, device: Device) => RawImageStream
  HeldBatch: new (dataset: RawImageSource, batch: RawBatch) => RawHeldBatch
  Communicator: {
    new (place: StorePlace, options: Required<CommunicatorOptions>): RawCommunicator
    ncclId(library: string): Uint8Array
  }
  Supernet: new (
    names: readonly string[],
    shapes: readonly (readonly number[])[],
    buffers: RawBuffers,
    options: Required<Omit<SupernetOptions, 'buffers'>>,
  ) => RawSupernet
}
