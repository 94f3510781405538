import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it, vi } from 'vitest'
import { listEncoded } from '../../../../src/data/stream/list-encoded.js'
import { pack } from '../../../../src/data/stream/pack.js'
import { openPacked } from '../../../../src/data/stream/packed.js'
import { temporaryFolder, writeFiles } from '../../../support/folders.js'

// Every file is an image of 2×3 to this addon.
vi.mock('../../../../src/native/binding.js', () => ({
  loadBinding: () => ({
    inspectImages: async (_files: unknown, _first: number, count: number) => ({
      heights: new Int32Array(count).fill(2),
      widths: new Int32Array(count).fill(3),
      damage: new Array(count).fill(''),
    }),
    contentDigest: (bytes: Uint8Array) => BigInt(bytes.length),
  }),
}))

/** Packs two images. Aborts when so many are packed. */
async function packed(abortAt: number) {
  const folder = temporaryFolder()
  const split = await listEncoded(writeFiles(join(folder, 'train'), { 'a/1.png': 'one', 'b/2.png': 'two' }))
  const controller = new AbortController()
  const progress = (done: number) => {
    if (done === abortAt) controller.abort(new Error('enough'))
  }
  const file = join(folder, 'train.pada')
  const done = pack(split, file, { quality: 90, onError: 'stop', progress, signal: controller.signal })
  return { folder, file, done }
}

it.each([1, 2])('leaves no file if it is aborted after image %i of two', async (abortAt) => {
  const { folder, done } = await packed(abortAt)
  await expect(done).rejects.toThrow('enough')
  expect(readdirSync(folder)).toEqual(['train'])
})

it('packs all images otherwise', async () => {
  const { file, done } = await packed(3)
  expect(await done).toMatchObject({ images: 2, skipped: [] })
  expect((await openPacked(file)).labels).toEqual(Int32Array.of(0, 1))
})
