/** Turns the images of a split, from readers or users, into a source for steps and evaluations. */
import { Dataset, type Device, type ImageData, type ImageSource } from '../native/index.js'

/**
 * The only function that decides how images are held. Searches, rankings and benchmarks know {@link ImageSource} only.
 * Images that do not fit in memory would need another kind of split, its source in `stream/`, and a case here.
 *
 * @throws Error with code `ERR_INVALID_ARGUMENT` if lengths, labels or normalisation do not fit.
 */
export function openImages(images: ImageData, device: Device): ImageSource {
  return new Dataset(images, device)
}
