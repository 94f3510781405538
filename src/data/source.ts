/** From the images of a split, as readers and users give them, to a source that steps and evaluations take them from. */
import { Dataset, type Device, type ImageData, type ImageSource } from '../native/index.js'

/**
 * The one place that decides how images are held. Searching, ranking and benchmarks know {@link ImageSource} only, so
 * images that do not fit in memory need another kind of split, its source in `stream/`, and a case here.
 *
 * @throws Error with code `ERR_INVALID_ARGUMENT` if lengths, labels or normalisation do not fit.
 */
export function openImages(images: ImageData, device: Device): ImageSource {
  return new Dataset(images, device)
}
