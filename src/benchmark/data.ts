/** Measures how fast streamed images become batches, without any network. */
import { expected } from '../base/errors.js'
import { RandomStream } from '../base/random.js'
import type { Config } from '../config/index.js'
import { drawAugmentation } from '../data/augmentation.js'
import type { AnySplits } from '../data/splits.js'
import { jpegDecoder } from '../data/stream/decoders.js'
import { isStreamed } from '../data/stream/streamed-images.js'
import { type Augmentation, ImageStream } from '../native/index.js'
import { shuffledIndices } from '../sampling/indices.js'

/** How fast training images become batches. */
export interface DataMeasurement {
  readonly event: 'data'
  readonly dataset: string
  /** Images that were made, after those of the first batch. */
  readonly images: number
  readonly seconds: number
  readonly imagesPerSecond: number
  /** Number of images that were decoded at a time. */
  readonly threads: number
  readonly batchSize: number
  /** What decoded JPEGs. */
  readonly jpegDecoder: string
}

/** Images, their augmentation, and the number of batches. */
export interface DataBenchmarkOptions {
  readonly config: Pick<Config, 'seed' | 'training'>
  readonly splits: AnySplits
  readonly batchSize: number
  /** Batches to time. Default: as many as fit in ten seconds, at most an epoch, at least one. */
  readonly batches?: number
  /** When aborted, throws the signal's reason. */
  readonly signal?: AbortSignal
}

const SECONDS = 10

/**
 * Decodes, crops, augments and normalises training images in random order, as training does.
 *
 * @throws UserError if the images are in memory, or are fewer than two batches.
 */
export async function benchData(options: DataBenchmarkOptions): Promise<DataMeasurement> {
  const { config, splits, batchSize, signal } = options
  const { train } = splits
  if (!isStreamed(train)) throw expected('streaming with --data', 'data.source', 'images in memory', 2)
  const order = shuffledIndices(train.labels.length, RandomStream.named(config.seed, 'data'))
  const available = Math.floor(order.length / batchSize)
  if (available < 2) throw expected(`at most half of the ${order.length} images`, 'the batch', batchSize, 2)
  using stream = new ImageStream(train)
  const random = RandomStream.named(config.seed, 'augmentation')
  const begun: (readonly [indices: Int32Array, augmentation: Augmentation | undefined])[] = []
  const begin = (batch: number) => {
    const indices = order.subarray(batch * batchSize, (batch + 1) * batchSize)
    const augmentation = drawAugmentation(config.training.augmentation, random)
    stream.prefetch(indices, augmentation)
    begun.push([indices, augmentation])
  }
  const last = Math.min(available - 1, options.batches ?? available)
  let start = 0
  let batches = 0
  let next = 0
  for (let batch = 0; batch <= last; batch++) {
    signal?.throwIfAborted()
    for (; next <= Math.min(batch + train.ahead, last); next++) begin(next)
    await stream.make(...begun.shift()!)
    // The first batch fills the line of batches, so it is not timed.
    if (batch === 0) start = performance.now()
    batches = batch
    if (options.batches === undefined && batch > 0 && performance.now() - start > 1000 * SECONDS) break
  }
  const seconds = (performance.now() - start) / 1000
  const images = batches * batchSize
  const { threads } = train
  const measured = { images, seconds, imagesPerSecond: images / seconds, threads, batchSize }
  return { event: 'data', dataset: splits.name, ...measured, jpegDecoder: jpegDecoder() }
}
