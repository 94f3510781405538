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

const load = (options: Partial<DataConfig> = {}) => loadSplits({ format: 'folder', dir, ...options })
const cached = () => readdirSync(join(root, 'cache', 'images'))

describe('folder', () => {
  it('takes the classes by name and their images in turn, by name, as planes', async () => {
    await writePets()
    write('train/notes.txt', 'no class')
    write('train/dog/notes.txt', 'no image')
    write('train/dog/._b.png', 'what macOS leaves')
    write('train/.ipynb_checkpoints/b.png', 'no class')
    write('test/dog/1.png', 'not looked at beside val')
    const { train, test, classes, name } = await load()
    expect({ name, classes }).toEqual({ name: 'pets', classes: 2 })
    expect(train).toMatchObject({ channels: 3, height: 2, width: 2 })
    expect([...train.labels]).toEqual([0, 1, 1])
    expect([...train.images]).toEqual([...planes(30), ...planes(20), ...planes(10)])
    expect([...test.labels]).toEqual([0, 1])
    expect([...test.images]).toEqual([...planes(50), ...planes(40)])
    expect(train.mean?.[0]).toBeCloseTo((20 + 4.5) / 255, 12)
  })

  it('takes the first of all classes, of test where there is no val, through links', async () => {
    await writePets()
    renameSync(join(dir, 'val'), join(dir, 'test'))
    renameSync(join(dir, 'train', 'cat'), join(root, 'elsewhere'))
    symlinkSync(join(root, 'elsewhere'), join(dir, 'train', 'cat'))
    const { train, test, classes } = await load({ trainCount: 2, testCount: 1 })
    expect([...train.images]).toEqual([...planes(30), ...planes(20)])
    expect([[...train.labels], [...test.labels], classes]).toEqual([[0, 1], [0], 2])
  })

  it('makes three channels of greys, of colours with alpha, and of JPEG of either', async () => {
    await png('train/a/1.png', { height: 1, width: 2, pixels: [7, 200] })
    await png('train/a/2.png', { height: 1, width: 2, pixels: [1, 2, 3, 0, 4, 5, 6, 99] })
    const grey = raw({ height: 1, width: 2, pixels: [100, 100] })
    write('train/a/3.jpg', await grey.clone().toColourspace('b-w').jpeg().toBuffer())
    // Orientation 6 asks for a turn: the image would be 2×1.
    write('train/a/4.JPEG', await grey.clone().withMetadata({ orientation: 6 }).jpeg().toBuffer())
    await png('val/a/1.png', { height: 1, width: 2, pixels: [7, 200] })
    const { train } = await load()
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
      'Expected a folder val or test for the image data but received a folder without it: DIR',
    ],
    [
      'no classes',
      () => ['train/cat', 'train/dog'].forEach(remove),
      'Expected a folder per class for DIR/train but received none',
    ],
    [
      'a class without images',
      () => remove('train/cat/z.png'),
      'Expected at least one .jpg, .jpeg or .png image for DIR/train/cat but received none',
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
      'Expected a whole JPEG or PNG image for DIR/val/dog/1.png but received "Input buffer contains unsupported image format"',
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
    await expect(load({ size: 2 })).rejects.toThrow(`Expected a whole JPEG or PNG image for ${join(dir, name)} but`)
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
