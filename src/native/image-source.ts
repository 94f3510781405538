import type { RawImageSource } from './raw.js'
import type { Augmentation } from './records.js'

/**
 * Images that batches, evaluations and recalibrations name by index. {@link Dataset} has all of them in memory;
 * {@link ImageStream} reads them from files.
 *
 * Steps take images from the native `ImageSource` that this object holds (native/data/image_source.h). It gathers them
 * by index, augments and normalises them. Methods and evaluations only pass the source on and read its number of
 * images.
 */
export interface ImageSource extends Disposable {
  /** Number of images. Their indices begin at 0. */
  readonly count: number
  /** @internal */
  readonly raw: RawImageSource
  /**
   * Begins to make a batch that a later step will use with the same indices and the same augmentation. Absent if images
   * are in memory.
   */
  prefetch?(indices: Int32Array, augmentation: Augmentation | undefined): void
  /** Batches after the present one that should be begun. Absent if images are in memory. */
  readonly ahead?: number
  /** Seconds for which computation has waited for images. Absent if images are in memory. */
  readonly waitedSeconds?: number
  /** What was wrong with images that were replaced by others, one sentence each. Absent if images are in memory. */
  readonly damaged?: readonly string[]
  /** Frees the native memory. Running calls keep it until they finish. */
  dispose(): void
}
