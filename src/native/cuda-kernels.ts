/**
 * The addon's own kernels of GPUs, which do in one launch what ATen does in many. NVRTC compiles them at the first use;
 * they are used if they then compute what ATen computes.
 */
import { loadBinding } from './binding.js'
import type { Device } from './records.js'

/** How the addon uses its kernels and cuDNN's; see `native/cuda/kernels.h`. */
export interface CudaKernelOptions {
  /** Groups that may be used. */
  readonly groups: readonly string[]
  /** True if an evaluation records a batch as a CUDA graph, and replays it for others of its size. Default: false. */
  readonly graphs?: boolean
  /**
   * True if cuDNN times its algorithms for each shape and takes the fastest. Another process may take another one, which
   * rounds differently. Default: it takes one that gives the same bits each time.
   */
  readonly searchConvolutions?: boolean
  /** Keeps compiled kernels; absent: none does. */
  readonly folder?: string
  /** A library in the place of NVRTC and the driver, for tests: kernels compute on the CPU then. */
  readonly standIn?: string
}

/** A group of kernels on a device. */
export interface CudaKernels {
  /** What the kernels are for, such as "sums". */
  readonly group: string
  /** Why ATen computes in their place; absent if it does not. */
  readonly why?: string
}

/** A group of kernels that was compiled without a GPU. */
export interface CompiledKernels {
  readonly group: string
  /** Size of the machine code or PTX. */
  readonly bytes: number
  /** What the compiler says: warnings, and the registers of each kernel. */
  readonly log: string
}

/**
 * The groups of kernels of a device; none on the CPU. The first call compiles and tries them, which takes seconds, or
 * milliseconds if they were compiled before.
 */
export async function cudaKernels(device: Device): Promise<readonly CudaKernels[]> {
  return device === 'cpu' ? [] : loadBinding().cudaKernels(device)
}

/** One sentence for each group of kernels of a device that is not used. */
export function describeUnused(kernels: readonly CudaKernels[]): string[] {
  return kernels.flatMap(({ group, why }) =>
    why === undefined ? [] : [`ATen computes instead of the addon’s own kernels (${group}), which is slower: ${why}`],
  )
}

/** What this process has done so far on GPUs. */
export interface GpuWork {
  /** Launches of the addon's own kernels. */
  readonly launches: number
  /** Seconds that the native thread has waited for results. If it never waits, launches bind, not the GPU. */
  readonly waited: number
  /** Batches of evaluations that a recorded graph has computed. */
  readonly replays: number
  /** Why no graph is recorded any more, though it should be. */
  readonly whyNoReplays?: string
}

/** What this process has done so far on GPUs. */
export function gpuWork(): GpuWork {
  return loadBinding().gpuWork()
}

/** What a device has done under one name. */
export interface TracedWork {
  /** Name of a kernel, such as `sum_terms_float32_4`, or such as `Memcpy HtoD`. On the CPU: of an operator of ATen. */
  readonly name: string
  readonly count: number
  /** On the CPU, operators that call others count these too. */
  readonly seconds: number
}

/**
 * Lists what a device does during `work`, kernel by kernel, by the profiler of torch. What took longest comes first.
 * Measuring slows the host, not the GPU. The profiler writes lines of its own to the standard error.
 */
export async function traceDevice(device: Device, work: () => Promise<unknown>): Promise<readonly TracedWork[]> {
  const addon = loadBinding()
  await addon.startTrace(device)
  try {
    await work()
  } catch (error) {
    await addon.endTrace(device)
    throw error
  }
  return addon.endTrace(device)
}

/**
 * Compiles the kernels by a library of NVRTC, which needs no GPU.
 *
 * @param architecture such as "sm_90" for machine code, or "compute_90" for PTX.
 * @throws Error with the first line of the compiler's errors.
 */
export function compileCudaKernels(nvrtc: string, architecture: string): Promise<readonly CompiledKernels[]> {
  return loadBinding().compileCudaKernels(nvrtc, architecture)
}
