import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { requirements } from '../../../src/setup/download.js'
import { isNeeded, unpack } from '../../../src/setup/unpack.js'
import { TORCH_VERSION, WHEELS } from '../../../src/setup/wheels.js'
import { temporaryFolder, writeFiles } from '../../support/folders.js'

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
    const archive = storedZip(folder, { 'torch/lib/libc10.so': 'library', 'torch/a.py': 'pass' })
    await unpack(archive, join(folder, 'out'), (file) => isNeeded(file, false))
    expect(readFileSync(join(folder, 'out/torch/lib/libc10.so'), 'utf8')).toBe('library')
    expect(existsSync(join(folder, 'out/torch/a.py'))).toBe(false)
  })

  test('refuses names that lead out of the folder, and archives cut short', async () => {
    const folder = temporaryFolder()
    await expect(unpack(storedZip(folder, { '../evil': '' }), join(folder, 'out'), () => true)).rejects.toThrow(/\.\./)
    writeFiles(folder, { 'short.whl': 'PK' })
    await expect(unpack(join(folder, 'short.whl'), join(folder, 'out'), () => true)).rejects.toThrow()
  })
})

/** A zip archive whose files are stored as they are. */
function storedZip(folder: string, files: Readonly<Record<string, string>>): string {
  const local: Buffer[] = []
  const central: Buffer[] = []
  let offset = 0
  for (const [name, text] of Object.entries(files)) {
    const sizes = [crc32(Buffer.from(text)), text.length, text.length]
    const common = record('22222444', [20, 0, 0, 0, 33, ...sizes])
    const names = record('22', [name.length, 0])
    const entry = [record('4', [0x04034b50]), common, names, Buffer.from(name), Buffer.from(text)]
    central.push(record('42', [0x02014b50, 20]), common, names, record('222', [0, 0, 0]), record('44', [0, offset]))
    central.push(Buffer.from(name))
    local.push(...entry)
    offset += Buffer.concat(entry).length
  }
  const count = Object.keys(files).length
  const size = Buffer.concat(central).length
  const end = record('422224', [0x06054b50, 0, 0, count, count, size])
  const path = join(folder, 'archive.whl')
  writeFileSync(path, Buffer.concat([...local, ...central, end, record('42', [offset, 0])]))
  return path
}

/** Little-endian unsigned integers of the given byte widths. */
function record(widths: string, values: readonly number[]): Buffer {
  return Buffer.concat(
    values.map((value, i) => {
      const bytes = Buffer.alloc(Number(widths[i]))
      bytes.writeUIntLE(value, 0, bytes.length)
      return bytes
    }),
  )
}
