/**
 * The typed face of the addon: every call, its shapes and units.
 *
 * Each call that computes returns a promise. The addon's one native thread runs these calls in order and never blocks
 * the JavaScript thread. Calls on a disposed handle throw. Arrays passed in are copied, or held until the call has
 * finished: do not write to them before.
 */
export * from './communicator.js'
export * from './content-digest.js'
export {
  type CudaKernels,
  cudaKernels,
  describeUnused,
  type GpuWork,
  gpuWork,
  type TracedWork,
  traceDevice,
} from './cuda-kernels.js'
export * from './dataset.js'
export type * from './image-source.js'
export * from './image-stream.js'
export { describeCompetition, describeMachine, type Machine } from './machine.js'
export * from './process.js'
export type { Binding } from './raw.js'
export type * from './records.js'
export { imagesOfShare, type ProcessRank, shareOf } from './share-of-batch.js'
export { OPTIMIZER_SLOTS, type StateKind } from './state.js'
export * from './supernet.js'
