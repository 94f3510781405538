/** The augmentations of training images: a list of tagged values, carried out in its order. */
import { z } from 'zod'
import { count, group, share } from './group.js'

/** A random crop, as large as the image, of the image with zeros around it: torchvision's `RandomCrop`. */
const padCrop = group({
  kind: z.literal('pad-crop'),
  /** Pixels of zeros on each side. */
  padding: count.default(4),
})

/** Left and right exchanged: torchvision's `RandomHorizontalFlip`. */
const flip = group({
  kind: z.literal('flip'),
  probability: share.default(0.5),
})

const oneAugmentation = z.discriminatedUnion('kind', [padCrop, flip])

/** Names of the augmentations, in the order of the addon's table in native/data/augment.cc. */
export const AUGMENTATIONS = oneAugmentation.options.map(({ shape }) => shape.kind.value)

/** What images are augmented by unless the settings say otherwise. */
export const DEFAULT_AUGMENTATION = [{ kind: 'pad-crop' }, { kind: 'flip' }] as const

/** Empty for none. */
export const augmentation = z
  .array(oneAugmentation)
  .refine((list) => new Set(list.map(({ kind }) => kind)).size === list.length, { error: 'each kind once' })
  .prefault([...DEFAULT_AUGMENTATION])

/** One augmentation of the list `training.augmentation`. */
export type AugmentationConfig = z.output<typeof oneAugmentation>
