/** The augmentations of training images: a list of tagged values, applied in its order. */
import { z } from 'zod'
import { count, group, share } from './group.js'

const padCrop = group({
  kind: z.literal('pad-crop'),
  padding: count.default(4).describe('Pixels of zeros on each side.'),
}).describe("Crop a random part, as large as the image, of the image with zeros around it: torchvision's RandomCrop.")

const flip = group({
  kind: z.literal('flip'),
  probability: share.default(0.5).describe('Share of the images that are flipped.'),
}).describe("Exchange left and right: torchvision's RandomHorizontalFlip.")

const oneAugmentation = z.discriminatedUnion('kind', [padCrop, flip])

/** Names of the augmentations, in the order of the addon's table in native/data/augment.cc. */
export const AUGMENTATIONS = oneAugmentation.options.map(({ shape }) => shape.kind.value)

/** The default list of augmentations. */
export const DEFAULT_AUGMENTATION = [{ kind: 'pad-crop' }, { kind: 'flip' }] as const

export const augmentation = z
  .array(oneAugmentation)
  .refine((list) => new Set(list.map(({ kind }) => kind)).size === list.length, { error: 'each kind once' })
  .prefault([...DEFAULT_AUGMENTATION])
  .describe('Changes of every training image, drawn anew each time, in this order; empty for none.')

/** One augmentation of the list `training.augmentation`. */
export type AugmentationConfig = z.output<typeof oneAugmentation>
