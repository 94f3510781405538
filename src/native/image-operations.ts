/**
 * Operations of Pillow on images of bytes, in the order of `native/data/pillow.cc`; a test compares them. Each takes one
 * number:
 *
 * - `shear-x`, `shear-y`: slope from −1 to 1. Row y shows what is y · slope pixels further right; columns likewise.
 * - `translate-x`, `translate-y`: from −1 to 1, a share of the width or height. The image moves to the left or up, by
 *   this share; without the part of a pixel if the policy moves whole pixels.
 * - `rotate`: degrees from −360 to 360, counter-clockwise.
 * - `brightness`, `color`, `contrast`, `sharpness`: factor from 0 to 100 of Pillow's `ImageEnhance`; 1 changes nothing.
 * - `posterize`: bits to keep, from 0 to 8. With 0 everything is black.
 * - `solarize`: threshold from 0 to 256. Bytes of at least the threshold are inverted.
 * - `auto-contrast`, `equalize`, `invert`: 0.
 * - `solarize-add`: from 0 to 255. Bytes below 128 become so much larger, at most 255.
 */
export const IMAGE_OPERATIONS = [
  'shear-x',
  'shear-y',
  'translate-x',
  'translate-y',
  'rotate',
  'brightness',
  'color',
  'contrast',
  'sharpness',
  'posterize',
  'solarize',
  'auto-contrast',
  'equalize',
  'invert',
  'solarize-add',
] as const

/** Name of an operation on images. */
export type ImageOperation = (typeof IMAGE_OPERATIONS)[number]
