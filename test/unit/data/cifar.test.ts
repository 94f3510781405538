import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { loadSplits } from '../../../src/data/index.js'
import { python2Pickle } from '../../support/python2-pickle.js'

let dir: string
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'pada-cifar-'))
})
afterEach(() => rmSync(dir, { recursive: true }))

/** One image per label; all pixels of an image are its number. */
function batch(key: string, labels: readonly number[], start: number): Buffer {
  const bytes = Buffer.concat(labels.map((_, i) => Buffer.alloc(3072, start + i)))
  return python2Pickle({ batch_label: 'a batch', [key]: labels, data: { shape: [labels.length, 3072], bytes } })
}

function writePython10(folder: string) {
  for (let number = 1; number <= 5; number++) {
    const start = 2 * (number - 1)
    writeFileSync(join(folder, `data_batch_${number}`), batch('labels', [start, start + 1], start))
  }
  writeFileSync(join(folder, 'test_batch'), batch('labels', [9, 8, 7], 100))
}

/** Records of coarse and fine label. */
function records(labels: readonly number[]): Buffer {
  return Buffer.concat(labels.map((label, i) => Buffer.concat([Buffer.of(19, label), Buffer.alloc(3072, i)])))
}

describe("cifar10 in Python's archive", () => {
  it('reads the batches in order, from the folder itself or the one that holds it', async () => {
    const inner = join(dir, 'cifar-10-batches-py')
    mkdirSync(inner)
    writePython10(inner)
    for (const folder of [inner, dir]) {
      const splits = await loadSplits({ format: 'cifar10', dir: folder, checksums: false })
      const { train, test, classes, name } = splits
      expect({ classes, name }).toEqual({ classes: 10, name: 'cifar10' })
      expect(train).toMatchObject({ channels: 3, height: 32, width: 32, mean: [125.3 / 255, 123 / 255, 113.9 / 255] })
      expect([...train.labels]).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
      expect(train.images.length).toBe(10 * 3072)
      expect([train.images[7 * 3072], train.images[8 * 3072 - 1]]).toEqual([7, 7])
      expect([...test.labels]).toEqual([9, 8, 7])
    }
  })

  it('says which of two layouts is read', async () => {
    const [python, binary] = ['cifar-10-batches-py', 'cifar-10-batches-bin'].map((name) => join(dir, name))
    mkdirSync(python)
    mkdirSync(binary)
    writePython10(python)
    const record = Buffer.alloc(3073)
    for (let number = 1; number <= 5; number++) writeFileSync(join(binary, `data_batch_${number}.bin`), record)
    writeFileSync(join(binary, 'test_batch.bin'), record)
    const { train, origin } = await loadSplits({ format: 'cifar10', dir, checksums: false })
    expect(train.labels).toHaveLength(5)
    expect(origin?.notes).toEqual([`data_batch_1 in ${python} is not used, but data_batch_1.bin in ${binary}`])
  })

  it('takes a subset of the classes of all batches', async () => {
    writePython10(dir)
    writeFileSync(join(dir, 'data_batch_1'), batch('labels', [7, 8], 0))
    const { train } = await loadSplits({ format: 'cifar10', dir, checksums: false, trainCount: 5 })
    // Two of 10 images are of class 7, two of class 8, one of each other class.
    for (const label of [7, 8]) expect(train.labels.filter((other) => other === label)).toHaveLength(1)
    expect(new Set(train.labels).size).toBe(5)
  })

  it('compares checksums unless told otherwise', async () => {
    writePython10(dir)
    const file = join(dir, 'data_batch_1')
    await expect(loadSplits({ format: 'cifar10', dir })).rejects.toThrow(
      new RegExp(
        `^Expected the published MD5 checksum c99cafc152244af753f735de768cd75f for ${file} but received [0-9a-f]{32} ` +
          '\\(data.checksums: false reads it all the same\\)$',
      ),
    )
  })

  it('refuses a damaged batch and names the files of an empty folder', async () => {
    await expect(loadSplits({ format: 'cifar10', dir })).rejects.toThrow(
      `Expected data_batch_1.bin or data_batch_1 for the CIFAR-10 data but received a folder without them: ${dir}`,
    )
    writePython10(dir)
    writeFileSync(join(dir, 'test_batch'), batch('labels', [9, 10], 0))
    await expect(loadSplits({ format: 'cifar10', dir, checksums: false })).rejects.toThrow(
      `Expected labels from 0 to 9 for ${join(dir, 'test_batch')} but received 10 at index 1`,
    )
    writeFileSync(join(dir, 'test_batch'), batch('labels', [9, 8], 0).subarray(0, 4000))
    await expect(loadSplits({ format: 'cifar10', dir, checksums: false })).rejects.toThrow('a truncated pickle')
    const data = { shape: [2, 32, 32, 3], bytes: Buffer.alloc(2 * 3072) }
    writeFileSync(join(dir, 'test_batch'), python2Pickle({ labels: [9, 8], data }))
    await expect(loadSplits({ format: 'cifar10', dir, checksums: false })).rejects.toThrow(
      'Expected 2 rows of 3072 bytes under "data" for ' +
        `${join(dir, 'test_batch')} but received 6144 bytes of shape [2, 32, 32, 3]`,
    )
  })
})

describe('cifar100', () => {
  it('reads the fine labels of binary records', async () => {
    const inner = join(dir, 'cifar-100-binary')
    mkdirSync(inner)
    writeFileSync(join(inner, 'train.bin'), records([99, 0, 50]))
    writeFileSync(join(inner, 'test.bin'), records([1]))
    for (const folder of [inner, dir]) {
      const { train, test, classes, name } = await loadSplits({ format: 'cifar100', dir: folder })
      expect({ classes, name }).toEqual({ classes: 100, name: 'cifar100' })
      expect([...train.labels, ...test.labels]).toEqual([99, 0, 50, 1])
      expect([train.images[2 * 3072], train.images[3 * 3072 - 1], train.images.length]).toEqual([2, 2, 3 * 3072])
      expect(train.mean).toEqual([129.3 / 255, 124.1 / 255, 112.4 / 255])
      expect(test.std).toEqual([68.2 / 255, 65.4 / 255, 70.4 / 255])
    }
  })

  it("reads the fine labels of Python's archive", async () => {
    writeFileSync(join(dir, 'train'), batch('fine_labels', [99, 3], 0))
    writeFileSync(join(dir, 'test'), batch('fine_labels', [4], 5))
    const { train, test } = await loadSplits({ format: 'cifar100', dir, checksums: false })
    expect([...train.labels, ...test.labels]).toEqual([99, 3, 4])
    expect(test.images[3071]).toBe(5)
  })

  it.each([
    ['truncated records', Buffer.alloc(3073), 'Expected whole records of 3074 bytes for '],
    ['a label above 99', records([0, 100]), 'Expected labels from 0 to 99 for '],
    ['an empty file', Buffer.alloc(0), 'but received an empty file'],
    [
      'a pointer of Git LFS',
      Buffer.from('version https://git-lfs.github.com/spec/v1\n'),
      'but received a Git LFS pointer',
    ],
  ])('refuses %s', async (_, bytes, message) => {
    writeFileSync(join(dir, 'train.bin'), bytes)
    await expect(loadSplits({ format: 'cifar100', dir })).rejects.toThrow(message)
  })

  it('names a missing file', async () => {
    writeFileSync(join(dir, 'test.bin'), records([0]))
    await expect(loadSplits({ format: 'cifar100', dir })).rejects.toThrow(
      `Expected a readable file for ${join(dir, 'train.bin')} but received no such file`,
    )
  })
})
