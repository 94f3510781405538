/** Parts of JPEGs that libjpeg-turbo decodes equal the same parts of images that libvips decodes whole. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { decoderNames } from '../../src/data/stream/decoders.js'
import { namedFiles } from '../../src/data/stream/encoded-files.js'
import { ImageStream, inspectImages, jpegLibrary } from '../../src/native/index.js'
import { jpegLibraries } from '../../src/setup/jpeg-library.js'
import { Lens, STD } from '../support/lens.js'

const folder = fileURLToPath(new URL('../fixtures/streaming', import.meta.url))
const kinds = ['444', '422', '420', 'restarts', 'grey', 'cmyk', 'progressive', 'turned', 'pixel', 'long']
const SIZE = 12
const MEAN = [124, 116, 104]
/** Small parts as well, so that most of an image is passed over. */
const crop = {
  kind: 'random-resized-crop',
  minArea: 0.01,
  maxArea: 1,
  minAspect: 1 / 3,
  interpolation: 'random',
} as const
const found = jpegLibrary(jpegLibraries())

let made: string
beforeAll(() => {
  made = mkdtempSync(join(tmpdir(), 'pada-jpeg-'))
})
afterAll(() => rmSync(made, { recursive: true }))

async function decoders(jpeg: readonly string[]) {
  return { ...(await decoderNames()), jpegLibraries: jpeg }
}

/** A lens on one file. */
async function look(file: string, jpeg: readonly string[]): Promise<Lens> {
  const stream = new ImageStream({
    files: namedFiles(join(file, '..'), [Buffer.from(file.split('/').at(-1)!)]),
    labels: Int32Array.of(0),
    size: SIZE,
    interpolation: 'bilinear',
    replaceDamaged: false,
    threads: 1,
    mostKept: 0,
    ahead: 1,
    mean: MEAN.map((byte) => byte / 255),
    std: [STD, STD, STD],
    ...(await decoders(jpeg)),
  })
  return Lens.through({ channels: 3, height: SIZE, width: SIZE }, stream, MEAN)
}

/** What crops show, or the reason why they show nothing. */
async function crops(file: string, jpeg: readonly string[], count: number): Promise<string[]> {
  using lens = await look(file, jpeg)
  const seen: string[] = []
  for (let seed = 0; seed < count; seed++) {
    const shown = lens.bytes(0, { seed, list: [crop] }).then((bytes) => Buffer.from(bytes).toString('base64'))
    seen.push(await shown.catch((error: Error) => error.message))
  }
  return seen
}

describe.runIf(found !== undefined)('libjpeg-turbo', () => {
  it.each(kinds)('shows the parts that libvips shows: %s', async (kind) => {
    const file = join(folder, `${kind}.JPEG`)
    const whole = await crops(file, [], 40)
    expect(new Set(whole).size).toBeGreaterThan(kind === 'pixel' ? 0 : 10)
    expect(await crops(file, [found!], 40)).toEqual(whole)
  })

  it.each([
    ['420', 0.3],
    ['420', 0.7],
    ['444', 0.5],
    ['restarts', 0.6],
    ['progressive', 0.8],
    ['grey', 0.9],
  ])('leaves cut files to libvips, and its words: %s, %d', async (kind, share) => {
    const bytes = readFileSync(join(folder, `${kind}.JPEG`))
    const file = join(made, `${kind}-${share}.JPEG`)
    writeFileSync(file, bytes.subarray(0, Math.round(share * bytes.length)))
    const byLibvips = await crops(file, [], 20)
    const uncut = await crops(join(folder, `${kind}.JPEG`), [], 20)
    const failures = byLibvips.filter((shown) => shown.includes('received "VipsJpeg:')).length
    expect(failures).toBeGreaterThan(5)
    const shown = await crops(file, [found!], 20)
    // libvips decodes some rows below a part, and so may fail where nothing is missing.
    for (const [i, pixels] of shown.entries()) if (pixels !== uncut[i]) expect(pixels).toBe(byLibvips[i])
    expect(shown.filter((pixels, i) => pixels === byLibvips[i]).length).toBeGreaterThan(17)
  })

  it('leaves files with damaged bytes to libvips', async () => {
    const bytes = Buffer.from(readFileSync(join(folder, '420.JPEG')))
    for (let at = 1200; at < bytes.length - 2; at += 97) bytes[at] ^= 0x5a
    const file = join(made, 'damaged.JPEG')
    writeFileSync(file, bytes)
    expect(await crops(file, [found!], 20)).toEqual(await crops(file, [], 20))
  })
})

describe('without libjpeg-turbo', () => {
  const missing = ['/no/libjpeg.so.62', 'libm.so.6']

  it('a library that is not there, or another one, is not used', () => {
    expect(jpegLibrary(missing)).toBeUndefined()
    expect(jpegLibrary([])).toBeUndefined()
  })

  it('libvips decodes', async () => {
    const files = namedFiles(folder, [Buffer.from('420.JPEG')])
    const options = { ...(await decoders(missing)), threads: 1, decode: true }
    const { heights, widths, damage } = await inspectImages(files, 0, 1, options)
    expect([heights[0], widths[0], damage[0]]).toEqual([57, 83, ''])
  })
})
