/** Checks images that may come from a script, before anything is computed of them. */
import { expected } from '../base/errors.js'
import { MEAN_RANGE, STD_RANGE } from '../config/data.js'
import type { ImageData } from '../native/index.js'
import { describeShape, sameShape } from '../programs/program.js'
import { classIndices } from './labels.js'
import type { AnySplits } from './splits.js'
import { isStreamed, type SplitImages } from './stream/streamed-images.js'

/**
 * Checks all splits.
 *
 * @throws UserError for a split without images, for labels that are none of the classes, for images of other sizes than
 *   the split says or than the training images, for values that are not finite, and for means and deviations of pixels in
 *   other units than pixel value / 255.
 */
export function checkSplits({ train, validation, test, classes }: AnySplits): void {
  for (const [name, images] of Object.entries({ train, validation, test })) {
    if (images === undefined) continue
    checkSplit(name, images, classes)
    if (sameShape(images, train)) continue
    throw expected(`${name} images of ${describeShape(train)}`, 'the images', describeShape(images), 2)
  }
}

function checkSplit(name: string, split: SplitImages, classes: number): void {
  const { mean, std, labels } = split
  if (labels.length === 0) throw expected('at least one image', `${name}.labels`, 'none', 2)
  classIndices(labels, classes, `${name}.labels`)
  if (!isStreamed(split)) checkPixels(name, split)
  if (!isStreamed(split) && !(split.images instanceof Uint8Array)) return
  checkUnits(`${name}.mean`, mean, MEAN_RANGE)
  checkUnits(`${name}.std`, std, STD_RANGE)
}

function checkPixels(name: string, split: ImageData): void {
  const { images, labels, channels, height, width } = split
  if (images.length !== labels.length * channels * height * width) {
    const wanted = `${labels.length} images of ${describeShape(split)}, one per label,`
    throw expected(wanted, `${name}.images`, `${images.length} values`, 2)
  }
  if (images instanceof Uint8Array) return
  const at = images.findIndex((value) => !Number.isFinite(value))
  if (at < 0) return
  const image = Math.floor((at * labels.length) / images.length)
  throw expected('finite values', `${name}.images`, `${images[at]} in image ${image}`, 2)
}

/** Throws unless all values lie in a range. */
export function checkUnits(
  name: string,
  values: readonly number[] = [],
  { least, most, text }: typeof MEAN_RANGE | typeof STD_RANGE,
): void {
  if (values.every((value) => value >= least && value <= most)) return
  throw expected(text, name, values.join(', '), 2)
}
