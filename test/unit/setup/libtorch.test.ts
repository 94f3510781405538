import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { inspectLibtorch, isSupported, probeLibtorch } from '../../../src/setup/libtorch.js'
import { fakeLibtorch, writeFiles } from '../../support/folders.js'

describe.runIf(process.platform === 'linux')('inspectLibtorch', () => {
  test('reads version and CUDA from the files', () => {
    const root = fakeLibtorch('2.13.1', { cuda: true })
    expect(inspectLibtorch(root)).toEqual({ root, version: '2.13.1', cuda: true })
    expect(inspectLibtorch(fakeLibtorch()).cuda).toBe(false)
  })

  test('reads the version where older releases have it', () => {
    const header = 'include/torch/csrc/api/include/torch/version.h'
    const root = fakeLibtorch('2.11.0')
    rmSync(join(root, 'include/torch/headeronly'), { recursive: true })
    expect(() => inspectLibtorch(root)).toThrow(/no torch\/version\.h/)
    writeFiles(root, {
      [header]: '#define TORCH_VERSION_MAJOR 2\n#define TORCH_VERSION_MINOR 11\n#define TORCH_VERSION_PATCH 0\n',
    })
    expect(inspectLibtorch(root).version).toBe('2.11.0')
  })

  test('says which file is missing', () => {
    expect(() => inspectLibtorch('/no/such/folder')).toThrow('/no/such/folder does not exist')
    for (const file of ['lib/libtorch_cpu.so', 'lib/libc10.so', 'include/ATen/ATen.h']) {
      const root = fakeLibtorch()
      rmSync(join(root, file))
      expect(() => inspectLibtorch(root)).toThrow(`${join(root, file)} is missing`)
    }
  })

  test('refuses versions that the addon does not know', () => {
    expect(() => inspectLibtorch(fakeLibtorch('2.10.3'))).toThrow(/is torch 2\.10\.3, and 2\.11 to 2\.15 are supported/)
  })

  test('a library that does not load is found out before anything is built', async () => {
    await expect(probeLibtorch(fakeLibtorch())).rejects.toThrow(/does not load: .*libtorch_cpu\.so/)
  })
})

test.each([
  ['2.10.9', false],
  ['2.11.0', true],
  ['2.15.2', true],
  ['2.16.0', false],
  ['3.11.0', false],
  ['nonsense', false],
])('isSupported(%s) is %s', (version, expected) => {
  expect(isSupported(version)).toBe(expected)
})
