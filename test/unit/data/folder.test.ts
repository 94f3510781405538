import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import sharp from 'sharp'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { UserError } from '../../../src/base/errors.js'
import type { DataConfig } from '../../../src/config/index.js'
import { decodeTo } from '../../../src/data/decode.js'
import { loadSplits } from '../../../src/data/index.js'
import type { ImageData } from '../../../src/native/index.js'

vi.mock('../../../src/data/decode.js', async (original) => {
  const decode = await original<typeof import('../../../src/data/decode.js')>()
  return { ...decode, decodeTo: vi.fn(decode.decodeTo) }
})

let root: string
let dir: string
beforeEach(() => {
  vi.mocked(decodeTo).mockClear()
  root = mkdtempSync(join(tmpdir(), 'pada-folder-'))
  dir = join(root, 'pets')
  vi.stubEnv('PADA_CACHE', join(root, 'cache'))
})
afterEach(() => {
  vi.unstubAllEnvs()
  vi.restoreAllMocks()
  rmSync(root, { recursive: true })
})

/** A 2×2 image whose bytes, red, green and blue by pixel, count from `first`. */
function counting(first: number) {
  return { height: 2, width: 2, pixels: Array.from({ length: 12 }, (_, index) => first + index) }
}

/** The planes of {@link counting}. */
function planes(first: number): number[] {
  return [0, 1, 2].flatMap((channel) => [0, 3, 6, 9].map((pixel) => first + channel + pixel))
}

function raw({ height, width, pixels }: ReturnType<typeof counting>) {
  const channels = (pixels.length / (height * width)) as 1 | 2 | 3 | 4
  return sharp(Uint8Array.from(pixels), { raw: { height, width, channels } })
}

function write(name: string, bytes: Uint8Array | string) {
  mkdirSync(dirname(join(dir, name)), { recursive: true })
  writeFileSync(join(dir, name), bytes)
}

async function png(name: string, image: ReturnType<typeof counting>) {
  write(name, await raw(image).png().toBuffer())
}

/** Three training images of two classes and two held out. */
async function writePets() {
  await png('train/dog/b.png', counting(10))
  await png('train/dog/a.PNG', counting(20))
  await png('train/cat/z.png', counting(30))
  await png('val/dog/1.png', counting(40))
  await png('val/cat/1.png', counting(50))
}

/** The first pixel of each image, which tells images of {@link counting} apart. */
const pixelsOf = ({ images }: ImageData) => Array.from(images).filter((_, i) => i % 12 === 0)

const load = (options: Partial<DataConfig> = {}) => loadSplits({ format: 'folder', dir, ...options })
const cached = () => readdirSync(join(root, 'cache', 'images')).filter((name) => name.endsWith('.pixels'))
/** What is read of {@link writePets}, which has no folder test. */
const VAL = 'val is the test split, because there is no split test'

describe('folder', () => {
  it('walks down folders of a class by name, and follows links but not around', async () => {
    await writePets()
    await png('train/dog/x/1.png', counting(60))
    await png('train/dog/x-y/2.png', counting(70))
    await png('train/dog/x/y/3.png', counting(80))
    symlinkSync(join(dir, 'train/dog'), join(dir, 'train/dog/x/around'))
    await png('../elsewhere/4.png', counting(90))
    symlinkSync(join(root, 'elsewhere'), join(dir, 'train/dog/z'))
    symlinkSync(join(root, 'elsewhere'), join(root, 'elsewhere/self'))
    const { train } = await load()
    expect(pixelsOf(train)).toEqual([30, 20, 10, 60, 70, 80, 90])
  })

  it('reads the validation images of Tiny ImageNet by their annotations', async () => {
    await png('train/n1/images/n1_0.JPEG', counting(10))
    await png('train/n2/images/n2_0.JPEG', counting(20))
    write('train/n1/n1_boxes.txt', '')
    for (const i of [0, 1, 2]) await png(`val/images/val_${i}.JPEG`, counting(100 + i))
    await png('test/images/test_0.JPEG', counting(0))
    const lines = ['val_2.JPEG\tn1\t0\t0\t8\t8', 'val_0.JPEG\tn2\t0', 'val_1.JPEG\tn2\t0\t0']
    write('val/val_annotations.txt', `${lines.join('\n')}\n`)
    const { train, test, classNames } = await load()
    expect(classNames).toEqual(['n1', 'n2'])
    expect(pixelsOf(train)).toEqual([10, 20])
    expect([pixelsOf(test), [...test.labels]]).toEqual([
      [102, 100, 101],
      [0, 1, 1],
    ])
    write('val/val_annotations.txt', 'val_0.JPEG\tn3')
    await expect(load()).rejects.toThrow(`Expected classes of ${join(dir, 'train')} for`)
    write('val/val_annotations.txt', '../x.JPEG\tn1')
    await expect(load()).rejects.toThrow('but received ../x.JPEG')
    rmSync(join(dir, 'val/val_annotations.txt'))
    await expect(load()).rejects.toThrow(
      `Expected a class n1, which ${join(dir, 'train')} has, for ${join(dir, 'val')} but received only images`,
    )
  })

  it('says how a split without folders must be arranged', async () => {
    await writePets()
    rmSync(join(dir, 'val'), { recursive: true })
    await png('val/1.png', counting(0))
    await expect(load()).rejects.toThrow(
      `Expected a folder per class for ${join(dir, 'val')} but received 1 .png: move each image into a folder of the name of its class`,
    )
  })

  // macOS and Windows have no such names.
  it.runIf(process.platform === 'linux')('reads files and classes whose names are not UTF-8', async () => {
    await writePets()
    const odd = (before: string, after: string) =>
      Buffer.concat([Buffer.from(join(dir, before)), Buffer.from([0xe9]), Buffer.from(after)])
    await png('more/1.png', counting(70))
    writeFileSync(odd('train/dog/caf', '.png'), readFileSync(join(dir, 'more/1.png')))
    for (const split of ['train', 'val']) {
      mkdirSync(odd(`${split}/caf`, ''))
      writeFileSync(odd(`${split}/caf`, '/1.png'), readFileSync(join(dir, 'more/1.png')))
    }
    rmSync(join(dir, 'more'), { recursive: true })
    const { train, test, classNames } = await load()
    expect(classNames).toEqual(['caf\\xe9', 'cat', 'dog'])
    expect(pixelsOf(train)).toEqual([70, 30, 20, 10, 70])
    expect([...test.labels]).toEqual([0, 1, 2])
    expect(pixelsOf((await load()).train)).toEqual([70, 30, 20, 10, 70])
    writeFileSync(odd('train/dog/caf', '.png'), 'no image')
    await expect(load()).rejects.toThrow(`for ${join(dir, 'train/dog/caf')}\\xe9.png but received`)
  })

  it('names a web page in the place of an image', async () => {
    await writePets()
    write('train/dog/b.png', '<html>')
    await expect(load()).rejects.toThrow(
      `Expected an image for ${join(dir, 'train/dog/b.png')} but received a web page`,
    )
  })

  it('takes the classes by name and their images in turn, by name, as planes', async () => {
    await writePets()
    write('train/notes.txt', 'no class')
    write('train/dog/notes.txt', 'no image')
    write('train/dog/._b.png', 'what macOS leaves')
    write('train/.ipynb_checkpoints/b.png', 'no class')
    const { train, test, classes, name, origin } = await load()
    expect(origin?.notes).toEqual([VAL, 'train: passed over 2 .txt beside 3 images'])
    expect({ name, classes }).toEqual({ name: 'pets', classes: 2 })
    expect(train).toMatchObject({ channels: 3, height: 2, width: 2 })
    expect([...train.labels]).toEqual([0, 1, 1])
    expect([...train.images]).toEqual([...planes(30), ...planes(20), ...planes(10)])
    expect([...test.labels]).toEqual([0, 1])
    expect([...test.images]).toEqual([...planes(50), ...planes(40)])
    expect(train.mean?.[0]).toBeCloseTo((20 + 4.5) / 255, 12)
  })

  it('takes a subset of all classes, of test where there is no val, through links', async () => {
    await writePets()
    renameSync(join(dir, 'val'), join(dir, 'test'))
    renameSync(join(dir, 'train', 'cat'), join(root, 'elsewhere'))
    symlinkSync(join(root, 'elsewhere'), join(dir, 'train', 'cat'))
    const { train, test, classes } = await load({ trainCount: 2, testCount: 1 })
    expect([...train.images]).toEqual([...planes(30), ...planes(20)])
    expect([[...train.labels], [...test.labels], classes]).toEqual([[0, 1], [0], 2])
  })

  it('takes the class shares of all images, a smaller subset being part of a larger one', async () => {
    for (let i = 0; i < 40; i++) await png(`train/cat/${i}.png`, counting(i))
    for (let i = 0; i < 5; i++) await png(`train/dog/${i}.png`, counting(100 + i))
    for (const name of ['cat', 'dog']) await png(`val/${name}/1.png`, counting(50))
    const firstPixels = async (options: Partial<DataConfig>, split: 'train' | 'validation' = 'train') =>
      pixelsOf((await load(options))[split]!)
    const nine = await firstPixels({ trainCount: 9 })
    const eighteen = await firstPixels({ trainCount: 18 })
    expect([nine.filter((pixel) => pixel >= 100), eighteen.filter((pixel) => pixel >= 100)]).toMatchObject([
      { length: 1 },
      { length: 2 },
    ])
    expect(eighteen).toEqual(expect.arrayContaining(nine))
    const [train, validation] = [
      await firstPixels({ validationCount: 18 }),
      await firstPixels({ validationCount: 18 }, 'validation'),
    ]
    expect(validation.filter((pixel) => pixel >= 100)).toHaveLength(2)
    const all = [...train, ...validation].toSorted((a, b) => a - b)
    expect(all).toEqual([...Array.from({ length: 40 }, (_, i) => i), 100, 101, 102, 103, 104])
  })

  it('makes three channels of greys, of colours with alpha, and of JPEG of either', async () => {
    await png('train/a/1.png', { height: 1, width: 2, pixels: [7, 200] })
    await png('train/a/2.png', { height: 1, width: 2, pixels: [1, 2, 3, 0, 4, 5, 6, 99] })
    const grey = raw({ height: 1, width: 2, pixels: [100, 100] })
    write('train/a/3.jpg', await grey.clone().toColourspace('b-w').jpeg().toBuffer())
    // Orientation 6 asks for a turn: the image would be 2×1.
    write('train/a/4.JPEG', await grey.clone().withMetadata({ orientation: 6 }).jpeg().toBuffer())
    await png('val/a/1.png', { height: 1, width: 2, pixels: [7, 200] })
    const first = await load()
    const { train, origin } = first
    expect(origin?.notes).toEqual([
      VAL,
      'train: 1 of 4 images are grey and are read as three equal channels',
      'train: 1 of 4 images have transparency, which is dropped',
      'train: 1 of 4 images have an EXIF orientation, which is not applied',
    ])
    // From the cache too, and also if only the pixels are left there.
    expect(await load()).toEqual(first)
    for (const file of readdirSync(join(root, 'cache', 'images'))) {
      if (file.endsWith('.json')) rmSync(join(root, 'cache', 'images', file))
    }
    expect(await load()).toEqual(first)
    expect(train).toMatchObject({ height: 1, width: 2 })
    expect([...train.images.subarray(0, 12)]).toEqual([7, 200, 7, 200, 7, 200, 1, 4, 2, 5, 3, 6])
    expect([...train.images.subarray(12)]).toEqual(new Array(12).fill(100))
  })

  it('leaves images of the size as they are, and resizes and crops others', async () => {
    await png('train/a/1.png', counting(10))
    // Shorter side to 2 · 256 / 224 = 2.29, so 2, and the longer one to 4: the middle two of four columns.
    const columns = [0, 0, 40, 40, 80, 80, 120, 120]
    await png('train/a/2.png', { height: 4, width: 8, pixels: [columns, columns, columns, columns].flat() })
    await png('val/a/1.png', counting(20))
    const { train } = await load({ size: 2 })
    expect([...train.images.subarray(0, 12)]).toEqual(planes(10))
    // Weights 1, 3, 3, 1 of 8 around each centre: (3 · 40 + 3 · 40 + 0 + 80) / 8, (3 · 80 + 3 · 80 + 40 + 120) / 8.
    const row = [40, 80]
    expect([...train.images.subarray(12)]).toEqual([row, row, row, row, row, row].flat())
  })
})

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

describe('splits', () => {
  it('are what their names say; without test, a validation split is the test split', async () => {
    await writePets()
    renameSync(join(dir, 'val'), join(dir, 'valid'))
    const alone = await load()
    expect([...alone.test.images]).toEqual([...planes(50), ...planes(40)])
    expect(alone.validation).toBeUndefined()
    expect(alone.origin).toEqual({
      names: { test: 'valid' },
      notes: ['valid is the test split, because there is no split test'],
    })
    await png('test/dog/1.png', counting(60))
    await png('test/cat/1.png', counting(70))
    const { test, validation, train, origin } = await load()
    expect([...test.images]).toEqual([...planes(70), ...planes(60)])
    expect(validation).toEqual({ ...alone.test })
    expect(validation?.mean).toEqual(train.mean)
    expect(origin).toEqual({ names: { validation: 'valid', test: 'test' }, notes: [] })
  })

  it('without labels are no test split', async () => {
    await writePets()
    await png('test/images/1.png', counting(60))
    const { test, validation, origin } = await load()
    expect([...test.images]).toEqual([...planes(50), ...planes(40)])
    expect(validation).toBeUndefined()
    expect(origin?.notes).toEqual([VAL, 'test is not used, because it has no class of train'])
    await expect(load({ test: 'test' })).rejects.toThrow('Expected a class cat, which')
  })

  it('of validation have the classes and the size of the others', async () => {
    await writePets()
    await png('test/dog/1.png', counting(60))
    await png('test/cat/1.png', { height: 1, width: 2, pixels: [1, 2] })
    await expect(load({ test: 'test' })).rejects.toThrow('but received 1×2')
    await expect(load({ test: 'val', validation: 'test' })).rejects.toThrow('but received 1×2')
    rmSync(join(dir, 'test/cat'), { recursive: true })
    await expect(load({ test: 'val', validation: 'test' })).rejects.toThrow('Expected a class cat, which')
  })
})

describe('pixels kept in the cache folder', () => {
  /** In whole seconds, which every file system keeps. */
  const TIME = 1_700_000_000

  it.each([{}, { size: 2 }, { size: 1 }])('serve the second time, with %o', async (options) => {
    await writePets()
    const first = await load(options)
    expect(decodeTo).toHaveBeenCalledTimes(5)
    expect(await load(options)).toEqual(first)
    expect(cached()).toHaveLength(2)
    // Wherever the folder lies.
    renameSync(dir, join(root, 'moved'))
    expect((await load({ ...options, dir: join(root, 'moved') })).train).toEqual(first.train)
    expect(decodeTo).toHaveBeenCalledTimes(5)
  })

  it.each([
    ['in place', (file: string, pixels: Buffer) => writeFileSync(file, pixels)],
    [
      'by another file',
      (file: string, pixels: Buffer) => {
        writeFileSync(`${file}.new`, pixels)
        renameSync(`${file}.new`, file)
      },
    ],
  ])('do not serve for a file of equal name, size and time that was replaced %s', async (_, replace) => {
    await writePets()
    const file = join(dir, 'train/cat/z.png')
    const pixels = (from: number) => raw(counting(from)).png({ compressionLevel: 0 }).toBuffer()
    writeFileSync(file, await pixels(30))
    utimesSync(file, TIME, TIME)
    const { size, mtimeMs } = statSync(file)
    expect([...(await load()).train.images.subarray(0, 12)]).toEqual(planes(30))
    replace(file, await pixels(60))
    utimesSync(file, TIME, TIME)
    expect(statSync(file)).toMatchObject({ size, mtimeMs })
    expect([...(await load()).train.images.subarray(0, 12)]).toEqual(planes(60))
  })

  it('do not serve for another size, another count or a changed file', async () => {
    await writePets()
    await load()
    await load({ size: 1 })
    expect(cached()).toHaveLength(4)
    await load({ trainCount: 1 })
    expect(cached()).toHaveLength(5)
    await png('train/cat/z.png', counting(60))
    utimesSync(join(dir, 'train/cat/z.png'), new Date(), new Date(1e12))
    expect([...(await load()).train.images.subarray(0, 12)]).toEqual(planes(60))
  })

  it.each([
    ['cut short', (file: string) => truncateSync(file, statSync(file).size - 1)],
    ['empty', (file: string) => truncateSync(file, 0)],
    ['of another kind', (file: string) => writeFileSync(file, 'x'.repeat(statSync(file).size))],
    ['changed in one bit', (file: string) => flip(file, -1)],
    ['changed in their height', (file: string) => flip(file, 8)],
    ['changed in their number', (file: string) => flip(file, 16)],
  ])('are made anew where they are %s', async (_, damage) => {
    await writePets()
    for (const options of [{}, { size: 2 }]) {
      const first = await load(options)
      const files = cached().map((name) => join(root, 'cache', 'images', name))
      const contents = files.map((file) => readFileSync(file))
      for (const file of files) damage(file)
      expect(await load(options)).toEqual(first)
      expect(files.map((file) => readFileSync(file))).toEqual(contents)
      rmSync(join(root, 'cache'), { recursive: true })
    }
  })

  it('are done without where folders have their names', async () => {
    await writePets()
    const first = await load()
    const files = cached().map((name) => join(root, 'cache', 'images', name))
    for (const file of files) {
      rmSync(file)
      mkdirSync(file)
    }
    vi.spyOn(process, 'emitWarning').mockImplementation(() => {})
    expect(await load()).toEqual(first)
  })

  it('are done without where they cannot be written, with a warning', async () => {
    await writePets()
    writeFileSync(join(root, 'file'), '')
    vi.stubEnv('PADA_CACHE', join(root, 'file'))
    const warn = vi.spyOn(process, 'emitWarning').mockImplementation(() => {})
    expect((await load()).train.labels).toHaveLength(3)
    expect(warn).toHaveBeenCalledWith(expect.stringContaining('Decoded images are not kept for the next run: '))
  })

  function flip(file: string, at: number) {
    const bytes = readFileSync(file)
    bytes[at < 0 ? bytes.length + at : at] ^= 1
    writeFileSync(file, bytes)
  }
})

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
      'Expected a readable file for DIR/train/dog/c.jpg but received ENOENT',
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
