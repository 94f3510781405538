/** The augmentations of training images: a list of tagged values, applied in its order. */
import { z } from 'zod'
import { count, group, positive, share } from './group.js'

const randomResizedCrop = group({
  kind: z.literal('random-resized-crop'),
  minArea: share.default(0.08).describe("Smallest area, as a share of the image's; above 0."),
  maxArea: share.default(1).describe("Largest area, as a share of the image's."),
  minAspect: positive
    .max(1)
    .default(3 / 4)
    .describe('Smallest ratio of width to height. The largest is its inverse; the logarithm is uniform.'),
  interpolation: z
    .enum(['bilinear', 'bicubic', 'random'])
    .default('random')
    .describe('How the part is resized. `random`: one of the two for each image.'),
}).describe(
  "Cut out a part of random area and shape, and resize it to the images' size: torchvision's RandomResizedCrop as timm draws it (Szegedy et al. 2015). It is the first of the list. Of streamed images it cuts the whole image of the file.",
)

const padCrop = group({
  kind: z.literal('pad-crop'),
  padding: count.default(4).describe('Pixels of zeros on each side.'),
}).describe("Crop a random part, as large as the image, of the image with zeros around it: torchvision's RandomCrop.")

const flip = group({
  kind: z.literal('flip'),
  probability: share.default(0.5).describe('Share of the images that are flipped.'),
}).describe("Exchange left and right: torchvision's RandomHorizontalFlip.")

const autoAugment = group({
  kind: z.literal('auto-augment'),
  policy: z
    .enum(['cifar10', 'original', 'v0'])
    .default('cifar10')
    .describe(
      'The list of pairs of operations. `cifar10`: the 25 pairs that the authors found on CIFAR-10. `original`: the 25 that they found on ImageNet. `v0`: 25 others, with which EfficientNets were trained. Levels of `cifar10` are those of torchvision, of the others those of timm.',
    ),
  fill: z
    .enum(['mean', 'black'])
    .default('mean')
    .describe(
      "Colour of pixels from outside the image. `mean`: the data's mean colour, as in the authors' code. `black`: the default of torchvision.",
    ),
  interpolation: z
    .enum(['nearest', 'bilinear', 'bicubic', 'random'])
    .default('nearest')
    .describe(
      'How rotated, sheared and moved images get their pixels. `nearest`: the default of torchvision. `random`: bilinear or bicubic for each operation, the default of timm.',
    ),
}).describe(
  "Change colours and geometry by one of 25 pairs of operations, drawn for each image: torchvision's AutoAugment (Cubuk et al. 2019).",
)

const cutout = group({
  kind: z.literal('cutout'),
  size: count
    .default(16)
    .describe(
      'Side of the hole in pixels. An odd side is kept; the code of DeVries and Taylor, and of DARTS, makes it one pixel shorter.',
    ),
}).describe(
  'Replace a square by the mean colour (DeVries and Taylor 2017). Its centre is any pixel, and the border clips it.',
)

const randomErasing = group({
  kind: z.literal('random-erasing'),
  probability: share.default(0.2).describe('Share of the images that are changed.'),
  minArea: share.default(0.02).describe("Smallest area, as a share of the image's."),
  maxArea: share.default(1 / 3).describe("Largest area, as a share of the image's."),
  minAspect: positive
    .max(1)
    .default(0.3)
    .describe('Smallest ratio of height to width. The largest is its inverse; the logarithm is uniform.'),
  mode: z
    .enum(['const', 'rand', 'pixel'])
    .default('pixel')
    .describe(
      'New pixels. `const`: the mean colour. `rand`: one colour of normal noise. `pixel`: normal noise for each pixel.',
    ),
}).describe("Replace a rectangle inside the image: timm's RandomErasing (Zhong et al. 2017).")

const mixup = group({
  kind: z.literal('mixup'),
  alpha: positive.default(0.2).describe('The share λ of an image has the distribution Beta(α, α), drawn once a step.'),
}).describe(
  'Mix each image, and its label, with another image of the batch (Zhang et al. 2018). It is the last of the list.',
)

const oneAugmentation = z.discriminatedUnion('kind', [
  randomResizedCrop,
  padCrop,
  flip,
  autoAugment,
  cutout,
  randomErasing,
  mixup,
])

/** One augmentation of the list `training.augmentation`. */
export type AugmentationConfig = z.output<typeof oneAugmentation>

/** Names of the augmentations. Those of single images come in the order of the addon's table in native/data/augment.cc. */
export const AUGMENTATIONS = oneAugmentation.options.map(({ shape }) => shape.kind.value)

/** The default list of augmentations. */
export const DEFAULT_AUGMENTATION = [{ kind: 'pad-crop' }, { kind: 'flip' }] as const

/** Augmentations that change normalised pixels. Whatever changes bytes comes before them. */
const AFTER_NORMALISATION: readonly string[] = ['cutout', 'random-erasing']

/** The first mistake of a list: where, and what is allowed there. */
function mistakeOf(list: readonly AugmentationConfig[]): { path: (string | number)[]; allowed: string } | undefined {
  const kinds = list.map(({ kind }) => kind)
  for (const [i, entry] of list.entries()) {
    const earlier = kinds.slice(0, i)
    if (earlier.includes('mixup')) return { path: [i - 1, 'kind'], allowed: 'mixup at the end of the list' }
    const normaliser = earlier.find((kind) => AFTER_NORMALISATION.includes(kind))
    if (entry.kind === 'auto-augment' && normaliser !== undefined) {
      return { path: [i, 'kind'], allowed: `auto-augment before ${normaliser}, which changes normalised pixels` }
    }
    if (entry.kind === 'random-resized-crop' && i > 0) {
      return { path: [i, 'kind'], allowed: 'random-resized-crop at the beginning of the list' }
    }
    if (entry.kind === 'random-resized-crop' && entry.minArea === 0) {
      return { path: [i, 'minArea'], allowed: 'a number above 0' }
    }
    if ((entry.kind === 'random-erasing' || entry.kind === 'random-resized-crop') && entry.minArea > entry.maxArea) {
      return { path: [i, 'minArea'], allowed: 'at most maxArea' }
    }
  }
  return undefined
}

export const augmentation = z
  .array(oneAugmentation)
  .refine((list) => new Set(list.map(({ kind }) => kind)).size === list.length, { error: 'each kind once' })
  .superRefine((list, context) => {
    const mistake = mistakeOf(list)
    if (mistake !== undefined) context.addIssue({ code: 'custom', path: mistake.path, message: mistake.allowed })
  })
  .prefault([...DEFAULT_AUGMENTATION])
  .describe('Changes of every training image, drawn anew each time, in this order; empty for none.')
