/** Streamed images are those of Pillow, torchvision and timm, byte for byte, whatever the threads and the files. */
import { createHash } from 'node:crypto'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Sharp } from 'sharp'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { decodeTo } from '../../src/data/decode.js'
import { type DecoderNames, decoderNames } from '../../src/data/stream/decoders.js'
import { type EncodedSplit, namedFiles, readEncoded } from '../../src/data/stream/encoded-files.js'
import { listEncoded } from '../../src/data/stream/list-encoded.js'
import { pack } from '../../src/data/stream/pack.js'
import { survey } from '../../src/data/stream/survey.js'
import { type EncodedFiles, type ImageAugmentation, ImageStream, inspectImages } from '../../src/native/index.js'
import { flip } from '../support/augmentation.js'
import { Lens, STD } from '../support/lens.js'

const folder = fileURLToPath(new URL('../fixtures/streaming', import.meta.url))
const fixture: {
  size: number
  images: {
    file: string
    evaluation: Record<'bilinear' | 'bicubic', string>
    crops: [seed: number, digest: string][]
  }[]
} = JSON.parse(readFileSync(new URL('../fixtures/streaming.json', import.meta.url), 'utf8'))
const { size } = fixture
const MEAN = [124, 116, 104]
const crop = {
  kind: 'random-resized-crop',
  minArea: 0.08,
  maxArea: 1,
  minAspect: 3 / 4,
  interpolation: 'random',
} as const

let decoders: DecoderNames
let made: string
beforeAll(async () => {
  decoders = await decoderNames()
  made = mkdtempSync(join(tmpdir(), 'pada-streaming-'))
})
afterAll(() => rmSync(made, { recursive: true }))

interface Options {
  readonly interpolation?: 'bilinear' | 'bicubic'
  readonly threads?: number
  readonly replaceDamaged?: boolean
  readonly labels?: readonly number[]
  readonly mostKept?: number
}

function stream(files: EncodedFiles, count: number, options: Options = {}): ImageStream {
  const { interpolation = 'bilinear', threads = 2, replaceDamaged = false, mostKept = 0 } = options
  const labels = Int32Array.from(options.labels ?? new Array<number>(count).fill(0))
  const normalisation = { mean: MEAN.map((byte) => byte / 255), std: [STD, STD, STD] }
  const facts = { files, labels, size, interpolation, replaceDamaged, threads, mostKept, ahead: 2, ...decoders }
  return new ImageStream({ ...facts, ...normalisation })
}
const filesOf = (names: readonly string[], place = folder) =>
  namedFiles(
    place,
    names.map((name) => Buffer.from(name)),
  )
const all = () => filesOf(fixture.images.map(({ file }) => file))
const lensOf = (source: ImageStream) => Lens.through({ channels: 3, height: size, width: size }, source, MEAN)
const digest = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex').slice(0, 12)

describe.each(fixture.images.map((image, index) => [image.file, image, index] as const))('%s', (_, image, index) => {
  it.each(['bilinear', 'bicubic'] as const)('is resized and cropped as by torchvision: %s', async (interpolation) => {
    using lens = await lensOf(stream(all(), fixture.images.length, { interpolation }))
    expect(digest(await lens.bytes(index))).toBe(image.evaluation[interpolation])
  })

  it('is cropped at random as by timm, with the same random numbers', async () => {
    using lens = await lensOf(stream(all(), fixture.images.length))
    for (const [seed, expected] of image.crops) {
      expect(digest(await lens.bytes(index, { seed, list: [crop] }))).toBe(expected)
    }
  })
})

/** Bytes of every image, also cropped and flipped. */
async function shown(source: ImageStream, list: readonly ImageAugmentation[] = [crop, flip()]): Promise<string[]> {
  using lens = await lensOf(source)
  const seen: string[] = []
  for (let index = 0; index < source.count; index++) seen.push(digest(await lens.bytes(index, { seed: 3, list })))
  return seen
}

/** A folder of two classes with the images of the fixture. */
function classFolder(name: string): string {
  const place = join(made, name)
  for (const [i, { file }] of fixture.images.entries()) {
    const inner = join(place, `class${i % 2}`)
    mkdirSync(inner, { recursive: true })
    writeFileSync(join(inner, file), readFileSync(join(folder, file)))
  }
  return place
}

it('an image that has the size already is the same, streamed or in memory', async () => {
  const place = join(made, 'sized')
  mkdirSync(join(place, 'train', 'a'), { recursive: true })
  const { default: sharp } = await import('sharp')
  const raw = { width: size, height: size, channels: 3 } as const
  const pixels = Uint8Array.from({ length: 3 * size * size }, (_, i) => (i * 7919) % 256)
  writeFileSync(join(place, 'train', 'a', 'b.png'), await sharp(pixels, { raw }).png().toBuffer())
  const planes = new Uint8Array(pixels.length)
  await decodeTo(planes, join(place, 'train', 'a', 'b.png'), { height: size, width: size }, { size })
  using lens = await lensOf(stream(filesOf(['train/a/b.png'], place), 1))
  expect(await lens.bytes(0)).toEqual(pixels)
  const interleaved = Uint8Array.from(pixels, (_, i) => planes[(i % 3) * size * size + Math.floor(i / 3)])
  expect(interleaved).toEqual(pixels)
})

/** Root mean square of the differences between the bytes of an image and those of a larger one, resized by sharp. */
async function differenceOf(small: Buffer, large: Buffer, size: { width: number; height: number }): Promise<number> {
  const { default: sharp } = await import('sharp')
  const read = (image: Sharp) => image.removeAlpha().toColourspace('srgb').raw().toBuffer()
  const [one, other] = [await read(sharp(small)), await read(sharp(large).resize({ ...size, fit: 'fill' }))]
  expect(one.length).toBe(other.length)
  return Math.sqrt(one.reduce((sum, byte, i) => sum + (byte - other[i]) ** 2, 0) / one.length)
}

describe('a packed file', () => {
  let split: EncodedSplit
  let file: string
  beforeAll(async () => {
    split = await listEncoded(classFolder('packed'))
    file = join(made, 'packed.pada')
    const { images } = await pack(split, file, { quality: 90, onError: 'stop' })
    expect(images).toBe(fixture.images.length)
  })

  it('shows what the folder shows, in the same order', async () => {
    const packed = await listEncoded(file)
    expect([packed.classes, packed.labels, packed.keys()]).toEqual([split.classes, split.labels, split.keys()])
    const { length } = fixture.images
    expect(await shown(stream(packed.files, length))).toEqual(await shown(stream(split.files, length)))
  })

  it('takes some images in any order', async () => {
    const { files } = await listEncoded(file)
    const every = await shown(stream(files, fixture.images.length))
    const some = stream({ ...files, taken: Int32Array.of(5, 2, 5) } as EncodedFiles, 3)
    expect(await shown(some)).toEqual([5, 2, 5].map((index) => every[index]))
  })

  it('is the same file when it is packed again', async () => {
    const again = join(made, 'again.pada')
    await pack(split, again, { quality: 90, onError: 'stop' })
    expect(readFileSync(again).equals(readFileSync(file))).toBe(true)
  })

  it('reduces images to a shorter side, and keeps the bytes of others', async () => {
    const shorter = 32
    const reducedTo = async (quality: number) => {
      const small = join(made, `small${quality}.pada`)
      const { bytes } = await pack(split, small, { shorter, quality, onError: 'stop' })
      return { bytes, files: (await listEncoded(small)).files }
    }
    const { files, bytes } = await reducedTo(95)
    const options = { ...decoders, threads: 2, decode: true }
    const before = await inspectImages(split.files, 0, fixture.images.length, options)
    const after = await inspectImages(files, 0, fixture.images.length, options)
    expect(after.damage.join('')).toBe('')
    let reduced = 0
    for (const [i, height] of before.heights.entries()) {
      const width = before.widths[i]
      const [original, packed] = [await readEncoded(split.files, i), await readEncoded(files, i)]
      if (Math.min(height, width) <= shorter) {
        expect(packed.equals(original)).toBe(true)
        continue
      }
      reduced++
      const [h, w] = [after.heights[i], after.widths[i]]
      expect(Math.min(h, w)).toBe(shorter)
      expect(Math.abs(Math.max(h, w) - (shorter * Math.max(height, width)) / Math.min(height, width))).toBeLessThan(1)
      // JPEGs of quality 95 lose up to 10.4 of 255. Mirrored images differ by at least 31.
      expect(await differenceOf(packed, original, { width: w, height: h })).toBeLessThan(15)
    }
    expect(reduced).toBeGreaterThan(5)
    expect(reduced).toBeLessThan(fixture.images.length)
    expect((await reducedTo(50)).bytes).toBeLessThan(bytes)
  })

  it('is refused if a byte of an image changed', async () => {
    const bytes = readFileSync(file)
    bytes[70] ^= 1
    const changed = join(made, 'changed.pada')
    writeFileSync(changed, bytes)
    const { files } = await listEncoded(changed)
    await expect(shown(stream(files, fixture.images.length))).rejects.toThrow(
      `Expected a whole image, or data.onError skip, for image 0 of ${changed} but received bytes with another checksum`,
    )
  })
})

describe('batches', () => {
  const indices = Int32Array.of(3, 0, 4, 4, 1)
  const augmentation = { seed: 9, list: [crop, flip()] }

  it('are the same by one thread, by several, and made ahead', async () => {
    const seen: (readonly string[])[] = []
    for (const threads of [1, 4]) seen.push(await shown(stream(all(), fixture.images.length, { threads })))
    expect(seen[1]).toEqual(seen[0])
    using lens = await lensOf(stream(all(), fixture.images.length))
    const source = stream(all(), fixture.images.length)
    using ahead = await lensOf(source)
    source.prefetch(Int32Array.of(1), augmentation) // A batch that nobody asks for.
    for (const index of indices) source.prefetch(Int32Array.of(index), augmentation)
    for (const index of indices) {
      expect(await ahead.bytes(index, augmentation)).toEqual(await lens.bytes(index, augmentation))
    }
    expect(source.waitedSeconds).toBeGreaterThan(0)
  })

  it('are not taken for others that were begun', async () => {
    const source = stream(all(), fixture.images.length)
    using lens = await lensOf(source)
    const plain = await lens.bytes(2)
    source.prefetch(Int32Array.of(2), augmentation)
    expect(await lens.bytes(2)).toEqual(plain)
    source.prefetch(Int32Array.of(2), { seed: 9, list: [crop, flip(1)] })
    using other = await lensOf(stream(all(), fixture.images.length))
    const wanted = { seed: 9, list: [crop, flip(0)] }
    expect(await lens.bytes(2, wanted)).toEqual(await other.bytes(2, wanted))
    const at = (position: number) => ({ ...augmentation, positions: Int32Array.of(position) })
    for (const positions of [at(1), augmentation]) {
      source.prefetch(Int32Array.of(2), positions)
      expect(await lens.bytes(2, at(5))).toEqual(await other.bytes(2, at(5)))
    }
    expect(await other.bytes(2, at(5))).not.toEqual(await other.bytes(2, at(1)))
  })

  it('are not read from memory that went elsewhere while the stream was opened', async () => {
    const files = all()
    if (files.kind !== 'named') throw new Error('unreachable')
    const names = Uint8Array.from(files.names)
    let elsewhere: ArrayBuffer | undefined
    const opened = {
      ...files,
      names,
      get ends() {
        elsewhere = structuredClone(names.buffer, { transfer: [names.buffer] })
        return files.ends
      },
    }
    using source = stream(opened, fixture.images.length)
    await expect(source.make(Int32Array.of(0), undefined)).rejects.toThrow(/^Expected a whole image/)
    expect(elsewhere?.byteLength).toBe(files.names.length)
  })
})

describe('crops for evaluations', () => {
  const name = '420.JPEG'
  const bytes = size * size * 3

  it.each([
    ['are decoded once if they may be kept', 2 * bytes, true],
    ['are decoded again if they take too much memory', 2 * bytes - 1, false],
  ])('%s', async (_, mostKept, kept) => {
    const place = mkdtempSync(join(made, 'kept-'))
    for (const file of [name, '444.JPEG']) writeFileSync(join(place, file), readFileSync(join(folder, file)))
    using lens = await lensOf(stream(filesOf([name, '444.JPEG'], place), 2, { mostKept }))
    const first = await lens.bytes(0)
    const flipped = await lens.bytes(0, { seed: 1, list: [flip(1)] })
    rmSync(join(place, name))
    const gone = `Expected a whole image, or data.onError skip, for ${place}/${name} but received no such file`
    if (!kept) return expect(lens.bytes(0)).rejects.toThrow(gone)
    expect(await lens.bytes(0)).toEqual(first)
    expect(await lens.bytes(0, { seed: 1, list: [flip(1)] })).toEqual(flipped)
    // A random crop needs the whole image.
    await expect(lens.bytes(0, { seed: 1, list: [crop] })).rejects.toThrow(gone)
  })
})

describe('damaged images', () => {
  const whole = fixture.images[0].file
  const damaged = { 'cut.JPEG': 900, 'empty.JPEG': 0 }
  const names = ['cut.JPEG', whole, 'empty.JPEG', '422.JPEG', 'text.JPEG']
  const labels = [1, 0, 0, 1, 0]
  const place = () => join(made, 'damaged')

  beforeAll(() => {
    mkdirSync(place())
    for (const name of [whole, '422.JPEG']) writeFileSync(join(place(), name), readFileSync(join(folder, name)))
    const bytes = readFileSync(join(folder, '420.JPEG'))
    for (const [name, length] of Object.entries(damaged)) writeFileSync(join(place(), name), bytes.subarray(0, length))
    writeFileSync(join(place(), 'text.JPEG'), 'no image')
  })

  it.each([
    ['cut.JPEG', '"VipsJpeg:'],
    ['empty.JPEG', 'an empty file'],
    ['text.JPEG', 'a file of another type than JPEG, PNG, WebP and TIFF'],
  ])('end a step: %s', async (name, reason) => {
    using lens = await lensOf(stream(filesOf(names, place()), names.length, { labels }))
    await expect(lens.bytes(names.indexOf(name))).rejects.toThrow(
      `Expected a whole image, or data.onError skip, for ${place()}/${name} but received ${reason}`,
    )
  })

  it('are replaced by the next whole image of their class, and listed', async () => {
    const source = stream(filesOf(names, place()), names.length, { labels, replaceDamaged: true })
    using lens = await lensOf(source)
    expect(await lens.bytes(0)).toEqual(await lens.bytes(3))
    expect(await lens.bytes(2)).toEqual(await lens.bytes(1))
    expect(await lens.bytes(4)).toEqual(await lens.bytes(1))
    expect(source.damaged.map((reason) => reason.replace(/: .*/, ''))).toEqual(
      ['cut.JPEG', 'empty.JPEG', 'text.JPEG'].map((name) => `${place()}/${name}`),
    )
  })

  it('do not depend on the crops before: one that reads no damage takes the image itself', async () => {
    const bytes = readFileSync(join(folder, '420.JPEG'))
    writeFileSync(join(place(), 'low.JPEG'), bytes.subarray(0, Math.floor(0.93 * bytes.length)))
    const seeds = Array.from({ length: 24 }, (_, seed) => seed)
    const seen = async (index: number, order: readonly number[]) => {
      const source = stream(filesOf(['low.JPEG', '422.JPEG'], place()), 2, { labels: [0, 0], replaceDamaged: true })
      using lens = await lensOf(source)
      const digests: string[] = []
      for (const seed of order) digests[seed] = digest(await lens.bytes(index, { seed, list: [crop] }))
      return { digests, damaged: source.damaged.length }
    }
    const [there, back, other] = [await seen(0, seeds), await seen(0, seeds.toReversed()), await seen(1, seeds)]
    expect(there).toEqual(back)
    const replaced = seeds.filter((seed) => there.digests[seed] === other.digests[seed])
    expect(there.damaged).toBe(1)
    expect(replaced.length).toBeGreaterThan(0)
    expect(replaced.length).toBeLessThan(seeds.length)
  })

  it('are found by a look at all images, as are equal ones', async () => {
    const files = filesOf([...names, whole], place())
    const split = {
      ...{ place: place(), files, labels: Int32Array.from([...labels, 1]), classes: ['a', 'b'] },
      ...{ keys: () => new Uint32Array(6), digest: '', empty: [], passedOver: new Map() },
    }
    const found = await survey(split, { decode: true })
    expect(found.damaged.map((reason) => reason.replace(/: .*/, ''))).toEqual(
      ['cut.JPEG', 'empty.JPEG', 'text.JPEG'].map((name) => `${place()}/${name}`),
    )
    expect(found.duplicates).toEqual([[`${place()}/${whole}`, `${place()}/${whole}`]])
    expect(found.conflicting).toBe(1)
    // Headers alone do not tell that a file is cut.
    const quick = await survey(split, { decode: false })
    expect(quick.damaged).toHaveLength(2)
  })
})
