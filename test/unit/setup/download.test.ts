import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { requirements } from '../../../src/setup/download.js'
import { isNeeded, unpack } from '../../../src/setup/unpack.js'
import { TORCH_VERSION, WHEELS } from '../../../src/setup/wheels.js'
import { temporaryFolder, writeFiles } from '../../support/folders.js'
import { storedZip } from '../../support/stored-zip.js'

describe.runIf(process.platform === 'linux')('requirements', () => {
  test.each(['x64', 'arm64'])('on %s, without CUDA: torch and the two libraries that its CPU half links', (arch) => {
    const lines = requirements('cpu', arch)
    expect(lines.map((line) => line.split('==')[0]).sort()).toEqual([
      'nvidia-cuda-cupti',
      'nvidia-cuda-runtime',
      'torch',
    ])
    expect(lines[0]).toMatch(new RegExp(`^torch==${TORCH_VERSION} --hash=sha256:[0-9a-f]{64}$`))
  })

  test('with CUDA: every wheel', () => {
    expect(requirements('cuda', 'x64')).toHaveLength(WHEELS.x64?.length ?? 0)
  })

  test('an architecture without wheels is named', () => {
    expect(() => requirements('cpu', 'riscv64')).toThrow(/no wheel is pinned for linux on riscv64/)
  })
})

test.each([
  ['torch/include/ATen/ATen.h', true, true],
  ['torch/include/', false, false],
  ['torch/lib/libtorch_cpu.so', true, true],
  ['torch/lib/libgomp.so.1', true, true],
  ['torch/lib/libtorch_cuda.so', false, true],
  ['torch/lib/libc10_cuda.so', false, true],
  ['torch/lib/libcaffe2_nvrtc.so', false, true],
  ['torch/lib/libtorch_python.so', false, false],
  ['torch/bin/protoc', false, false],
  ['torch/nn/functional.py', false, false],
  ['nvidia/cu13/lib/libcudart.so.13', true, true],
  ['nvidia/cu13/lib/libcudart_static.a', false, false],
  ['nvidia/cu13/include/cuda.h', false, false],
  ['nvidia/cudnn/lib/libcudnn.so.9', true, true],
])('%s is needed without CUDA: %s, with: %s', (file, cpu, cuda) => {
  expect([isNeeded(file, false), isNeeded(file, true)]).toEqual([cpu, cuda])
})

describe('unpack', () => {
  test('writes what is needed and nothing else', async () => {
    const folder = temporaryFolder()
    writeFiles(folder, { 'some.whl': storedZip({ 'torch/lib/libc10.so': 'library', 'torch/a.py': 'pass' }) })
    await unpack(join(folder, 'some.whl'), join(folder, 'out'), (file) => isNeeded(file, false))
    expect(readFileSync(join(folder, 'out/torch/lib/libc10.so'), 'utf8')).toBe('library')
    expect(existsSync(join(folder, 'out/torch/a.py'))).toBe(false)
  })

  test('refuses names that lead out of the folder, and archives cut short', async () => {
    const folder = temporaryFolder()
    writeFiles(folder, { 'evil.whl': storedZip({ '../evil': '' }), 'short.whl': 'PK' })
    const unpacked = (name: string) => unpack(join(folder, name), join(folder, 'out'), () => true)
    await expect(unpacked('evil.whl')).rejects.toThrow(/^invalid relative path: \.\.\/evil$/)
    await expect(unpacked('short.whl')).rejects.toThrow(/^End of central directory record signature not found\. /)
  })
})
