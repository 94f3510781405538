/** The settings of a data set: its files, the number of images to use, and the processing of pixels. */
import { z } from 'zod'
import { count, group, type Immutable } from './group.js'

/** Allowed means and deviations: those of published numbers per pixel value, such as 125.3, lie far outside. */
export const MEAN_RANGE = { least: 0, most: 1, text: 'numbers from 0 to 1, in units of pixel value / 255,' } as const
/** The least deviation is about a tenth of a pixel value. Less than that is a mistake, and amplifies rounding. */
export const STD_RANGE = {
  least: 0.0004,
  most: 1,
  text: 'numbers from 0.0004 to 1, in units of pixel value / 255,',
} as const

const within = ({ least, most, text }: typeof MEAN_RANGE | typeof STD_RANGE) =>
  z.array(z.number().min(least, text).max(most, text)).min(1).optional()

export const data = group({
  format: z
    .enum(['embedded', 'idx', 'npz', 'folder', 'cifar10', 'cifar100', 'imagenet16-120'])
    .default('embedded')
    .describe(
      'Format of the files. `embedded` is the part of Fashion-MNIST in the package; `idx` is the format of MNIST; `npz` is a NumPy archive; `folder` holds images by class: JPEG, PNG, WebP, TIFF, BMP, PGM or PPM.',
    ),
  dir: z
    .string()
    .min(1)
    .optional()
    .describe(
      'Folder of the files; `npz` takes an archive too. Every format but `embedded` requires it. In a file it is relative to the file, in `--set` to the working directory.',
    ),
  checksums: z
    .boolean()
    .optional()
    .describe('Compare files with their published MD5 checksums, if there are any. Default: `true`.'),
  layout: z
    .enum(['NCHW', 'NHWC'])
    .optional()
    .describe(
      'Order of the axes of images in an `.npz` file: N images, C channels, H height, W width. Default: told by the axis of 1 or 3 channels.',
    ),
  source: z
    .enum(['auto', 'resident', 'streaming'])
    .optional()
    .describe(
      'Where images of the format `folder` are in training. `resident`: decoded, in memory. `streaming`: decoded when a batch needs them. `auto` streams images that do not fit in half of the memory, and images in tars, packed files and flat folders. If `onError` is `skip`, it streams all. Default: `auto`.',
    ),
  size: count
    .optional()
    .describe(
      'Height and width, in pixels, to which images of the format `folder` are resized and cropped. Required for streamed images, and unless all images have one size.',
    ),
  interpolation: z
    .enum(['bilinear', 'bicubic'])
    .optional()
    .describe(
      'How images of the format `folder` are resized to `size`. Default: `bilinear`. `random-resized-crop` has its own.',
    ),
  onError: z
    .enum(['stop', 'skip'])
    .optional()
    .describe(
      'What a damaged image does. `stop`: end with an error. `skip`: another image of its class takes its place; images are streamed then. Default: `stop`.',
    ),
  ahead: count
    .max(64)
    .optional()
    .describe('Batches of streamed images that are made while earlier steps compute. Default: `2`.'),
  trainCount: count
    .optional()
    .describe('Use only this many of the training images, stratified by class. Default: all.'),
  validationCount: count
    .optional()
    .describe(
      'Hold out this many of the training images, stratified by class. The supernet does not train on them, and `finding` evaluates paths on them. Default: none.',
    ),
  test: z
    .string()
    .min(1)
    .optional()
    .describe(
      'Name of the split to rank on, in files of the formats `folder` and `npz`. Default: `test`, or if there is none, `val`, `valid` or `validation`.',
    ),
  validation: z
    .string()
    .min(1)
    .optional()
    .describe(
      'Name of the validation split, on which `finding` evaluates paths, in files of the formats `folder` and `npz`. `none` uses none. Default: `val`, `valid` or `validation` if there is a test split beside it, unless `validationCount` is set.',
    ),
  testCount: count.optional().describe('Use only this many of the test images, stratified by class. Default: all.'),
  padTo: count
    .optional()
    .describe('Centre each image on a black square of this height and width, in pixels. Default: no padding.'),
  downsample: count
    .optional()
    .describe('Then average blocks of this many by this many pixels. It must divide height and width. Default: `1`.'),
  mean: within(MEAN_RANGE).describe(
    'Mean of each channel, in units of pixel value / 255; images are normalised with it. Default: published values for CIFAR and ImageNet16-120 without `padTo` and `downsample`; those of ImageNet for streamed images; otherwise computed from the training images.',
  ),
  std: within(STD_RANGE).describe('Standard deviation of each channel, in the same units. Default: as for `mean`.'),
})
  .refine((value) => value.format === 'embedded' || value.dir !== undefined, {
    path: ['dir'],
    error: 'a folder, because data.format is not embedded,',
    // Report it together with other mistakes of the group, not only after them.
    when: ({ value }) => value instanceof Object,
  })
  .refine((value) => value.format !== 'embedded' || value.dir === undefined, {
    path: ['format'],
    error: 'the format of the files, such as folder or cifar10, because data.dir names a folder,',
    when: ({ value }) => value instanceof Object,
  })
  .refine((value) => value.validationCount === undefined || (value.validation ?? 'none') === 'none', {
    path: ['validation'],
    error: 'none, because data.validationCount holds out training images,',
    when: ({ value }) => value instanceof Object,
  })
  .describe('The images to train on and to test on.')

/** A data set and the processing of its pixels: the group `data`. */
export type DataConfig = Immutable<z.output<typeof data>>
