/** Identity of the images of a search. Whatever is kept of them is kept under it. */
import { createHash } from 'node:crypto'
import { contentDigest } from '../native/index.js'
import type { AnySplits } from './splits.js'
import { isStreamed, type SplitImages } from './stream/streamed-images.js'

/**
 * A digest per split, of 32 hexadecimal digits. It covers pixels as the supernet gets them, so after padding,
 * downsampling and resizing; labels, shape, mean and deviation; number, names and order of the classes. Of streamed
 * images it covers names and sizes of the files, or the bytes of packed ones, in place of pixels.
 */
export interface ImagesIdentity {
  readonly train: string
  /** Absent if no images are held out of the training images. */
  readonly validation?: string
  readonly test: string
}

/** Reads every pixel once. The result is not remembered, because images in code may change. */
export function identifyImages(splits: AnySplits): ImagesIdentity {
  const { train, validation, test } = splits
  return {
    train: identify(train, splits),
    ...(validation && { validation: identify(validation, splits) }),
    test: identify(test, splits),
  }
}

function identify(split: SplitImages, { classes, classNames = [] }: AnySplits): string {
  if (isStreamed(split)) return hashOf(JSON.stringify([split.digest, contentDigest(split.labels), classes, classNames]))
  const { images, labels, channels, height, width, mean, std } = split
  const facts = { channels, height, width, mean, std, kind: images.constructor.name, classes, classNames }
  return hashOf(JSON.stringify([facts, contentDigest(images), contentDigest(labels)]))
}

function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 32)
}
