import { loadBinding } from './binding.js'
import { Handle } from './handle.js'
import type { ImageSource } from './image-source.js'
import type { RawDataset } from './raw.js'
import type { Device, ImageData } from './records.js'

/** Images resident in native memory. */
export class Dataset extends Handle<RawDataset> implements ImageSource {
  readonly count: number

  /**
   * Copies images and labels. The arrays can be changed afterwards.
   *
   * @throws Error with code `ERR_INVALID_ARGUMENT` if lengths, labels or normalisation do not fit.
   */
  constructor(data: ImageData, device: Device = 'cpu') {
    super(new (loadBinding().Dataset)(data, device))
    this.count = data.labels.length
  }
}
