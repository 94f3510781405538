/** Begins to make the images of later steps while earlier steps compute, if the source reads them from files. */
import { RandomStream } from '../base/random.js'
import type { TrainingConfig } from '../config/schema.js'
import { drawAugmentation } from '../data/augmentation.js'
import { type ImageSource, imagesOfShare, type ProcessRank } from '../native/index.js'
import { drawMixup } from '../sampling/mixup.js'
import { stepsPerEpoch } from './learning-rate.js'

/** What decides the batches of an epoch. */
export interface LookAheadOptions {
  readonly data: ImageSource
  /** Indices of the epoch's images in the order of its steps. */
  readonly order: Int32Array
  readonly settings: Pick<TrainingConfig, 'batchSize' | 'augmentation'>
  /** First step that is not yet begun. */
  readonly step: number
  /** The stream that steps draw augmentations from, before that step draws. It is not changed. */
  readonly stream: RandomStream
  /** Place of this process, which makes its share of each batch only. Default: it makes all images. */
  readonly ranked?: ProcessRank
}

/** The batches of one epoch that are being made. They draw from a copy of the stream what the steps will draw. */
export class LookAhead {
  readonly #options: LookAheadOptions
  readonly #stream: RandomStream
  #next: number

  constructor(options: LookAheadOptions) {
    this.#options = options
    this.#stream = new RandomStream(options.stream.state())
    this.#next = options.step
  }

  /** Begins the batch of `step`, which is about to compute, and those of the steps after it that the source allows. */
  advance(step: number): void {
    const { data, order, settings, ranked } = this.#options
    const { batchSize, augmentation: list } = settings
    if (data.prefetch === undefined) return
    const last = Math.min(step + (data.ahead ?? 0), stepsPerEpoch(order.length, batchSize) - 1)
    for (; this.#next <= last; this.#next++) {
      const first = this.#next * batchSize
      const indices = order.subarray(first, first + batchSize)
      const augmentation = drawAugmentation(list, this.#stream)
      // Steps draw it from the same stream, after the augmentation.
      const mixup = drawMixup(list, this.#stream, indices.length)
      const batch = { indices, augmentation }
      const images = ranked === undefined ? batch : imagesOfShare({ ...batch, mixup }, ranked)
      data.prefetch(images.indices, images.augmentation)
    }
  }
}
