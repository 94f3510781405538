/** How the images of each batch are augmented. */
import type { RandomStream } from '../base/random.js'
import type { AugmentationConfig } from '../config/augmentation.js'
import type { Augmentation } from '../native/index.js'

/** What one batch is augmented by: the list, and a seed of the stream that the addon draws from for every image. */
export function drawAugmentation(list: readonly AugmentationConfig[], stream: RandomStream): Augmentation | undefined {
  return list.length === 0 ? undefined : { seed: stream.integer(2 ** 32), list }
}
