/**
 * A fake addon in JavaScript, with the same interface and invented arithmetic. The numbers that a step returns or stores
 * depend on everything in its batch but the list of augmentations, and on all state of earlier steps. So a resumed run
 * equals an unbroken one only if all state was restored.
 */
import { createHash } from 'node:crypto'
import type { Binding } from '../../src/native/index.js'
import { FakeCommunicator } from './fake-communicator.js'
import { FakeDataset } from './fake-dataset.js'
import { FakeSupernet } from './fake-supernet.js'

class FakeHeldBatch {
  dispose() {}
}

const notCounted = async () => {}

export const fakeBinding = {
  info: () => ({
    torch: 'fake',
    cpuCapability: 'none',
    convolutionKernels: 'none',
    kernelsCompiled: true,
    threads: 1,
    cudaDevices: [],
    cudaUuids: [],
  }),
  tables: () => ({ instructions: [], optimizers: [], stateKinds: [], imageOperations: [], families: [] }),
  setThreads: async (threads: number) => threads,
  processExits() {},
  setCudaDevice(_index: number) {},
  limitConvolutionKernels: notCounted,
  startProfile: notCounted,
  takeProfile: async () => new Float64Array(0),
  stopProfile: notCounted,
  resetPeakMemory: notCounted,
  peakMemory: async () => 0,
  setCudaKernels() {},
  cudaKernels: async () => [],
  compileCudaKernels: async () => [],
  gpuWork: () => ({ launches: 0, waited: 0, replays: 0 }),
  startTrace: async () => {},
  endTrace: async () => [],
  contentDigest: (bytes) => createHash('sha256').update(bytes).digest().readBigUInt64LE(),
  Dataset: FakeDataset,
  HeldBatch: FakeHeldBatch,
  Supernet: FakeSupernet,
  Communicator: FakeCommunicator,
} satisfies Omit<Binding, 'inspectImages' | 'jpegLibrary' | 'ImageStream'> // Searches on the fake addon stream no images.
