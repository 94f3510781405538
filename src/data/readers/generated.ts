import type { RandomStream } from '../../base/random.js'
import type { DataConfig } from '../../config/schema.js'
import type { Shape } from '../../programs/program.js'
import type { LabelledImages, LabelledSplits } from '../images.js'
import { publishedOf } from '../index.js'

/** Extents for formats whose files determine them: ImageNet's for folders of images, MNIST's for the others. */
const MNIST = { shape: { channels: 1, height: 28, width: 28 }, classes: 10 }
const imageNet = (size = 224) => ({ shape: { channels: 3, height: size, width: size }, classes: 1000 })

/** Generates noise instead of images, for measurements of speed, which do not depend on the pixels. */
export function generateImages(
  config: DataConfig,
  counts: { readonly train: number; readonly test: number },
  random: RandomStream,
): LabelledSplits {
  const { shape, classes } = publishedOf(config) ?? (config.format === 'folder' ? imageNet(config.size) : MNIST)
  return {
    train: split(counts.train, shape, classes, random),
    test: split(counts.test, shape, classes, random),
    classes,
  }
}

function split(count: number, shape: Shape, classes: number, random: RandomStream): LabelledImages {
  const { channels, height, width } = shape
  const bytes = count * channels * height * width
  const images = Uint8Array.from({ length: bytes }, () => random.integer(256))
  return { channels, height, width, images, labels: Int32Array.from({ length: count }, () => random.integer(classes)) }
}
