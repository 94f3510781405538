/** What concerns the native side of a process as a whole: what it can do, how it computes, what it costs. */
import { loadBinding } from './binding.js'
import type { Device } from './records.js'

/** Instruction sets that the addon has convolutions for; each includes those before it. */
export type ConvolutionKernels = 'none' | 'avx2' | 'avx512' | 'avx512bf16'

/** What the addon computes with. */
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

/** What the native thread spends its time on. The order fixes what the addon reports: keep `native/runtime/stopwatch.h` equal. */
export const FAMILIES = [
  'convForward',
  'convBackward',
  'norm',
  'pool',
  'sum',
  'loss',
  'statistics',
  'optimizer',
  'other',
] as const

/** A family of operations that profiles tell apart; see {@link FAMILIES}. */
export type Family = (typeof FAMILIES)[number]

/** Seconds by family; together the time that the native thread was busy. */
export type Profile = Readonly<Record<Family, number>>

/**
 * What the addon computes with, here and now.
 *
 * @throws UserError where the addon is not built or does not load.
 */
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

/** Ends what {@link startProfile} began. */
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
