/** Refuses, before the first step, augmentations that do not fit the images. */
import { expected } from '../base/errors.js'
import type { Config } from '../config/index.js'
import type { Shape } from '../programs/program.js'

/** Throws a UserError if a crop may show nothing of an image of the shape `input`. */
export function checkAugmentation({ augmentation }: Pick<Config['training'], 'augmentation'>, input: Shape): void {
  const extent = Math.min(input.height, input.width)
  for (const change of augmentation) {
    if (change.kind !== 'pad-crop' || change.padding < extent) continue
    const wanted = `a padding of less than ${extent} pixels, because images have ${input.height}×${input.width},`
    throw expected(wanted, 'pad-crop in training.augmentation', change.padding, 2)
  }
}
