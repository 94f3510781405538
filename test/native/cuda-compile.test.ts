/**
 * Whether the kernels of GPUs are compiled and used, where there is no GPU. NVRTC, if it is there, compiles them for three
 * generations. A library stands in for it and for the driver, in processes of their own.
 */
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { KERNEL_GROUPS } from '../../src/base/environment.js'
import { compileCudaKernels, describeUnused } from '../../src/native/cuda-kernels.js'
import { pythonTorch } from '../../src/setup/python.js'
import { currentBuild } from '../../src/setup/stamp.js'
import { canStandIn, standInOptions } from '../support/stand-in-cuda.js'

async function findNvrtc(): Promise<string | undefined> {
  const torch = await pythonTorch().catch(() => undefined)
  const folders = [currentBuild()?.libtorch.root, torch].filter((root) => root !== undefined)
  for (const root of folders) {
    const nvidia = join(root, '../nvidia')
    const found = existsSync(nvidia) ? readdirSync(nvidia, { recursive: true, encoding: 'utf8' }) : []
    const library = found.find((file) => /libnvrtc\.so\.\d+$/.test(file))
    if (library !== undefined) return join(nvidia, library)
  }
  return undefined
}
const nvrtc = await findNvrtc()

describe.skipIf(nvrtc === undefined)('NVRTC (of libtorch with CUDA; absent: skipped)', () => {
  it.each(['sm_80', 'sm_90', 'sm_100', 'compute_80'])(
    'compiles every kernel for %s without a warning',
    async (name) => {
      const groups = await compileCudaKernels(nvrtc!, name)
      expect(groups.map(({ group }) => group)).toEqual(KERNEL_GROUPS)
      for (const { group, bytes, log } of groups) {
        expect(bytes).toBeGreaterThan(1_000)
        expect(log, group).not.toMatch(/warning|error/i)
        // Registers that do not fit go to memory; a few bytes do no harm.
        for (const [, stored] of log.matchAll(/(\d+) bytes spill stores/g)) expect(Number(stored), log).toBeLessThan(64)
      }
    },
  )

  it('says what it does not compile for', async () => {
    await expect(compileCudaKernels(nvrtc!, 'sm_1')).rejects.toThrow(
      /^Expected kernels that NVRTC compiles but received /,
    )
  })
})

it('a library that is absent or lacks a function is named', async () => {
  await expect(compileCudaKernels('libabsent.so', 'sm_90')).rejects.toThrow(/received libabsent\.so/)
  await expect(compileCudaKernels('libc.so.6', 'sm_90')).rejects.toThrow(
    'Expected the library of CUDA but received libc.so.6, which has no nvrtcVersion',
  )
})

describe.skipIf(!canStandIn)('kernels in a process of their own', () => {
  const options = canStandIn ? standInOptions() : { standIn: '', folder: '' }
  let folder: string
  /** Of a process in whose folder nothing was compiled before, and where one program is not. */
  let refused: ReturnType<typeof kernels>
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'pada-kernels-'))
    refused = kernels({ STAND_IN_CUDA_REFUSES: 'sweeps' }, folder)
  })
  afterAll(() => rmSync(folder, { recursive: true, force: true }))
  const script = fileURLToPath(new URL('../support/stand-in-kernels.mjs', import.meta.url))
  const kernels = (env: NodeJS.ProcessEnv, where = options.folder, groups = KERNEL_GROUPS) => {
    const args = [script, options.standIn, where, groups.join(',')]
    const { stdout, stderr } = spawnSync(process.execPath, args, {
      encoding: 'utf8',
      env: { ...process.env, ...env },
    })
    expect(stderr).toBe('')
    return JSON.parse(stdout) as { group: string; why?: string }[]
  }

  it.each([
    ['sum_terms', 'sums', 'a sum differs from ATen'],
    ['norm_statistics', 'sums', 'a mean of the batch differs from ATen'],
    ['sum_gradients', 'sums', 'a gradient through a ReLU differs from ATen'],
    ['term_gradients', 'sums', 'a gradient before a norm differs from ATen'],
    ['pool_gradient', 'sums', 'a gradient of a pool differs from ATen'],
    ['depthwise_float32_4', 'windows', 'a depthwise convolution differs from ATen'],
    ['depthwise_gradient', 'windows', 'a gradient before a depthwise convolution differs from ATen'],
    ['depthwise_weight_gradient', 'windows', 'a gradient of depthwise weights differs from ATen'],
    ['max_pool_float32_1', 'windows', 'a max pool differs from ATen'],
    ['max_pool_gradient', 'windows', 'a gradient of a max pool differs from ATen'],
    ['norms_and_moments', 'sweeps', 'a norm of gradients differs from ATen'],
    ['update_adamw', 'sweeps', 'differs from ATen'],
    ['pack_weights', 'sweeps', 'packed weights differs from ATen'],
    ['cross_entropy', 'loss', 'a loss differs from ATen'],
    ['gather_images', 'images', 'a batch of images differs from ATen'],
  ])('%s is not used if it computes something else', (name, group, why) => {
    const found = kernels({ STAND_IN_CUDA_SPOILS: name })
    expect(found.filter(({ why }) => why !== undefined).map(({ group }) => group)).toEqual([group])
    expect(found.find((kernel) => kernel.group === group)?.why).toContain(why)
    expect(describeUnused(found)).toHaveLength(1)
  })

  it('a program that is not compiled is not used, and the compiler’s error is said', () => {
    const why = 'Expected kernels that NVRTC compiles but received sweeps.cu(1): error: refused'
    expect(refused).toEqual(KERNEL_GROUPS.map((group) => (group === 'sweeps' ? { group, why } : { group })))
  })

  it('what was compiled is kept, but a file that is damaged is compiled again', () => {
    const kept = () => readdirSync(folder).filter((name) => name.startsWith('sums-'))
    expect(kept()).toHaveLength(1)
    expect(kernels({ STAND_IN_CUDA_REFUSES: 'sums' }, folder)[0]).toEqual({ group: 'sums' })
    writeFileSync(join(folder, kept()[0]), 'damaged')
    expect(kernels({}, folder)[0]).toEqual({ group: 'sums' })
    expect(kernels({ STAND_IN_CUDA_REFUSES: 'sums' }, folder)[0]).toEqual({ group: 'sums' })
  })

  it('the variable that chooses them has no other words', () => {
    const { status, stderr } = spawnSync(process.execPath, [script, options.standIn, folder, ''], {
      encoding: 'utf8',
      env: { ...process.env, PADA_CUDA_KERNELS: 'sums,sweep' },
    })
    expect(status).not.toBe(0)
    expect(stderr).toContain(
      'Expected off or groups of kernels (sums, windows, sweeps, loss, images) for PADA_CUDA_KERNELS but received sums,sweep',
    )
  })

  it('are not used if the user leaves them out', () => {
    const why = 'PADA_CUDA_KERNELS leaves them out'
    expect(kernels({}, folder, ['sums', 'loss'])).toEqual(
      KERNEL_GROUPS.map((group) => (['sums', 'loss'].includes(group) ? { group } : { group, why })),
    )
  })
})
