/** Turns the images of a split, from readers or users, into a source for steps and evaluations. */
import { Dataset, type Device, type ImageSource, ImageStream } from '../native/index.js'
import { mostKeptCrops } from './memory.js'
import { isStreamed, type SplitImages } from './stream/streamed-images.js'

/**
 * The only function that decides how images are held. Searches, rankings and benchmarks know {@link ImageSource} only.
 *
 * @throws Error with code `ERR_INVALID_ARGUMENT` if lengths, labels or normalisation do not fit, and with code
 *   `ERR_IMAGE` if a file cannot be opened.
 */
export function openImages(images: SplitImages, device: Device): ImageSource {
  return isStreamed(images) ? new ImageStream(images, device) : new Dataset(images, device)
}

/** {@link openImages} for images that are evaluated on again and again: streamed ones are decoded once if they fit. */
export function openForEvaluations(images: SplitImages, device: Device): ImageSource {
  return openImages(isStreamed(images) ? { ...images, mostKept: mostKeptCrops() } : images, device)
}
