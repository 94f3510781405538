/** The machine and the versions that a run computes with, for its records. */
import { availableParallelism, cpus, totalmem } from 'node:os'
import { packageVersion } from '../base/folders.js'
import { counted } from '../base/format.js'
import { gpuNameOf, nativeInfo } from './process.js'
import type { Device } from './records.js'

/** What a run computes with. All of it is plain JSON. */
export interface Machine {
  readonly padaNative: string
  /** Version of libtorch, e.g. "2.15.0". */
  readonly torch: string
  readonly node: string
  /** Operating system and architecture, e.g. "linux x64". */
  readonly platform: string
  readonly cpu: string
  readonly cores: number
  /** Threads of native computation. */
  readonly threads: number
  /** Instruction set that ATen dispatches to, e.g. "AVX512". */
  readonly cpuCapability: string
  /** Total memory in bytes. */
  readonly memory: number
  /** Name of the GPU that a run on CUDA computes with; absent on the CPU. */
  readonly gpu?: string
}

/** Says if more threads compute than the machine has cores; nothing otherwise. */
export function describeCompetition({ threads, cores }: Pick<Machine, 'threads' | 'cores'>): string[] {
  return threads > cores ? [`${threads} threads compete for ${counted(cores, 'core')}, which makes the run slower`] : []
}

/** Describes this machine. It starts no other process, so it takes no time. */
export function describeMachine(device: Device): Machine {
  const { torch, cpuCapability, threads } = nativeInfo()
  const gpu = gpuNameOf(device)
  return {
    padaNative: packageVersion(),
    torch,
    node: process.versions.node,
    platform: `${process.platform} ${process.arch}`,
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: availableParallelism(),
    threads,
    cpuCapability,
    memory: totalmem(),
    ...(gpu !== undefined && { gpu }),
  }
}
