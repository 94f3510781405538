/** A folder of images for each test of a file that imports this, with a cache of its own. */
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import sharp from 'sharp'
import { afterEach, beforeEach, vi } from 'vitest'
import type { DataConfig } from '../../src/config/index.js'
import { loadSplits } from '../../src/data/index.js'
import type { ImageData } from '../../src/native/index.js'

/** Folder of the current test, and of the images in it. */
export let root: string
export let dir: string
beforeEach(() => {
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
export function counting(first: number) {
  return { height: 2, width: 2, pixels: Array.from({ length: 12 }, (_, index) => first + index) }
}

/** The planes of {@link counting}. */
export function planes(first: number): number[] {
  return [0, 1, 2].flatMap((channel) => [0, 3, 6, 9].map((pixel) => first + channel + pixel))
}

export function raw({ height, width, pixels }: ReturnType<typeof counting>) {
  const channels = (pixels.length / (height * width)) as 1 | 2 | 3 | 4
  return sharp(Uint8Array.from(pixels), { raw: { height, width, channels } })
}

export function write(name: string, bytes: Uint8Array | string) {
  mkdirSync(dirname(join(dir, name)), { recursive: true })
  writeFileSync(join(dir, name), bytes)
}

export async function png(name: string, image: ReturnType<typeof counting>) {
  write(name, await raw(image).png().toBuffer())
}

/** Three training images of two classes and two held out. */
export async function writePets() {
  await png('train/dog/b.png', counting(10))
  await png('train/dog/a.PNG', counting(20))
  await png('train/cat/z.png', counting(30))
  await png('val/dog/1.png', counting(40))
  await png('val/cat/1.png', counting(50))
}

/** The first pixel of each image, which tells images of {@link counting} apart. */
export const pixelsOf = ({ images }: ImageData) => Array.from(images).filter((_, i) => i % 12 === 0)

export const load = (options: Partial<DataConfig> = {}) => loadSplits({ format: 'folder', dir, ...options })
export const cached = () => readdirSync(join(root, 'cache', 'images')).filter((name) => name.endsWith('.pixels'))
/** What is read of {@link writePets}, which has no folder test. */
export const VAL = 'val is the test split, because there is no split test'
