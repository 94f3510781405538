/** Draws the augmentation of each batch, and checks that images can be augmented so. */
import { expected } from '../base/errors.js'
import type { RandomStream } from '../base/random.js'
import type { AugmentationConfig } from '../config/augmentation.js'
import type { Augmentation, ImageAugmentation } from '../native/index.js'
import type { Shape } from '../programs/program.js'
import { POLICIES } from './auto-augment.js'

/** The augmentations of single images in a list of the settings, as a batch takes them. Mixup is not among them. */
export function imageAugmentations(list: readonly AugmentationConfig[]): ImageAugmentation[] {
  return list.flatMap((entry) => {
    if (entry.kind === 'mixup') return []
    return [entry.kind === 'auto-augment' ? { ...entry, ...POLICIES[entry.policy] } : entry]
  })
}

/** Augmentation of one batch: the list, and a seed from which the addon draws for each image. */
export function drawAugmentation(list: readonly AugmentationConfig[], stream: RandomStream): Augmentation | undefined {
  const images = imageAugmentations(list)
  return images.length === 0 ? undefined : { seed: stream.integer(2 ** 32), list: images }
}

/**
 * Checks that a list of the settings fits images of this size.
 *
 * @throws UserError for a crop or hole larger than the image, and for colour operations on 2 or more than 3 channels.
 */
export function checkAugmentation(list: readonly AugmentationConfig[], { channels, height, width }: Shape): void {
  const side = Math.min(height, width)
  for (const [i, entry] of list.entries()) {
    const name = `training.augmentation[${i}]`
    if (entry.kind === 'pad-crop' && entry.padding >= side) {
      throw expected(`less than the images' side of ${side} pixels`, `${name}.padding`, entry.padding, 2)
    }
    if (entry.kind === 'cutout' && entry.size > side) {
      throw expected(`at most the images' side of ${side} pixels`, `${name}.size`, entry.size, 2)
    }
    if ((entry.kind === 'auto-augment' || entry.kind === 'random-resized-crop') && channels !== 1 && channels !== 3) {
      throw expected('images of 1 or 3 channels', `${name}.kind`, `${entry.kind} of images of ${channels} channels`, 2)
    }
  }
}
