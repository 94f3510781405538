import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { parseConfig } from '../../../../src/config/index.js'
import { readStreamed } from '../../../../src/data/stream/read-streamed.js'
import { needsStreaming } from '../../../../src/data/stream/split-places.js'

/** The version of the decoder that is installed, as it seems. */
let version = '1.0.0'
vi.mock('../../../../src/data/decode.js', async (original) => ({
  ...(await original<typeof import('../../../../src/data/decode.js')>()),
  decoderVersion: () => version,
}))

let dir: string
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'read-streamed-'))
})
afterEach(() => rmSync(dir, { recursive: true }))

/** Writes files by name; nothing is decoded. */
function write(...names: readonly string[]): void {
  for (const name of names) {
    mkdirSync(dirname(join(dir, name)), { recursive: true })
    writeFileSync(join(dir, name), 'image')
  }
}

const read = (settings = {}) =>
  readStreamed(parseConfig({ data: { format: 'folder', dir, size: 8, ...settings } }).data, 'a test says so')

it('are the same images with another version of the decoder, but not with another size of files', async () => {
  write('train/a/1.jpg', 'train/b/1.jpg', 'val/a/1.jpg', 'val/b/1.jpg')
  const digests = async () => Object.values(await read()).flatMap((split) => Object(split).digest ?? [])
  const before = await digests()
  expect(before.length).toBe(2)
  version = '1.0.1'
  expect(await digests()).toEqual(before)
  writeFileSync(join(dir, 'train/a/1.jpg'), 'another image')
  expect((await digests())[0]).not.toBe(before[0])
})

describe('a flat test beside a flat val', () => {
  beforeEach(() => {
    write('train/a/1.jpg', 'train/b/1.jpg', 'val/v_1.jpg', 'val/v_2.jpg', 'test/t_1.jpg')
  })
  const labels = (text: string) => writeFileSync(join(dir, 'LOC_val_solution.csv'), `ImageId,PredictionString\n${text}`)

  it('is not used if the file of labels is of val only', async () => {
    labels('v_1,a 1 1 1 1\nv_2,b 1 1 1 1\n')
    const { test, origin } = await read()
    expect([...test.labels]).toEqual([0, 1])
    expect(origin?.names).toEqual({ test: 'val' })
    expect(origin?.notes).toContain('test is not used, because it has no class of train')
    // So the labels beside the images are no reason to stream.
    write('val/a/1.jpg', 'val/b/1.jpg')
    for (const name of ['v_1', 'v_2']) rmSync(join(dir, `val/${name}.jpg`))
    expect(await needsStreaming(dir, {})).toBe(false)
    expect(await needsStreaming(dir, { test: 'test' })).toBe(true)
    for (const name of ['a', 'b']) rmSync(join(dir, 'val', name), { recursive: true })
    write('val/v_1.jpg', 'val/v_2.jpg')
    await expect(read({ test: 'test' })).rejects.toThrow(/of t_1\.jpg for .*LOC_val_solution\.csv but received none$/)
  })

  it('is the test split if the file has labels of it', async () => {
    labels('v_1,a 1 1 1 1\nv_2,b 1 1 1 1\nt_1,b 1 1 1 1\n')
    const { test, origin } = await read()
    expect([...test.labels]).toEqual([1])
    expect(origin?.names).toEqual({ test: 'test', validation: 'val' })
    // An image without a label is a mistake then.
    write('test/t_2.jpg')
    await expect(read()).rejects.toThrow(/of t_2\.jpg for .*LOC_val_solution\.csv but received none$/)
  })
})
