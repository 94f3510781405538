/** Builds the library that stands in for NVRTC and CUDA's driver, and lets the addon compute by it. */
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, renameSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { KERNEL_GROUPS } from '../../src/base/environment.js'
import type { CudaKernelOptions } from '../../src/native/cuda-kernels.js'

const SOURCE = fileURLToPath(new URL('stand-in-cuda.cc', import.meta.url))
const compiler = process.env.CXX ?? 'c++'

/** False if there is no compiler for the stand-in, or if the system is not Linux. */
export const canStandIn = process.platform === 'linux' && spawnSync(compiler, ['--version']).status === 0

/**
 * What to give to `setCudaKernels` so that kernels compute on the CPU. Library and kernels are built once, and kept in
 * the system's temporary folder under a name that the source gives.
 */
export function standInOptions(): CudaKernelOptions & { readonly standIn: string; readonly folder: string } {
  const digest = createHash('sha256').update(readFileSync(SOURCE)).digest('hex').slice(0, 16)
  const folder = join(tmpdir(), `pada-stand-in-cuda-${digest}`)
  const standIn = join(folder, 'libstand-in-cuda.so')
  if (!existsSync(standIn)) {
    mkdirSync(folder, { recursive: true })
    const unfinished = `${standIn}.${process.pid}`
    const words = ['-shared', '-fPIC', '-std=c++17', '-O1', SOURCE, '-o', unfinished, '-ldl']
    const { status, stderr } = spawnSync(compiler, words, { encoding: 'utf8' })
    if (status !== 0) throw new Error(`Expected a stand-in that compiles but received ${stderr}`)
    renameSync(unfinished, standIn)
  }
  return { groups: KERNEL_GROUPS, folder, standIn }
}
