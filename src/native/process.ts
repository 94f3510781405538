/** Functions for the native side of the whole process: capabilities, threads, profiles, memory. */
import { loadBinding } from './binding.js'
import type { Device } from './records.js'

/** Instruction sets of the addon's own convolutions. Each includes the ones before it. */
export type ConvolutionKernels = 'none' | 'avx2' | 'avx512' | 'avx512bf16' | 'amxbf16'

/** Version, instruction sets, threads and GPUs that the addon computes with. */
export interface NativeInfo {
  /** Version of libtorch at run time, e.g. "2.15.0". */
  readonly torch: string
  /** Instruction set that ATen dispatches to, e.g. "AVX512". */
  readonly cpuCapability: string
  /** Instruction set of the addon's own convolutions; "none" leaves them to ATen. */
  readonly convolutionKernels: ConvolutionKernels
  /** False if the compiler that built the addon cannot make its own convolutions. Only GCC on x86-64 can. */
  readonly kernelsCompiled: boolean
  /** Threads that native computation uses at present. */
  readonly threads: number
  /** Names of usable CUDA devices; empty without torch_cuda or without a GPU. */
  readonly cudaDevices: readonly string[]
  /** What tells these devices from all others, on any machine; empty texts if the driver does not tell. */
  readonly cudaUuids: readonly string[]
}

/** Families of operations in a profile, in the addon's order. `native/runtime/stopwatch.h` has the same list. */
export const FAMILIES = [
  'convForward',
  'convBackward',
  'norm',
  'pool',
  'sum',
  'loss',
  'statistics',
  'optimizer',
  'communication',
  'other',
] as const

/** A family of operations in a profile; see {@link FAMILIES}. */
export type Family = (typeof FAMILIES)[number]

/** Seconds by family. Their sum is the time that the native thread was busy. */
export type Profile = Readonly<Record<Family, number>>

/**
 * Describes what the addon computes with at present.
 *
 * @throws UserError if the addon is not built or does not load.
 */
export function nativeInfo(): NativeInfo {
  return loadBinding().info()
}

let byDefault: number | undefined

/** Threads of a run whose settings name none: those that {@link setThreads} set, at first all that the process may use. */
export function defaultThreads(): number {
  byDefault ??= nativeInfo().threads
  return byDefault
}

/**
 * Sets the number of threads that native computation uses, process-wide. Runs whose settings name a number change it. More
 * than 64, or than 8 for each processor if that is more, become as many.
 */
export async function setThreads(threads: number): Promise<void> {
  await loadBinding().setThreads(threads)
  byDefault = threads
}

/** Sets the number of threads for one run, and keeps the default for the next one. */
export async function useThreads(threads?: number): Promise<void> {
  // Asked before the number changes.
  const otherwise = defaultThreads()
  await loadBinding().setThreads(threads ?? otherwise)
}

let cudaDevice = 0

/** Sets which GPU the device `cuda` is, from 0, process-wide. At first it is 0. */
export function setCudaDevice(index: number): void {
  loadBinding().setCudaDevice(index)
  cudaDevice = index
}

/** The number of a GPU, from 0; undefined for the CPU. */
export function cudaIndexOf(device: Device): number | undefined {
  if (device === 'cpu') return undefined
  return device === 'cuda' ? cudaDevice : Number(device.slice('cuda:'.length))
}

/** The name of the GPU that a device is; undefined for the CPU. */
export function gpuNameOf(device: Device): string | undefined {
  const index = cudaIndexOf(device)
  return index === undefined ? undefined : nativeInfo().cudaDevices[index]
}

/** Limits the addon's own convolutions to the instruction sets up to `most`, process-wide. For comparisons. */
export function limitConvolutionKernels(most: ConvolutionKernels): Promise<void> {
  return loadBinding().limitConvolutionKernels(most)
}

/**
 * Starts to measure, process-wide, how the native thread spends its time. The call is queued like all others, so
 * earlier calls are not measured. On a GPU, each reading of the clock waits for the device, which slows computation.
 */
export function startProfile(device: Device = 'cpu'): Promise<void> {
  return loadBinding().startProfile(device)
}

/** Seconds by family since {@link startProfile}, or since the last call of this function. */
export async function takeProfile(): Promise<Profile> {
  const seconds = await loadBinding().takeProfile()
  return Object.fromEntries(FAMILIES.map((family, i) => [family, seconds[i]])) as Profile
}

/** Ends the measurement that {@link startProfile} began. */
export function stopProfile(): Promise<void> {
  return loadBinding().stopProfile()
}

/** Returns cached memory to the system and resets the peak, as far as the system allows. */
export function resetPeakMemory(device: Device = 'cpu'): Promise<void> {
  return loadBinding().resetPeakMemory(device)
}

/** Largest number of bytes that the process, or torch on a GPU, has held since {@link resetPeakMemory}. */
export function peakMemory(device: Device = 'cpu'): Promise<number> {
  return loadBinding().peakMemory(device)
}
