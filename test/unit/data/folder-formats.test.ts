/** Formats of the images in folders. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import sharp from 'sharp'
import { describe, expect, it } from 'vitest'
import { counting, dir, load, planes, png, VAL, write, writePets } from '../../support/image-folder.js'

describe('formats', () => {
  const FIXTURE = new URL('../../fixtures/images/formats.json', import.meta.url)
  const formats: { suffix: string; mode: string; file: string; planes: string }[] = JSON.parse(
    readFileSync(FIXTURE, 'utf8'),
  )
  const bytes = (text: string) => Buffer.from(text, 'base64')

  it.each(formats.filter(({ planes }) => planes !== ''))(
    'are read as Pillow reads them, by their first bytes: $suffix of $mode',
    async (format) => {
      write(`train/a/1.${format.suffix}`, bytes(format.file))
      write('train/a/2.jpg', bytes(format.file))
      write(`val/a/1.${format.suffix.toUpperCase()}`, bytes(format.file))
      const { train, test } = await load()
      const planes = [...bytes(format.planes)]
      expect(train).toMatchObject({ height: 5, width: 7 })
      expect([...train.images]).toEqual([...planes, ...planes])
      expect([...test.images]).toEqual(planes)
    },
  )

  const [bmp, , palette, rgba] = formats.map(({ file }) => bytes(file))
  const changed = (file: Buffer, at: number, byte: number) => {
    const copy = Buffer.from(file)
    copy[at] = byte
    return copy
  }
  /** Masks of red, green and blue, which follow the header. */
  const withMasks = (file: Buffer, masks: readonly number[]) => {
    const copy = Buffer.concat([file.subarray(0, 54), Buffer.from(Uint32Array.from(masks).buffer), file.subarray(54)])
    copy.writeUInt32LE(file.readUInt32LE(10) + 12, 10)
    copy.writeUInt32LE(3, 30)
    return copy
  }
  it('of BMP may name the usual bytes of their colors', async () => {
    write('train/a/1.bmp', withMasks(rgba, [0xff0000, 0xff00, 0xff]))
    write('val/a/1.bmp', rgba)
    const { train, test } = await load()
    expect(train.images).toEqual(test.images)
  })

  /** A longer header leaves less of the 16 colors before the pixels. */
  const withColors = (file: Buffer, colors: number) => {
    const copy = Buffer.from(file)
    copy.writeUInt32LE(40 + 4 * (16 - colors), 14)
    return copy
  }
  it.each([
    ['a truncated BMP', bmp.subarray(0, -1), '7×5 pixels in 173 bytes'],
    ['a BMP of a header alone', bmp.subarray(0, 50), '50 bytes'],
    ['a BMP of 16 bits', changed(bmp, 28, 16), '16 bits, compression 0'],
    ['a compressed BMP', changed(palette, 30, 1), '8 bits, compression 1'],
    ['a BMP of other masks', withMasks(rgba, [0xff, 0xff00, 0xff0000]), '32 bits, compression 3'],
    ['a BMP of no width', changed(bmp, 18, 0), '0×5 pixels in 174 bytes'],
    ['a BMP of two colors, with others', withColors(palette, 2), 'color \\d+ beyond the palette'],
    ['a truncated PGM', Buffer.from('P5 2 2 255\n123'), '2×2 pixels in 14 bytes'],
    ['a PPM of 16 bits', Buffer.from('P6 1 1 65535\n123456'), 'values up to 65535'],
    ['a PPM without numbers', Buffer.from('P6 x'), 'another header'],
  ])('refuse %s', async (_, file, received) => {
    await writePets()
    write('train/dog/b.png', file)
    const message = `Expected a whole.* for ${join(dir, 'train/dog/b.png')} but received ${received}$`
    await expect(load({ size: 2 })).rejects.toThrow(new RegExp(message))
  })

  it('of Netpbm may have comments, and of BMP may go downwards', async () => {
    write('train/a/1.pgm', Buffer.from('P5 # written by hand\n2 1\n# largest\n255\n\u0007\u0009', 'latin1'))
    write('val/a/1.ppm', Buffer.from('P6\n2 1\n255\n\u0001\u0002\u0003\u0004\u0005\u0006', 'latin1'))
    const { train, test } = await load()
    expect([...train.images]).toEqual([7, 9, 7, 9, 7, 9])
    expect([...test.images]).toEqual([1, 4, 2, 5, 3, 6])
    const downwards = Buffer.from(bmp)
    downwards.writeInt32LE(-5, 22)
    write('train/a/1.pgm', downwards)
    write('val/a/1.ppm', bmp)
    const turned = await load()
    const rows = (pixels: ArrayLike<number>) =>
      Array.from({ length: 15 }, (_, i) => Array.from(pixels).slice(7 * i, 7 * i + 7))
    const upwards = rows(turned.test.images)
    const flipped = [0, 5, 10].flatMap((first) => upwards.slice(first, first + 5).reverse())
    expect(rows(turned.train.images)).toEqual(flipped)
  })

  it('keep the upper 8 of 16 bits and the first of several frames, and say so; other suffixes are counted', async () => {
    const deep = sharp(
      Uint16Array.from({ length: 12 }, (_, i) => 4000 + 300 * i),
      {
        raw: { height: 2, width: 2, channels: 3 },
      },
    )
    write('train/a/1.png', await deep.toColourspace('rgb16').png().toBuffer())
    const frames = [counting(10), counting(60)].flatMap(({ pixels }) => pixels)
    const animation = sharp(Uint8Array.from(frames), {
      raw: { height: 4, width: 2, channels: 3, pageHeight: 2 },
    })
    write('train/a/2.webp', await animation.webp({ lossless: true, loop: 0, delay: [10, 10] }).toBuffer())
    write('train/a/3.GIF', 'not read')
    write('train/a/4.gif', 'not read')
    await png('train/a/deeper/5.png', counting(20))
    write('train/loose.png', 'not read')
    write('train/README', 'not read')
    write('train/__MACOSX/a/._1.png', 'not read')
    await png('val/a/1.png', counting(0))
    const { train, origin } = await load()
    const upper = [0, 1, 2].flatMap((c) => [0, 3, 6, 9].map((pixel) => (4000 + 300 * (pixel + c)) >> 8))
    expect([...train.images]).toEqual([...upper, ...planes(10), ...planes(20)])
    expect(origin?.notes).toEqual([
      VAL,
      expect.stringMatching(/^train: passed over (?=.*1 \.png)(?=.*1 without suffix)(?=.*2 \.gif).* beside 3 images$/),
      'train: 1 of 3 images have 16 bits per channel, of which the upper 8 are read',
      'train: 1 of 3 images have several frames or pages, of which the first is read',
    ])
  })

  it('of floats are refused', async () => {
    await writePets()
    write('train/dog/b.png', bytes(formats.find(({ mode }) => mode === 'F')!.file))
    await expect(load({ size: 2 })).rejects.toThrow(
      `Expected 8 or 16 bits per channel for ${join(dir, 'train/dog/b.png')} but received values of type float`,
    )
  })
})
