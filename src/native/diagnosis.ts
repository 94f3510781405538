/** Describes this machine and what it lacks, for `pada-native doctor` and bug reports. */
import { execFile } from 'node:child_process'
import { availableParallelism, cpus, totalmem } from 'node:os'
import { promisify } from 'node:util'
import { environment } from '../base/environment.js'
import { packageVersion } from '../base/folders.js'
import { toolVersion } from '../setup/build.js'
import { jpegLibraries } from '../setup/jpeg-library.js'
import { inspectLibtorch } from '../setup/libtorch.js'
import { hasGpu, type Located } from '../setup/locate.js'
import { pipVersion, pythonTorch, pythonVersion } from '../setup/python.js'
import { currentBuild } from '../setup/stamp.js'
import { loadBinding } from './binding.js'
import { type CudaKernels, cudaKernels } from './cuda-kernels.js'
import { jpegLibrary } from './image-stream.js'
import type { ConvolutionKernels } from './process.js'

/** Versions, hardware and missing parts of this machine. */
export interface Diagnosis {
  readonly versions: {
    readonly padaNative: string
    readonly node: string
    readonly platform: string
    readonly cmake?: string
    readonly compiler?: string
    readonly python?: string
    readonly pip?: string
  }
  /** The libtorch that the addon was built against; absent before set-up. */
  readonly libtorch?: Located
  readonly addon?: { readonly path: string; readonly loads: boolean; readonly stale?: string }
  readonly cores: number
  readonly cpu: string
  /** Total memory in bytes. */
  readonly memory: number
  /** Threads and instruction set of the loaded addon; absent if it does not load. */
  readonly threads?: number
  readonly cpuCapability?: string
  /** Instruction set of the addon's own convolutions, and whether its compiler could make them; absent likewise. */
  readonly convolutionKernels?: ConvolutionKernels
  readonly kernelsCompiled?: boolean
  /** The libjpeg-turbo that decodes streamed JPEGs; absent if libvips decodes them, or without an addon that loads. */
  readonly jpegLibrary?: string
  /** GPUs that the driver sees. */
  readonly gpus: readonly string[]
  /** GPUs that libtorch can use. */
  readonly cudaDevices: readonly string[]
  /** The addon's own kernels on each of these GPUs. */
  readonly cudaKernels: readonly (readonly CudaKernels[])[]
  /** One sentence for each problem that prevents a search; empty if there is none. */
  readonly missing: readonly string[]
}

/** Examines this machine as `pada-native doctor` does. Reports missing parts and never throws for them. */
export async function diagnose(): Promise<Diagnosis> {
  const [cmake, compiler, python, pip, torch, gpus] = await Promise.all([
    toolVersion('cmake'),
    toolVersion(environment().compiler),
    pythonVersion().catch(() => undefined),
    pipVersion().catch(() => undefined),
    pythonTorch().catch(() => undefined),
    listGpus(),
  ])
  const missing: string[] = []
  const build = currentBuild()
  const native = build === undefined ? undefined : load(missing)
  const unusable = build === undefined || build.stale !== undefined ? unusableLibtorch() : undefined
  if (unusable !== undefined) missing.push(unusable)
  if (build === undefined) {
    missing.push('The addon is not built: run `npx pada-native setup`')
    if (compiler === undefined) missing.push('No C++20 compiler was found: install g++ or clang++')
    if (cmake === undefined) missing.push('No CMake was found: install it, or make for node-gyp')
    if (environment().libtorch === undefined && torch === undefined && pip === undefined) {
      missing.push('No way to libtorch: set LIBTORCH, or install Python 3 with pip')
    }
  } else if (build.stale !== undefined && unusable === undefined) {
    missing.push(`The addon is stale, because ${build.stale}: run \`npx pada-native setup\``)
  }
  return {
    versions: {
      padaNative: packageVersion(),
      node: process.versions.node,
      platform: `${process.platform} ${process.arch}`,
      cmake,
      compiler,
      python,
      pip,
    },
    libtorch: build?.libtorch,
    addon: build && { path: build.addon, loads: native !== undefined, stale: build.stale },
    cores: availableParallelism(),
    cpu: cpus()[0]?.model ?? 'unknown',
    memory: totalmem(),
    threads: native?.threads,
    cpuCapability: native?.cpuCapability,
    convolutionKernels: native?.convolutionKernels,
    kernelsCompiled: native?.kernelsCompiled,
    jpegLibrary: native && jpegLibrary(jpegLibraries()),
    gpus,
    cudaDevices: native?.cudaDevices ?? [],
    cudaKernels: await Promise.all((native?.cudaDevices ?? []).map((_, index) => cudaKernels(`cuda:${index}`))),
    missing,
  }
}

function load(missing: string[]) {
  try {
    return loadBinding().info()
  } catch (error) {
    missing.push((error as Error).message)
    return undefined
  }
}

/** What is wrong with the folder that LIBTORCH names; undefined if it names none, or a usable one. */
function unusableLibtorch(): string | undefined {
  const { libtorch } = environment()
  try {
    if (libtorch !== undefined) inspectLibtorch(libtorch)
    return undefined
  } catch (error) {
    return `LIBTORCH names no usable libtorch: ${(error as Error).message}`
  }
}

async function listGpus(): Promise<string[]> {
  if (!hasGpu()) return []
  const query = ['--query-gpu=name,memory.total', '--format=csv,noheader']
  const { stdout } = await promisify(execFile)('nvidia-smi', query).catch(() => ({ stdout: 'unknown GPU' }))
  return stdout.trim().split('\n')
}
