/** Folders of images that cannot be read. */
import { existsSync, rmSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { UserError } from '../../../src/base/errors.js'
import { loadSplits } from '../../../src/data/index.js'
import { counting, dir, load, png, raw, root, write, writePets } from '../../support/image-folder.js'

describe('folder refuses', () => {
  beforeEach(writePets)
  const remove = (name: string) => rmSync(join(dir, name), { recursive: true })
  const sentence = (text: string) => text.replaceAll('DIR', dir)

  it.each([
    [
      'a folder that is absent',
      () => remove('.'),
      'Expected a folder for the image data but received a path that does not exist: DIR',
    ],
    [
      'no train',
      () => remove('train'),
      'Expected a folder train for the image data but received a folder without it: DIR',
    ],
    [
      'neither val nor test',
      () => remove('val'),
      'Expected a split test or val beside train for the test images but received none in DIR',
    ],
    [
      'no classes',
      () => ['train/cat', 'train/dog'].forEach(remove),
      'Expected a folder per class for DIR/train but received none',
    ],
    [
      'a class without images',
      () => remove('train/cat/z.png'),
      'Expected at least one image of JPEG, PNG, WebP, TIFF, BMP, PGM or PPM for DIR/train/cat but received none',
    ],
    [
      'a class in train alone',
      () => png('train/cow/1.png', counting(0)),
      'Expected a class cow, which DIR/train has, for DIR/val but received none',
    ],
    [
      'a class in val alone',
      () => remove('train/dog'),
      'Expected a class dog, which DIR/val has, for DIR/train but received none',
    ],
    [
      'what is no image',
      () => write('val/dog/1.png', 'hello'),
      'Expected a whole image of JPEG, PNG, WebP, TIFF, BMP, PGM or PPM for DIR/val/dog/1.png but received "Input buffer contains unsupported image format"',
    ],
    [
      'an image of another size',
      () => png('train/dog/b.png', { height: 1, width: 2, pixels: [1, 2] }),
      'Expected 2×2 pixels as in the first image, or data.size, for DIR/train/dog/b.png but received 1×2',
    ],
    [
      'a test image of another size',
      () => png('val/dog/1.png', { height: 1, width: 2, pixels: [1, 2] }),
      'Expected 2×2 pixels as in the first image, or data.size, for DIR/val/dog/1.png but received 1×2',
    ],
    [
      'a link to nothing',
      () => symlinkSync('nowhere', join(dir, 'train/dog/c.jpg')),
      'Expected a readable file for DIR/train/dog/c.jpg but received no such file',
    ],
  ])('%s', async (_, change, message) => {
    await change()
    await expect(load()).rejects.toThrow(new UserError(sentence(message)))
  })

  it.each(['png', 'jpeg'] as const)('a truncated image: %s', async (format) => {
    const pixels = Array.from({ length: 64 * 64 * 3 }, (_, index) => index ** 2 % 251)
    const bytes = await raw({ height: 64, width: 64, pixels }).toFormat(format).toBuffer()
    write(`train/dog/c.${format}`, bytes.subarray(0, bytes.length * 0.7))
    const name = `train/dog/c.${format}`
    await expect(load({ size: 2 })).rejects.toThrow(
      `Expected a whole image of JPEG, PNG, WebP, TIFF, BMP, PGM or PPM for ${join(dir, name)} but`,
    )
    expect(existsSync(join(root, 'cache'))).toBe(false)
  })

  it('counts above what is there, more than fits in memory, and data.size elsewhere', async () => {
    await expect(load({ trainCount: 4 })).rejects.toThrow(
      'Expected an integer from 1 to 3 for data.trainCount but received 4',
    )
    await expect(load({ testCount: 3 })).rejects.toThrow('from 1 to 2 for data.testCount but received 3')
    // Before anything is decoded.
    write('train/dog/b.png', 'hello')
    await expect(load({ size: 10_000_000 })).rejects.toThrow(
      /^Expected at most .* for .*pets but received 5 images of 3×10000000×10000000, 1500000\.0 GB; data\.trainCount and/,
    )
    await expect(loadSplits({ format: 'idx', dir, size: 28 })).rejects.toMatchObject({
      message: 'Expected the format folder with data.size for data.format but received idx',
      exitCode: 2,
    })
  })
})
