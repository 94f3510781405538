import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { UserError } from '../../../src/base/errors.js'
import type { DataConfig } from '../../../src/config/index.js'
import { imageExtents } from '../../../src/data/extents.js'
import { loadSplits } from '../../../src/data/index.js'
import type { ImageData } from '../../../src/native/index.js'
import { storedZip } from '../../support/stored-zip.js'

const fixture = (name: string) => fileURLToPath(new URL(`../../fixtures/images/${name}.npz`, import.meta.url))

let dir: string
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'pada-npz-'))
})
afterEach(() => rmSync(dir, { recursive: true }))

function npy(shape: readonly number[], elements: readonly number[] | Buffer, descr = '|u1', order = 'False'): Buffer {
  const text = `{'descr': '${descr}', 'fortran_order': ${order}, 'shape': (${shape.map((n) => `${n},`).join(' ')}), }\n`
  const head = Buffer.from('\x93NUMPY\x01\0\0\0', 'latin1')
  head.writeUInt16LE(text.length, 8)
  return Buffer.concat([head, Buffer.from(text), Buffer.from(elements)])
}

const IMAGES = npy([2, 1, 2, 2], [1, 2, 3, 4, 5, 6, 7, 8])
const LABELS = npy([2], [1, 0])
const ARRAYS = { 'x_train.npy': IMAGES, 'y_train.npy': LABELS, 'x_test.npy': IMAGES, 'y_test.npy': LABELS }

function load(arrays: Readonly<Record<string, Buffer>>, options: Partial<DataConfig> = {}) {
  const file = join(dir, 'made.npz')
  writeFileSync(file, storedZip({ ...ARRAYS, ...arrays }))
  return loadSplits({ format: 'npz', dir: file, ...options })
}

describe('npz', () => {
  it("reads NumPy's compressed archive of images whose channels come last", async () => {
    const { train, test, classes, name } = await loadSplits({ format: 'npz', dir: fixture('channels-last') })
    expect({ classes, name }).toEqual({ classes: 3, name: 'channels-last' })
    expect(train).toMatchObject({ channels: 3, height: 4, width: 6 })
    expect([...train.labels, ...test.labels]).toEqual([2, 0, 1, 1, 2])
    // Element (image, row, column, channel) of the file is its own number modulo 251.
    const expected = (image: number, channel: number, at: number) => (72 * image + 3 * at + channel) % 251
    for (const [image, channel, at] of [
      [0, 0, 0],
      [0, 1, 0],
      [1, 2, 7],
      [2, 0, 23],
    ]) {
      expect(train.images[72 * image + 24 * channel + at]).toBe(expected(image, channel, at))
    }
    expect(train.images.length).toBe(3 * 72)
  })

  it('reads a folder of two archives whose channels come first', async () => {
    const bytes = readFileSync(fixture('channels-first'))
    writeFileSync(join(dir, 'train.npz'), bytes)
    writeFileSync(join(dir, 'test.npz'), bytes)
    const { train, test, classes } = await loadSplits({ format: 'npz', dir, trainCount: 2, testCount: 4 })
    expect(classes).toBe(3)
    expect(train).toMatchObject({ channels: 3, height: 4, width: 6 })
    expect([...train.images]).toEqual(Array.from({ length: 144 }, (_, i) => i))
    expect([...train.labels, ...test.labels]).toEqual([0, 1, 0, 1, 0, 1])
  })

  it('has extents also where only data.validation tells the test split', async () => {
    const file = join(dir, 'splits.npz')
    const names = ['train', 'val', 'valid']
    const arrays = names.map((name) => ({ [`x_${name}.npy`]: IMAGES, [`y_${name}.npy`]: LABELS }))
    writeFileSync(file, storedZip(Object.assign({}, ...arrays)))
    const config = { format: 'npz', dir: file, validation: 'val' } as const
    expect((await loadSplits(config)).origin?.names).toEqual({ test: 'valid', validation: 'val' })
    expect(await imageExtents(config)).toEqual({ input: { channels: 1, height: 2, width: 2 }, classes: 2 })
  })

  it('takes samples of all classes from sorted labels', async () => {
    const labels = Array.from({ length: 50 }, (_, i) => Math.floor(i / 10))
    const pixels = labels.map((_, i) => 5 * i)
    const arrays = { 'x_train.npy': npy([50, 1, 1], pixels), 'y_train.npy': npy([50], labels) }
    const all = { ...arrays, 'x_test.npy': npy([50, 1, 1], pixels), 'y_test.npy': npy([50], labels) }
    const { train, validation, test } = await load(all, { trainCount: 25, validationCount: 10, testCount: 15 })
    const perClass = (split: ImageData) =>
      [0, 1, 2, 3, 4].map((c) => split.labels.filter((label) => label === c).length)
    expect([train, validation!, test].map(perClass)).toEqual([3, 2, 3].map((count) => new Array(5).fill(count)))
    // Disjoint; and every label is that of its image.
    expect(new Set([...train.images, ...validation!.images]).size).toBe(25)
    for (const { images, labels } of [train, validation!, test])
      expect([...labels]).toEqual(Array.from(images, (pixel) => Math.floor(pixel / 50)))
  })

  it('reads grayscale images of three axes and normalises with their own statistics', async () => {
    const { train } = await load({ 'x_train.npy': npy([2, 2, 2], [1, 2, 3, 4, 5, 6, 7, 8]) })
    expect(train).toMatchObject({ channels: 1, height: 2, width: 2 })
    expect(train.mean?.[0]).toBeCloseTo(4.5 / 255, 12)
  })

  it.each([
    ['val_images', 'val_labels', 'val'],
    ['x_valid', 'y_valid', 'valid'],
    ['validation_images', 'y_validation', 'validation'],
  ])('takes %s for validation', async (images, labels, name) => {
    const arrays = { [`${images}.npy`]: npy([1, 1, 2, 2], [9, 8, 7, 6]), [`${labels}.npy`]: npy([1], [1]) }
    const { validation, test, origin } = await load(arrays)
    expect([[...validation!.images], [...validation!.labels]]).toEqual([[9, 8, 7, 6], [1]])
    expect([...test.images]).toEqual([1, 2, 3, 4, 5, 6, 7, 8])
    expect(origin).toEqual({ names: { validation: name, test: 'test' }, notes: [] })
    const none = await load(arrays, { validation: 'none' })
    expect(none.validation).toBeUndefined()
    expect(none.origin?.notes).toEqual([`${name} is not used, because data.validation is none`])
    const swapped = await load(arrays, { test: name, validation: 'test' })
    expect(swapped.test).toEqual(validation)
    expect(swapped.validation).toEqual(test)
  })

  it('takes val.npz of a folder for validation, and tests on it alone', async () => {
    const archive = (first: number) =>
      storedZip({ 'x.npy': npy([2, 1, 1, 1], [first, first + 1]), 'y.npy': npy([2], [0, 1]) })
    writeFileSync(join(dir, 'train.npz'), archive(0))
    writeFileSync(join(dir, 'val.npz'), archive(10))
    const alone = await loadSplits({ format: 'npz', dir, layout: 'NCHW' })
    expect([...alone.test.images]).toEqual([10, 11])
    expect(alone.origin?.notes).toEqual(['val is the test split, because there is no split test'])
    writeFileSync(join(dir, 'test.npz'), archive(20))
    const { test, validation } = await loadSplits({ format: 'npz', dir, layout: 'NCHW' })
    expect([[...validation!.images], [...test.images]]).toEqual([
      [10, 11],
      [20, 21],
    ])
  })

  it('refuses two arrays of one purpose, and validation images of another size', async () => {
    await expect(load({ 'train_images.npy': IMAGES })).rejects.toThrow(
      `Expected one of the arrays train_images and x_train for ${join(dir, 'made.npz')} but received both`,
    )
    const arrays = { 'x_val.npy': npy([1, 1, 1, 2], [9, 8]), 'y_val.npy': npy([1], [1]) }
    await expect(load(arrays)).rejects.toThrow('Expected validation images of 1×2×2 for made but received 1×1×2')
  })

  it('takes an order of axes that the number of channels does not tell', async () => {
    const arrays = { 'x_train.npy': npy([1, 2, 1, 2], [1, 2, 3, 4]), 'y_train.npy': npy([1], [0]) }
    const same = { 'x_test.npy': arrays['x_train.npy'], 'y_test.npy': arrays['y_train.npy'] }
    await expect(load({ ...arrays, ...same })).rejects.toThrow(
      /Expected NCHW or NHWC in data.layout for x_train in .*made.npz but received none and shape \[1, 2, 1, 2\]/,
    )
    const last = await load({ ...arrays, ...same }, { layout: 'NHWC' })
    expect(last.train).toMatchObject({ channels: 2, height: 2, width: 1 })
    expect([...last.train.images]).toEqual([1, 3, 2, 4])
    const first = await load({ ...arrays, ...same }, { layout: 'NCHW' })
    expect(first.train).toMatchObject({ channels: 2, height: 1, width: 2 })
    expect([...first.train.images]).toEqual([1, 2, 3, 4])
  })

  it.each([
    ['<i8', Buffer.from(BigInt64Array.of(1n, 0n).buffer)],
    ['>i2', Buffer.of(0, 1, 0, 0)],
    ['<u4', Buffer.from(Uint32Array.of(1, 0).buffer)],
  ])('reads labels of type %s', async (type, elements) => {
    const { train } = await load({ 'y_train.npy': npy([2, 1], elements, type) })
    expect([...train.labels]).toEqual([1, 0])
  })

  it.each([
    ['images of floats', { 'x_train.npy': npy([1, 1, 1, 1], [0, 0, 0, 0], '<f4') }, /uint8\) for x_train in .* <f4/],
    ['two axes', { 'x_train.npy': npy([2, 2], [1, 2, 3, 4]) }, /three or four axes for x_train .* shape \[2, 2\]/],
    ['no images', { 'x_train.npy': npy([0, 1, 2, 2], []) }, /three or four axes .* shape \[0, 1, 2, 2\]/],
    ['labels of floats', { 'y_train.npy': npy([2], Buffer.alloc(8), '<f4') }, /2 integers for y_train .* <f4 of shape/],
    ['too few labels', { 'y_train.npy': npy([1], [0]) }, /2 integers for y_train .* but received \|u1 of shape \[1\]/],
    ['one-hot labels', { 'y_train.npy': npy([2, 2], [0, 1, 1, 0]) }, /2 integers for y_train .* of shape \[2, 2\]/],
    ['a negative label', { 'y_train.npy': npy([2], [255, 0], '|i1') }, /labels from 0 to 0 .* received -1 at index 0/],
    [
      'an endless label',
      { 'y_train.npy': npy([2], Buffer.alloc(8, 127), '<u4') },
      /labels from 0 to 65535 .* received/,
    ],
    ['an unknown test label', { 'y_test.npy': npy([2], [0, 2]) }, /labels from 0 to 1 .* but received 2 at index 1/],
    [
      'Fortran order',
      { 'x_train.npy': npy([1, 1, 1, 1], [1], '|u1', 'True') },
      /plain elements in C order for x_train/,
    ],
    ['objects', { 'y_train.npy': npy([2], Buffer.alloc(16), '|O') }, /plain elements in C order for y_train/],
    [
      'a short array',
      { 'x_train.npy': npy([2, 1, 2, 2], [1]) },
      /Expected 8 bytes of elements in x_train .* received 1/,
    ],
    [
      'test images of other channels',
      { 'x_test.npy': npy([2, 3, 2, 2], Buffer.alloc(24)) },
      /^Expected test images of 1×2×2 for made but received 3×2×2$/,
    ],
    ['no array', { 'x_train.npy': Buffer.from('text') }, /Expected an .npy file for x_train in .*made.npz/],
  ])('refuses %s', async (_, arrays, message) => {
    const error = await load(arrays).catch((caught: unknown) => caught)
    expect(error).toBeInstanceOf(UserError)
    expect((error as Error).message).toMatch(message)
  })

  it('names missing files and arrays', async () => {
    await expect(loadSplits({ format: 'npz', dir: join(dir, 'none.npz') })).rejects.toThrow(
      `Expected an .npz file or a folder for the data but found none: ${join(dir, 'none.npz')}`,
    )
    await expect(loadSplits({ format: 'npz', dir })).rejects.toThrow(
      `Expected a readable file for ${join(dir, 'train.npz')} but received no such file`,
    )
    const file = join(dir, 'made.npz')
    writeFileSync(file, storedZip({ 'x_train.npy': IMAGES, 'labels.npy': LABELS }))
    await expect(loadSplits({ format: 'npz', dir: file })).rejects.toThrow(
      `Expected an array train_labels or y_train in ${file} but received x_train, labels`,
    )
  })

  it.each(['channels-last', 'channels-first'])(
    'reads or refuses in a sentence, every third byte damaged in turn: %s',
    async (name) => {
      const whole = readFileSync(fixture(name))
      for (let at = 0; at < whole.length; at += 3) {
        const damaged = Buffer.from(whole)
        damaged[at] ^= 1 + (at % 255)
        for (const file of ['train', 'test']) writeFileSync(join(dir, `${file}.npz`), damaged)
        const path = name === 'channels-last' ? join(dir, 'train.npz') : dir
        const error = await loadSplits({ format: 'npz', dir: path }).catch((caught: unknown) => caught)
        if (error instanceof Error) expect(error).toBeInstanceOf(UserError)
      }
    },
  )

  it('refuses damaged archives', async () => {
    const file = join(dir, 'damaged.npz')
    const whole = readFileSync(fixture('channels-last'))
    for (const bytes of [Buffer.from('hello'), whole.subarray(0, whole.length - 30)]) {
      writeFileSync(file, bytes)
      await expect(loadSplits({ format: 'npz', dir: file })).rejects.toThrow(
        `Expected an .npz archive for ${file} but received another file, or one that was cut off`,
      )
    }
    writeFileSync(file, '<html>')
    await expect(loadSplits({ format: 'npz', dir: file })).rejects.toThrow('but received a web page')
    truncateSync(file, 2 ** 31)
    await expect(loadSplits({ format: 'npz', dir: file })).rejects.toThrow(
      `Expected at most 2048 MiB for ${file} but received 2048 MiB: divide it, such as into train.npz and test.npz`,
    )
    const flipped = Buffer.from(whole)
    flipped[flipped.indexOf('x_train.npy') + 60] ^= 1
    writeFileSync(file, flipped)
    await expect(loadSplits({ format: 'npz', dir: file })).rejects.toThrow(UserError)
    const stored = storedZip(ARRAYS)
    stored[stored.indexOf('x_train.npy') + 'x_train.npy'.length + IMAGES.length - 1] ^= 1
    writeFileSync(file, stored)
    await expect(loadSplits({ format: 'npz', dir: file })).rejects.toThrow(
      `Expected the recorded checksum for entry x_train.npy in ${file} but received another`,
    )
  })
})
