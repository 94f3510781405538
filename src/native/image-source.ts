import type { RawDataset } from './raw.js'

/**
 * Images that batches, evaluations and recalibrations name by index. {@link Dataset} has all of them in memory.
 *
 * Steps take images from the native `ImageSource` that this object holds (native/data/image_source.h). It gathers them
 * by index on the native thread, augments and normalises them. A source that reads images during training would be
 * another native class with a handle. Methods, the training loop and evaluations would not change, because they only
 * pass the source on and read its number of images.
 */
export interface ImageSource extends Disposable {
  /** Number of images. Their indices begin at 0. */
  readonly count: number
  /** @internal */
  readonly raw: RawDataset
  /** Frees the native memory. Running calls keep it until they finish. */
  dispose(): void
}
