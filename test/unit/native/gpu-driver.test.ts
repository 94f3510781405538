/** What is said of a GPU that cannot be used, with a driver whose answers the test gives. */
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const root = fileURLToPath(new URL('../../..', import.meta.url))
const compiler = process.env.CXX ?? 'c++'
const compiles = process.platform === 'linux' && spawnSync(compiler, ['--version']).status === 0

const MAIN = `#include <iostream>
#include "runtime/gpu_driver.h"
int main() { std::cout << pada::gpu_name(1) << ' ' << pada::gpu_uuid(1) << '\\n' << pada::why_no_gpu(13020); }
`

describe.skipIf(!compiles)('a GPU that torch does not find', () => {
  const folder = mkdtempSync(join(tmpdir(), 'pada-driver-'))
  afterAll(() => rmSync(folder, { recursive: true }))

  beforeAll(() => {
    writeFileSync(join(folder, 'main.cc'), MAIN)
    const native = join(root, 'native')
    const files = [join(folder, 'main.cc'), join(native, 'runtime', 'gpu_driver.cc')]
    execFileSync(compiler, ['-std=c++20', `-I${native}`, ...files, '-ldl', '-o', join(folder, 'why')])
    const fake = join(root, 'test', 'support', 'fake-driver.c')
    execFileSync(compiler, ['-x', 'c', '-shared', '-fPIC', fake, '-o', join(folder, 'libcuda.so.1')])
  })

  const ask = (env: NodeJS.ProcessEnv) =>
    execFileSync(join(folder, 'why'), { env: { LD_LIBRARY_PATH: folder, ...env }, encoding: 'utf8' }).split('\n')

  it.each<[NodeJS.ProcessEnv, string]>([
    [
      { DRIVER_VERSION: '12040' },
      "NVIDIA's driver is made for CUDA 12.4 and torch for CUDA 13.2: update the driver, or take a torch for the older CUDA",
    ],
    [{ DRIVER_VERSION: '13000' }, 'torch finds no GPU that it can use'],
    [{ INIT: '999' }, "NVIDIA's driver says: unknown error"],
    [{ GPUS: '0' }, "NVIDIA's driver shows no GPU; CUDA_VISIBLE_DEVICES may hide it"],
  ])('%o', (env, reason) => {
    expect(ask(env)).toEqual(['G1 101112131415161718191a1b1c1d1e1f', reason])
  })

  it('has no driver', () => {
    expect(ask({ LD_LIBRARY_PATH: '' })).toEqual([
      'CUDA device ',
      "the library of NVIDIA's driver, libcuda.so.1, was not found",
    ])
  })
})
