/** How many images are in memory at a time goes by the cores that a container gives, here one. */
import { join } from 'node:path'
import sharp from 'sharp'
import { expect, it, onTestFinished, vi } from 'vitest'
import { readFolder } from '../../../src/data/readers/folder.js'
import { listEncoded } from '../../../src/data/stream/list-encoded.js'
import { pack } from '../../../src/data/stream/pack.js'
import { temporaryFolder, writeFiles } from '../../support/folders.js'

const counter = vi.hoisted(() => ({ now: 0, most: 0 }))

async function counted<Result>(work: () => Promise<Result>): Promise<Result> {
  counter.most = Math.max(counter.most, ++counter.now)
  return work().finally(() => counter.now--)
}

vi.mock('../../../src/base/cpu-quota.js', () => ({ usableCores: () => 1 }))
vi.mock('../../../src/data/decode.js', async (original) => {
  const { decodeTo, ...rest } = await original<typeof import('../../../src/data/decode.js')>()
  return { ...rest, decodeTo: (...args: Parameters<typeof decodeTo>) => counted(() => decodeTo(...args)) }
})
vi.mock('../../../src/data/stream/encoded-files.js', async (original) => {
  const { readEncoded, ...rest } = await original<typeof import('../../../src/data/stream/encoded-files.js')>()
  return { ...rest, readEncoded: (...args: Parameters<typeof readEncoded>) => counted(() => readEncoded(...args)) }
})
vi.mock('../../../src/native/binding.js', () => ({
  loadBinding: () => ({
    inspectImages: async (_files: unknown, _first: number, count: number) => ({
      heights: new Int32Array(count).fill(2),
      widths: new Int32Array(count).fill(2),
      damage: new Array(count).fill(''),
    }),
    contentDigest: (bytes: Uint8Array) => BigInt(bytes.length),
  }),
}))

it('reads a folder two images at a time, and packs with four', async () => {
  const background = { r: 1, g: 2, b: 3 }
  const png = await sharp({ create: { width: 2, height: 2, channels: 3, background } })
    .png()
    .toBuffer()
  const names = ['train', 'test'].flatMap((split) => Array.from({ length: 9 }, (_, i) => `${split}/a/${i}.png`))
  const folder = writeFiles(temporaryFolder(), Object.fromEntries(names.map((name) => [name, png])))
  vi.stubEnv('PADA_CACHE', join(folder, 'cache'))
  onTestFinished(() => void vi.unstubAllEnvs())
  await readFolder(folder)
  expect(counter.most).toBe(2)
  counter.most = 0
  await pack(await listEncoded(join(folder, 'train')), join(folder, 'train.pada'), { quality: 90, onError: 'stop' })
  expect(counter.most).toBe(4)
})
