import type { RawDataset } from './raw.js'

/**
 * Images that batches, evaluations and recalibrations name by index, wherever they lie. {@link Dataset} has all of them
 * in memory.
 *
 * Steps do not take images from this object but from the native one that it holds: `ImageSource` in
 * native/data/image_source.h, which gathers images by index on the native thread, augments and normalises them. A source
 * that reads images while the supernet trains is such a native class with its handle; methods, the training loop and
 * evaluations stay as they are, because they only pass the source on and know how many images it has.
 */
export interface ImageSource extends Disposable {
  /** How many images there are; their indices begin at 0. */
  readonly count: number
  /** @internal */
  readonly raw: RawDataset
  /** Gives the native memory back; calls under way keep it until they are done. */
  dispose(): void
}
