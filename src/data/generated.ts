import type { RandomStream } from '../random.js'
import type { LabelledImages, LabelledSplits } from './images.js'

const CLASSES = 10

/** Noise in the place of images, for measurements of speed, which do not depend on what is in a picture. */
export function generateImages(
  format: 'idx' | 'cifar10',
  counts: { readonly train: number; readonly test: number },
  random: RandomStream,
): LabelledSplits {
  // IDX files tell their extents themselves: MNIST's stand in for them.
  const extent = format === 'cifar10' ? { channels: 3, height: 32, width: 32 } : { channels: 1, height: 28, width: 28 }
  const split = (count: number): LabelledImages => ({
    ...extent,
    images: Uint8Array.from({ length: count * extent.channels * extent.height * extent.width }, () =>
      random.integer(256),
    ),
    labels: Int32Array.from({ length: count }, () => random.integer(CLASSES)),
  })
  return { train: split(counts.train), test: split(counts.test), classes: CLASSES }
}
