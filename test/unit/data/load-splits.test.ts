import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { loadSplits } from '../../../src/data/index.js'

let dir: string
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'pada-data-'))
})
afterEach(() => rmSync(dir, { recursive: true }))

function idx(shape: readonly number[], data: readonly number[]): Buffer {
  const header = Buffer.alloc(4 + 4 * shape.length)
  header[2] = 8
  header[3] = shape.length
  for (const [axis, extent] of shape.entries()) header.writeUInt32BE(extent, 4 + 4 * axis)
  return Buffer.concat([header, Buffer.from(data)])
}

/** Three training and two test images of 2×2. */
function writeIdx(overrides: Record<string, Buffer> = {}) {
  const files: Record<string, Buffer> = {
    'train-images-idx3-ubyte': idx([3, 2, 2], [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]),
    'train-labels-idx1-ubyte': idx([3], [2, 0, 1]),
    't10k-images-idx3-ubyte.gz': gzipSync(idx([2, 2, 2], [20, 21, 22, 23, 24, 25, 26, 27])),
    't10k-labels-idx1-ubyte.gz': gzipSync(idx([2], [1, 2])),
    ...overrides,
  }
  for (const [name, bytes] of Object.entries(files)) writeFileSync(join(dir, name), bytes)
}

/** Records whose label is their index modulo ten and whose pixels are all that index. */
function cifar(count: number, start = 0): Buffer {
  return Buffer.concat(
    Array.from({ length: count }, (_, i) => Buffer.alloc(3073, start + i).fill((start + i) % 10, 0, 1)),
  )
}

function writeCifar(folder: string, overrides: Record<string, Buffer> = {}) {
  for (let batch = 1; batch <= 5; batch++) {
    writeFileSync(join(folder, `data_batch_${batch}.bin`), cifar(3, 3 * (batch - 1)))
  }
  writeFileSync(join(folder, 'test_batch.bin'), cifar(4, 100))
  for (const [name, bytes] of Object.entries(overrides)) writeFileSync(join(folder, name), bytes)
}

const UNITS = (least: string) => `Expected numbers from ${least} to 1, in units of pixel value / 255,`

describe('held out images', () => {
  it('are training images, on which statistics do not depend', async () => {
    writeIdx()
    const whole = await loadSplits({ format: 'idx', dir, mean: [0.1], std: [0.2] })
    const { train, validation, test } = await loadSplits({
      format: 'idx',
      dir,
      validationCount: 1,
      mean: [0.1],
      std: [0.2],
    })
    expect(whole.validation).toBeUndefined()
    expect([...train.images]).toEqual([0, 1, 2, 3, 8, 9, 10, 11])
    expect([...train.labels]).toEqual([2, 1])
    expect([...validation!.images]).toEqual([4, 5, 6, 7])
    expect([...validation!.labels]).toEqual([0])
    expect(validation).toMatchObject({ height: 2, width: 2, mean: [0.1], std: [0.2] })
    expect(test).toEqual(whole.test)

    const computed = await loadSplits({ format: 'idx', dir, validationCount: 1 })
    expect(computed.validation!.mean).toEqual([expect.closeTo(5.5 / 255, 12)])
  })

  it('leave some to train on', async () => {
    writeIdx()
    await expect(loadSplits({ format: 'idx', dir, validationCount: 3 })).rejects.toThrow(
      'Expected fewer than the 3 training images for data.validationCount but received 3',
    )
  })
})

describe('embedded', () => {
  it('holds 6,000 training and 10,000 test images of Fashion-MNIST', async () => {
    const { train, test, classes, name } = await loadSplits({ format: 'embedded' })
    expect({ classes, name }).toEqual({ classes: 10, name: 'fashion-mnist' })
    expect(train).toMatchObject({ channels: 1, height: 28, width: 28 })
    expect([train.labels.length, test.labels.length]).toEqual([6000, 10000])
    expect([...train.labels.subarray(0, 8)]).toEqual([9, 0, 0, 3, 0, 2, 7, 2])
    // Published for all 60,000 training images: mean 0.2860, deviation 0.3530.
    expect(train.mean?.[0]).toBeCloseTo(0.286, 2)
    expect(train.std?.[0]).toBeCloseTo(0.353, 2)
    expect(test.mean).toEqual(train.mean)
  })

  it('pads to 32×32, then averages to 16×16', async () => {
    const { train } = await loadSplits({
      format: 'embedded',
      trainCount: 100,
      testCount: 10,
      padTo: 32,
      downsample: 2,
    })
    expect(train).toMatchObject({ channels: 1, height: 16, width: 16 })
    expect(train.images.length).toBe(100 * 16 * 16)
    expect([...train.images.subarray(0, 16)]).toEqual(new Array(16).fill(0))
  })
})

describe('idx', () => {
  it('reads plain and compressed files', async () => {
    writeIdx()
    const { train, test, classes } = await loadSplits({ format: 'idx', dir })
    expect(classes).toBe(3)
    expect([...train.images]).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11])
    expect([...train.labels]).toEqual([2, 0, 1])
    expect([...test.images]).toEqual([20, 21, 22, 23, 24, 25, 26, 27])
    expect(train.mean?.[0]).toBeCloseTo(5.5 / 255, 12)
  })

  it('takes one image of a class before the second of another, with the classes of all', async () => {
    writeIdx()
    const { train, test, classes } = await loadSplits({ format: 'idx', dir, trainCount: 2, testCount: 1 })
    expect([...train.labels]).toEqual([0, 1])
    expect([...train.images]).toEqual([4, 5, 6, 7, 8, 9, 10, 11])
    expect([...test.images]).toEqual([20, 21, 22, 23])
    expect(classes).toBe(3)
  })

  it.each([
    ['a count above the available', {}, { trainCount: 4 }, 'from 1 to 3 for data.trainCount but received 4'],
    ['a count of zero', {}, { testCount: 0 }, 'from 1 to 2 for data.testCount but received 0'],
    ['a mean of the wrong length', {}, { mean: [0, 0] }, '1 number(s) for data.mean but received 0, 0'],
    ['a mean in pixel values', {}, { mean: [125.3] }, `${UNITS('0')} for data.mean but received 125.3`],
    ['a deviation in pixel values', {}, { std: [63] }, `${UNITS('0.0004')} for data.std but received 63`],
    ['a deviation below a tenth of a pixel value', {}, { std: [1e-30] }, 'for data.std but received 1e-30'],
    ['a deviation of zero', {}, { std: [0] }, 'for data.std but received 0'],
    ['no number', {}, { mean: [Number.NaN] }, 'for data.mean but received NaN'],
    ['a name of a split', {}, { test: 'val' }, 'format folder or npz with data.test for data.format but received idx'],
    ['another', {}, { validation: 'val' }, 'folder or npz with data.validation for data.format but received idx'],
    [
      'an order of axes',
      {},
      { layout: 'NHWC' as const },
      'format npz with data.layout for data.format but received idx',
    ],
    ['batches ahead', {}, { ahead: 3 }, 'format folder with data.ahead for data.format but received idx'],
    [
      'images to skip',
      {},
      { onError: 'skip' as const },
      'format folder with data.onError for data.format but received idx',
    ],
    [
      'a way to resize',
      {},
      { interpolation: 'bicubic' as const },
      'folder with data.interpolation for data.format but received',
    ],
    [
      'a wrong magic number',
      { 'train-images-idx3-ubyte': idx([3], [1, 2, 3]) },
      {},
      /IDX magic number 0x00000803 for .*train-images-idx3-ubyte but received 0x00000801/,
    ],
    [
      'truncated images',
      { 'train-images-idx3-ubyte': idx([3, 2, 2], [1, 2, 3]) },
      {},
      /Expected 12 bytes \(3×2×2\) of data for .*train-images-idx3-ubyte but received 3 bytes/,
    ],
    [
      'an empty file',
      { 'train-labels-idx1-ubyte': Buffer.alloc(0) },
      {},
      /Expected a data file for .*train-labels-idx1-ubyte but received an empty file/,
    ],
    [
      'a web page',
      { 't10k-labels-idx1-ubyte.gz': Buffer.from('<!DOCTYPE html><html></html>') },
      {},
      /Expected a data file for .*t10k-labels-idx1-ubyte.gz but received a web page/,
    ],
    [
      'truncated gzip data',
      { 't10k-images-idx3-ubyte.gz': gzipSync(Buffer.alloc(100)).subarray(0, 15) },
      {},
      /Expected complete gzip data for .*t10k-images-idx3-ubyte.gz but received "unexpected end of file"/,
    ],
    [
      'too few labels',
      { 'train-labels-idx1-ubyte': idx([2], [0, 1]) },
      {},
      /Expected 3 labels for .*train-labels-idx1-ubyte but received 2/,
    ],
    [
      'a test label outside the classes',
      { 't10k-labels-idx1-ubyte.gz': gzipSync(idx([2], [1, 3])) },
      {},
      /Expected labels from 0 to 2 for .*t10k-labels-idx1-ubyte.gz but received 3 at index 1/,
    ],
  ])('refuses %s', async (_, files, options, message) => {
    writeIdx(files)
    await expect(loadSplits({ format: 'idx', dir, ...options })).rejects.toThrow(message)
  })

  it('reads files under the names and in the folders that other sites give them, by their first bytes', async () => {
    writeIdx()
    const wanted = await loadSplits({ format: 'idx', dir })
    const [train, labels] = ['train-images-idx3-ubyte', 'train-labels-idx1-ubyte'].map((name) => join(dir, name))
    renameSync(train, join(dir, 'train-images.idx3-ubyte'))
    // Named .gz, but unpacked by a server.
    renameSync(labels, join(dir, 'train-labels.idx1-ubyte.gz'))
    const packed = join(dir, 't10k-images-idx3-ubyte.gz')
    renameSync(packed, join(dir, 'moved'))
    mkdirSync(packed)
    renameSync(join(dir, 'moved'), join(packed, 't10k-images-idx3-ubyte'))
    expect(await loadSplits({ format: 'idx', dir })).toEqual(wanted)
  })

  it('names a missing folder, a missing file and a missing setting', async () => {
    await expect(loadSplits({ format: 'idx', dir: join(dir, 'none') })).rejects.toThrow(
      `Expected a folder for the IDX data but received a path that does not exist: ${join(dir, 'none')}`,
    )
    await expect(loadSplits({ format: 'idx', dir })).rejects.toThrow(
      `Expected train-images-idx3-ubyte or train-images.idx3-ubyte, plain or as .gz, for the IDX data but received a folder without`,
    )
    await expect(loadSplits({ format: 'idx' })).rejects.toMatchObject({
      message: 'Expected a folder for data.dir with data.format idx but received none',
      exitCode: 2,
    })
  })
})

describe('cifar10', () => {
  it('reads the batches in order, from the folder itself or the one that holds it', async () => {
    const inner = join(dir, 'cifar-10-batches-bin')
    mkdirSync(inner)
    writeCifar(inner)
    for (const folder of [inner, dir]) {
      const { train, test, classes, name } = await loadSplits({ format: 'cifar10', dir: folder })
      expect({ classes, name }).toEqual({ classes: 10, name: 'cifar10' })
      expect(train).toMatchObject({ channels: 3, height: 32, width: 32, mean: [125.3 / 255, 123 / 255, 113.9 / 255] })
      expect([...train.labels]).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 1, 2, 3, 4])
      expect(train.images.length).toBe(15 * 3072)
      expect([train.images[13 * 3072], train.images[14 * 3072 - 1]]).toEqual([13, 13])
      expect([...test.labels]).toEqual([0, 1, 2, 3])
    }
  })

  it('takes the class shares of all batches', async () => {
    writeCifar(dir)
    const { train, test } = await loadSplits({ format: 'cifar10', dir, trainCount: 3, testCount: 2 })
    // Of 15 images two are of each of the classes 0 to 4, and one of each of the others.
    expect([...train.labels].toSorted()).toEqual([0, 1, 2])
    expect([...test.labels]).toEqual([0, 1])
    const { train: nine } = await loadSplits({ format: 'cifar10', dir, trainCount: 9 })
    expect([...new Set(nine.labels)].filter((label) => label < 5)).toHaveLength(5)
  })

  it('computes mean and deviation where the images are changed', async () => {
    writeCifar(dir)
    const { train } = await loadSplits({ format: 'cifar10', dir, downsample: 4 })
    expect(train).toMatchObject({ height: 8, width: 8 })
    expect(train.mean?.[0]).toBeCloseTo(7 / 255, 12)
  })

  it.each([
    ['truncated records', { 'data_batch_2.bin': Buffer.alloc(3072) }, 'Expected whole records of 3073 bytes for '],
    ['a label above nine', { 'test_batch.bin': Buffer.alloc(3073, 11) }, 'but received 11 in record 0'],
  ])('refuses %s', async (_, files, message) => {
    writeCifar(dir, files)
    await expect(loadSplits({ format: 'cifar10', dir })).rejects.toThrow(message)
  })

  it('names a missing batch', async () => {
    writeCifar(dir)
    rmSync(join(dir, 'data_batch_4.bin'))
    const file = join(dir, 'data_batch_4.bin')
    await expect(loadSplits({ format: 'cifar10', dir })).rejects.toThrow(
      `Expected a readable file for ${file} but received no such file`,
    )
  })
})
