import { setImmediate } from 'node:timers/promises'
import type { RandomStream } from '../../base/random.js'
import type { DataConfig } from '../../config/schema.js'
import type { Shape } from '../../programs/program.js'
import type { LabelledImages, LabelledSplits } from '../images.js'
import { publishedOf } from '../index.js'

/** Extents for formats whose files determine them: ImageNet's for folders of images, MNIST's for the others. */
const MNIST = { shape: { channels: 1, height: 28, width: 28 }, classes: 10 }
const imageNet = (size = 224) => ({ shape: { channels: 3, height: size, width: size }, classes: 1000 })

/** Pixels between two pauses in which the process can handle signals. */
const PIXELS_PER_PAUSE = 1 << 20

/**
 * Generates noise instead of images, for measurements of speed, which do not depend on the pixels.
 *
 * @throws The reason of an aborted signal.
 */
export async function generateImages(
  config: DataConfig,
  counts: { readonly train: number; readonly test: number },
  random: RandomStream,
  signal?: AbortSignal,
): Promise<LabelledSplits> {
  const { shape, classes } = publishedOf(config) ?? (config.format === 'folder' ? imageNet(config.size) : MNIST)
  return {
    train: await split(counts.train, shape, classes, random, signal),
    test: await split(counts.test, shape, classes, random, signal),
    classes,
  }
}

async function split(
  count: number,
  shape: Shape,
  classes: number,
  random: RandomStream,
  signal: AbortSignal | undefined,
): Promise<LabelledImages> {
  const { channels, height, width } = shape
  const images = new Uint8Array(count * channels * height * width)
  for (let i = 0; i < images.length; i++) {
    images[i] = random.integer(256)
    if (i % PIXELS_PER_PAUSE !== 0) continue
    await setImmediate()
    signal?.throwIfAborted()
  }
  return { channels, height, width, images, labels: Int32Array.from({ length: count }, () => random.integer(classes)) }
}
