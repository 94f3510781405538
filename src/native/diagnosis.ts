/** What this machine has and what is missing, for `pada-native doctor` and bug reports. */
import { execFile } from 'node:child_process'
import { availableParallelism, cpus, totalmem } from 'node:os'
import { promisify } from 'node:util'
import { environment } from '../base/environment.js'
import { packageVersion } from '../base/folders.js'
import { toolVersion } from '../setup/build.js'
import { hasGpu, type Located } from '../setup/locate.js'
import { pipVersion, pythonTorch, pythonVersion } from '../setup/python.js'
import { currentBuild } from '../setup/stamp.js'
import { loadBinding } from './binding.js'

/** What is there, and what is missing. */
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
  /** What the addon was built against; absent before set-up. */
  readonly libtorch?: Located
  readonly addon?: { readonly path: string; readonly loads: boolean; readonly stale?: string }
  readonly cores: number
  readonly cpu: string
  /** Bytes. */
  readonly memory: number
  /** From the loaded addon. */
  readonly threads?: number
  readonly cpuCapability?: string
  /** GPUs that the driver sees, and those that libtorch can use. */
  readonly gpus: readonly string[]
  readonly cudaDevices: readonly string[]
  /** One sentence for each thing that has to be mended before a search can run; empty when all is well. */
  readonly missing: readonly string[]
}

/** Looks at this machine as `pada-native doctor` does; never throws for what is missing. */
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
  if (build === undefined) {
    missing.push('The addon is not built: run `npx pada-native setup`')
    if (compiler === undefined) missing.push('No C++20 compiler was found: install g++ or clang++')
    if (cmake === undefined) missing.push('No CMake was found: install it, or make for node-gyp')
    if (environment().libtorch === undefined && torch === undefined && pip === undefined) {
      missing.push('No way to libtorch: set LIBTORCH, or install Python 3 with pip')
    }
  } else if (build.stale !== undefined) {
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
    gpus,
    cudaDevices: native?.cudaDevices ?? [],
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

async function listGpus(): Promise<string[]> {
  if (!hasGpu()) return []
  const query = ['--query-gpu=name,memory.total', '--format=csv,noheader']
  const { stdout } = await promisify(execFile)('nvidia-smi', query).catch(() => ({ stdout: 'unknown GPU' }))
  return stdout.trim().split('\n')
}
