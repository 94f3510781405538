/** Pixels of folders that are kept in the cache. */
import { mkdirSync, readFileSync, renameSync, rmSync, statSync, truncateSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { decodeTo } from '../../../src/data/decode.js'
import { cached, counting, dir, load, planes, png, raw, root, writePets } from '../../support/image-folder.js'

vi.mock('../../../src/data/decode.js', async (original) => {
  const decode = await original<typeof import('../../../src/data/decode.js')>()
  return { ...decode, decodeTo: vi.fn(decode.decodeTo) }
})

beforeEach(() => {
  vi.mocked(decodeTo).mockClear()
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
