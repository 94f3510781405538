/**
 * Policies of AutoAugment (Cubuk et al. 2019), as numbers for the addon. A policy is a list of pairs of steps, and a rule
 * that makes arguments of its levels.
 */
import type { AugmentationConfig } from '../config/augmentation.js'
import { IMAGE_OPERATIONS, type ImageOperation } from '../native/image-operations.js'

/** Name of a policy in the settings. */
export type PolicyName = Extract<AugmentationConfig, { kind: 'auto-augment' }>['policy']

/** An operation, the probability that it is carried out, and its level, which some operations have not. */
export type PolicyStep = readonly [operation: ImageOperation, probability: number, level?: number]

/** Pairs of steps; an image goes through one pair. */
export type Pairs = readonly (readonly [PolicyStep, PolicyStep])[]

/** What torchvision has as `AutoAugmentPolicy.CIFAR10`; the paper's table has the same. */
// biome-ignore format: one pair a line.
export const CIFAR10: Pairs = [
  [['invert', 0.1], ['contrast', 0.2, 6]],
  [['rotate', 0.7, 2], ['translate-x', 0.3, 9]],
  [['sharpness', 0.8, 1], ['sharpness', 0.9, 3]],
  [['shear-y', 0.5, 8], ['translate-y', 0.7, 9]],
  [['auto-contrast', 0.5], ['equalize', 0.9]],
  [['shear-y', 0.2, 7], ['posterize', 0.3, 7]],
  [['color', 0.4, 3], ['brightness', 0.6, 7]],
  [['sharpness', 0.3, 9], ['brightness', 0.7, 9]],
  [['equalize', 0.6], ['equalize', 0.5]],
  [['contrast', 0.6, 7], ['sharpness', 0.6, 5]],
  [['color', 0.7, 7], ['translate-x', 0.5, 8]],
  [['equalize', 0.3], ['auto-contrast', 0.4]],
  [['translate-y', 0.4, 3], ['sharpness', 0.2, 6]],
  [['brightness', 0.9, 6], ['color', 0.2, 8]],
  [['solarize', 0.5, 2], ['invert', 0]],
  [['equalize', 0.2], ['auto-contrast', 0.6]],
  [['equalize', 0.2], ['equalize', 0.6]],
  [['color', 0.9, 9], ['equalize', 0.6]],
  [['auto-contrast', 0.8], ['solarize', 0.2, 8]],
  [['brightness', 0.1, 3], ['color', 0.7, 0]],
  [['solarize', 0.4, 5], ['auto-contrast', 0.9]],
  [['translate-y', 0.9, 9], ['translate-y', 0.7, 9]],
  [['auto-contrast', 0.9], ['solarize', 0.8, 3]],
  [['equalize', 0.8], ['invert', 0.1]],
  [['translate-y', 0.7, 9], ['auto-contrast', 0.9]],
]

/** timm's policy `original`: the one of the paper for ImageNet, which torchvision has as `AutoAugmentPolicy.IMAGENET`. */
// biome-ignore format: one pair a line.
export const ORIGINAL: Pairs = [
  [['posterize', 0.4, 8], ['rotate', 0.6, 9]],
  [['solarize', 0.6, 5], ['auto-contrast', 0.6, 5]],
  [['equalize', 0.8, 8], ['equalize', 0.6, 3]],
  [['posterize', 0.6, 7], ['posterize', 0.6, 6]],
  [['equalize', 0.4, 7], ['solarize', 0.2, 4]],
  [['equalize', 0.4, 4], ['rotate', 0.8, 8]],
  [['solarize', 0.6, 3], ['equalize', 0.6, 7]],
  [['posterize', 0.8, 5], ['equalize', 1, 2]],
  [['rotate', 0.2, 3], ['solarize', 0.6, 8]],
  [['equalize', 0.6, 8], ['posterize', 0.4, 6]],
  [['rotate', 0.8, 8], ['color', 0.4, 0]],
  [['rotate', 0.4, 9], ['equalize', 0.6, 2]],
  [['equalize', 0, 7], ['equalize', 0.8, 8]],
  [['invert', 0.6, 4], ['equalize', 1, 8]],
  [['color', 0.6, 4], ['contrast', 1, 8]],
  [['rotate', 0.8, 8], ['color', 1, 2]],
  [['color', 0.8, 8], ['solarize', 0.8, 7]],
  [['sharpness', 0.4, 7], ['invert', 0.6, 8]],
  [['shear-x', 0.6, 5], ['equalize', 1, 9]],
  [['color', 0.4, 0], ['equalize', 0.6, 3]],
  [['equalize', 0.4, 7], ['solarize', 0.2, 4]],
  [['solarize', 0.6, 5], ['auto-contrast', 0.6, 5]],
  [['invert', 0.6, 4], ['equalize', 1, 8]],
  [['color', 0.6, 4], ['contrast', 1, 8]],
  [['equalize', 0.8, 8], ['equalize', 0.6, 3]],
]

/** timm's policy `v0`: the one of TensorFlow's EfficientNets. */
// biome-ignore format: one pair a line.
export const V0: Pairs = [
  [['equalize', 0.8, 1], ['shear-y', 0.8, 4]],
  [['color', 0.4, 9], ['equalize', 0.6, 3]],
  [['color', 0.4, 1], ['rotate', 0.6, 8]],
  [['solarize', 0.8, 3], ['equalize', 0.4, 7]],
  [['solarize', 0.4, 2], ['solarize', 0.6, 2]],
  [['color', 0.2, 0], ['equalize', 0.8, 8]],
  [['equalize', 0.4, 8], ['solarize-add', 0.8, 3]],
  [['shear-x', 0.2, 9], ['rotate', 0.6, 8]],
  [['color', 0.6, 1], ['equalize', 1, 2]],
  [['invert', 0.4, 9], ['rotate', 0.6, 0]],
  [['equalize', 1, 9], ['shear-y', 0.6, 3]],
  [['color', 0.4, 7], ['equalize', 0.6, 0]],
  [['posterize', 0.4, 6], ['auto-contrast', 0.4, 7]],
  [['solarize', 0.6, 8], ['color', 0.6, 9]],
  [['solarize', 0.2, 4], ['rotate', 0.8, 9]],
  [['rotate', 1, 7], ['translate-y', 0.8, 9]],
  [['shear-x', 0, 0], ['solarize', 0.8, 4]],
  [['shear-y', 0.8, 0], ['color', 0.6, 4]],
  [['color', 1, 0], ['rotate', 0.6, 2]],
  [['equalize', 0.8, 4], ['equalize', 0, 8]],
  [['equalize', 1, 4], ['auto-contrast', 0.6, 2]],
  [['shear-y', 0.4, 7], ['solarize-add', 0.6, 7]],
  [['posterize', 0.8, 2], ['solarize', 0.6, 10]],
  [['solarize', 0.6, 8], ['equalize', 0.6, 1]],
  [['color', 0.8, 6], ['rotate', 0.4, 5]],
]

/** The two arguments of an operation that have the same probability. */
type Arguments = readonly [number, number]

/** Number `level` of `torch.linspace(first, last, 10)`, whose float32 sums decide about single bytes. */
function linspace(first: number, last: number, level: number): number {
  const { fround } = Math
  const step = fround(fround(last - first) / 9)
  return level < 5 ? fround(first + fround(step * level)) : fround(fround(last) - fround(step * (9 - level)))
}

/** torchvision's arguments of the levels 0 … 9. Both signs of a magnitude have the same probability. */
export function torchvisionArguments(operation: ImageOperation, level = 0): Arguments {
  const around = (centre: number, magnitude: number): Arguments => [centre + magnitude, centre - magnitude]
  const always = (argument: number): Arguments => [argument, argument]
  switch (operation) {
    case 'shear-x':
    case 'shear-y':
      return around(0, linspace(0, 0.3, level))
    case 'translate-x':
    case 'translate-y':
      // torchvision counts to the right and down.
      return around(0, ((-150 / 331) * level) / 9)
    case 'rotate':
      return around(0, linspace(0, 30, level))
    case 'brightness':
    case 'color':
    case 'contrast':
    case 'sharpness':
      return around(1, linspace(0, 0.9, level))
    case 'posterize':
      return always(8 - Math.round((4 * level) / 9))
    case 'solarize':
      return always(linspace(255, 0, level))
    case 'auto-contrast':
    case 'equalize':
    case 'invert':
      return always(0)
    case 'solarize-add':
      throw new RangeError('torchvision has no solarize-add')
  }
}

/**
 * timm's arguments of the levels 0 … 10. Both signs of a movement have the same probability.
 *
 * @param keptBits Bits that posterize keeps at level 0: 4 in `original`, 0 in `v0`.
 */
export function timmArguments(keptBits: 0 | 4): (operation: ImageOperation, level?: number) => Arguments {
  const around = (magnitude: number): Arguments => [magnitude, -magnitude]
  const always = (argument: number): Arguments => [argument, argument]
  return (operation, level = 0) => {
    switch (operation) {
      case 'shear-x':
      case 'shear-y':
        return around((level / 10) * 0.3)
      case 'translate-x':
      case 'translate-y':
        return around((level / 10) * 0.45)
      case 'rotate':
        return around((level / 10) * 30)
      case 'brightness':
      case 'color':
      case 'contrast':
      case 'sharpness':
        return always((level / 10) * 1.8 + 0.1)
      case 'posterize':
        return always(Math.trunc((level / 10) * 4) + keptBits)
      case 'solarize':
        return always(Math.min(256, Math.trunc((level / 10) * 256)))
      case 'solarize-add':
        return always(Math.min(128, Math.trunc((level / 10) * 110)))
      case 'auto-contrast':
      case 'equalize':
      case 'invert':
        return always(0)
    }
  }
}

/** Rows of eight numbers, one per pair: of each step the operation's index, the probability and the two arguments. */
export function policyNumbers(
  pairs: Pairs,
  argumentsOf: (operation: ImageOperation, level?: number) => Arguments,
): Float64Array {
  const step = ([operation, probability, level]: PolicyStep) => [
    IMAGE_OPERATIONS.indexOf(operation),
    probability,
    ...argumentsOf(operation, level),
  ]
  return Float64Array.from(pairs.flatMap((pair) => pair.flatMap(step)))
}

/** A policy of the settings, as the addon takes it. */
export interface Policy {
  readonly policy: Float64Array
  /** torchvision moves images by whole pixels, whichever the interpolation; timm gives Pillow parts of them too. */
  readonly wholePixels: boolean
}

/** The policies of the settings. */
export const POLICIES: Readonly<Record<PolicyName, Policy>> = {
  cifar10: { policy: policyNumbers(CIFAR10, torchvisionArguments), wholePixels: true },
  original: { policy: policyNumbers(ORIGINAL, timmArguments(4)), wholePixels: false },
  v0: { policy: policyNumbers(V0, timmArguments(0)), wholePixels: false },
}
