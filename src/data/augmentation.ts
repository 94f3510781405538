/** Draws the augmentation of each batch. */
import type { RandomStream } from '../base/random.js'
import type { AugmentationConfig } from '../config/augmentation.js'
import type { Augmentation } from '../native/index.js'

/** Augmentation of one batch: the list, and a seed from which the addon draws for each image. */
export function drawAugmentation(list: readonly AugmentationConfig[], stream: RandomStream): Augmentation | undefined {
  return list.length === 0 ? undefined : { seed: stream.integer(2 ** 32), list }
}
