import { describe, expect, it } from 'vitest'
import { RandomStream } from '../../../src/base/random.js'
import { parseConfig } from '../../../src/config/index.js'
import { checkAugmentation, drawAugmentation, imageAugmentations } from '../../../src/data/augmentation.js'
import { POLICIES } from '../../../src/data/auto-augment.js'
import { IMAGE_OPERATIONS } from '../../../src/native/image-operations.js'

const settings = (...augmentation: Parameters<typeof imageAugmentations>[0]) =>
  parseConfig({ training: { augmentation: [...augmentation] } }).training.augmentation
const parse = (augmentation: unknown) =>
  parseConfig({ training: { augmentation } } as Parameters<typeof parseConfig>[0]).training.augmentation

describe('augmentations of a batch', () => {
  const list = parse([{ kind: 'pad-crop' }, { kind: 'auto-augment' }, { kind: 'cutout' }, { kind: 'mixup' }])

  it('are those of the settings, with a policy as numbers and without mixup', () => {
    const [crop, augment, cutout, ...more] = imageAugmentations(list)
    expect(crop).toEqual({ kind: 'pad-crop', padding: 4 })
    const rest = { fill: 'mean', interpolation: 'nearest' }
    expect(augment).toEqual({ kind: 'auto-augment', ...POLICIES.cifar10, ...rest })
    expect(cutout).toEqual({ kind: 'cutout', size: 16 })
    expect(more).toEqual([])
  })

  it('have a new seed each time; a list without any draws nothing', () => {
    const stream = RandomStream.named(1, 'augmentation')
    const seeds = Array.from({ length: 100 }, () => drawAugmentation(list, stream)!.seed)
    expect(new Set(seeds).size).toBe(100)
    const before = stream.state()
    expect(drawAugmentation(settings({ kind: 'mixup', alpha: 1 }), stream)).toBeUndefined()
    expect(stream.state()).toEqual(before)
  })

  it("move whole pixels in torchvision's policy only, whichever the interpolation", () => {
    for (const [policy, wholePixels] of [
      ['cifar10', true],
      ['original', false],
      ['v0', false],
    ] as const) {
      for (const interpolation of ['nearest', 'bilinear', 'random'] as const) {
        const [augment] = imageAugmentations(parse([{ kind: 'auto-augment', policy, interpolation }]))
        expect(augment).toMatchObject({ wholePixels, interpolation })
      }
    }
  })

  it("have arguments that are torchvision's", () => {
    const rows = Array.from({ length: 50 }, (_, i) => [...POLICIES.cifar10.policy.subarray(4 * i, 4 * i + 4)])
    const named = (i: number) => [IMAGE_OPERATIONS[rows[i][0]], ...rows[i].slice(1)]
    expect(named(1)).toEqual(['contrast', 0.2, 1 + Math.fround(0.6), 1 - Math.fround(0.6)])
    expect(named(11)).toEqual(['posterize', 0.3, 5, 5])
    expect(named(28)).toEqual(['solarize', 0.5, 198.3333282470703, 198.3333282470703])
    expect(named(29)).toEqual(['invert', 0, 0, 0])
  })
})

describe('a list that does not fit', () => {
  const grey = { channels: 1, height: 8, width: 16 }

  it.each([
    [
      [{ kind: 'pad-crop', padding: 8 }],
      grey,
      "less than the images' side of 8 pixels for training.augmentation[0].padding but received 8",
    ],
    [
      [{ kind: 'cutout', size: 9 }],
      grey,
      "at most the images' side of 8 pixels for training.augmentation[0].size but received 9",
    ],
    [
      [{ kind: 'flip' }, { kind: 'auto-augment' }],
      { ...grey, channels: 4 },
      'images of 1 or 3 channels for training.augmentation[1].kind but received auto-augment of images of 4 channels',
    ],
  ])('the images is refused: %j', (list, shape, message) => {
    expect(() => checkAugmentation(parse(list), shape)).toThrow(`Expected ${message}`)
  })

  it('fits if crop and hole are as large as they may be', () => {
    checkAugmentation(
      parse([{ kind: 'pad-crop', padding: 7 }, { kind: 'auto-augment' }, { kind: 'cutout', size: 8 }]),
      grey,
    )
  })

  it.each([
    [
      [{ kind: 'cutout' }, { kind: 'auto-augment' }],
      'auto-augment before cutout, which changes normalised pixels for training.augmentation[1].kind',
    ],
    [
      [{ kind: 'random-erasing' }, { kind: 'flip' }, { kind: 'auto-augment' }],
      'auto-augment before random-erasing, which changes normalised pixels for training.augmentation[2].kind',
    ],
    [[{ kind: 'mixup' }, { kind: 'flip' }], 'mixup at the end of the list for training.augmentation[0].kind'],
    [[{ kind: 'flip' }, { kind: 'flip' }], 'each kind once for training.augmentation'],
    [
      [{ kind: 'flip' }, { kind: 'random-resized-crop' }],
      'random-resized-crop at the beginning of the list for training.augmentation[1].kind',
    ],
    [[{ kind: 'random-resized-crop', minArea: 0 }], 'a number above 0 for training.augmentation[0].minArea'],
    [[{ kind: 'random-resized-crop', maxArea: 0.05 }], 'at most maxArea for training.augmentation[0].minArea'],
    [[{ kind: 'random-erasing', minArea: 0.5 }], 'at most maxArea for training.augmentation[0].minArea'],
    [[{ kind: 'random-erasing', probability: 1.5 }], 'a number of at most 1 for training.augmentation[0].probability'],
    [[{ kind: 'auto-augment', policy: 'cifar100' }], 'cifar10, original, v0 for training.augmentation[0].policy'],
    [[{ kind: 'cutout', size: 0 }], 'a number of at least 1 for training.augmentation[0].size'],
    [[{ kind: 'mixup', alpha: 0 }], 'a number of more than 0 for training.augmentation[0].alpha'],
  ])('its own order or ranges is refused: %j', (list, message) => {
    expect(() => parse(list)).toThrow(`Expected ${message}`)
  })
})
