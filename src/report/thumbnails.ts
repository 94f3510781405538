/** Training images of a run as small pictures. */
import { UserError } from '../base/errors.js'
import type { Config } from '../config/index.js'
import { classNamesOf } from '../data/class-names.js'
import { identifyImages } from '../data/images-identity.js'
import { openSplits } from '../data/index.js'
import type { AnySplits } from '../data/splits.js'
import { readEncoded } from '../data/stream/encoded-files.js'
import { isStreamed } from '../data/stream/streamed-images.js'
import type { ImageData } from '../native/index.js'
import type { Thumbnail } from './figures/image-importance.js'

/** Longest side of a picture in pixels. */
const SIDE = 64

/**
 * Pictures of training images, by index. `identity` is that of the run's training images.
 *
 * @throws UserError if the images cannot be read or are not the run's.
 */
export async function thumbnailsOf(
  { data }: Pick<Config, 'data'>,
  identity: string,
  indices: readonly number[],
): Promise<Map<number, Thumbnail>> {
  const splits = await openSplits(data)
  if (identifyImages(splits).train !== identity) {
    throw new UserError('Expected the images that the run was trained on but received others')
  }
  const classNames = splits.classNames ?? (await classNamesOf(data, splits.classes))
  const picture = async (index: number) => {
    const label = splits.train.labels[index]
    return { url: await pictureOf(splits, index), label: classNames?.[label] ?? `class ${label}` }
  }
  return new Map(await Promise.all(indices.map(async (index) => [index, await picture(index)] as const)))
}

/** A PNG as a URL of data. */
async function pictureOf({ train }: AnySplits, index: number): Promise<string> {
  const { default: sharp } = await import('sharp')
  const { image, side } = isStreamed(train)
    ? { image: sharp(await readEncoded(train.files, index)), side: train.size }
    : { image: sharp(...rawPixels(train, index)), side: Math.max(train.height, train.width) }
  const picture = image.resize({
    width: SIDE,
    height: SIDE,
    fit: 'inside',
    // Pixels of small images stay visible.
    kernel: side < SIDE ? 'nearest' : 'lanczos3',
  })
  const png = await picture.png({ compressionLevel: 9 }).toBuffer()
  return `data:image/png;base64,${png.toString('base64')}`
}

/** The pixels of an image in memory, as sharp takes them. */
function rawPixels({ images, channels, height, width }: ImageData, index: number) {
  if (!(images instanceof Uint8Array) || (channels !== 1 && channels !== 3)) {
    throw new UserError(`Expected images of bytes with 1 or 3 channels but received ${channels} channels`)
  }
  const plane = height * width
  const start = index * channels * plane
  const pixels = new Uint8Array(channels * plane)
  // From channels × height × width to height × width × channels.
  for (let c = 0; c < channels; c++) {
    for (let i = 0; i < plane; i++) pixels[i * channels + c] = images[start + c * plane + i]
  }
  return [pixels, { raw: { width, height, channels } }] as const
}
