import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { AUGMENTATIONS } from '../../src/config/augmentation.js'
import { type Augmentation, Dataset, type Plan, Supernet, setThreads } from '../../src/native/index.js'
import { flip, padCrop } from '../support/augmentation.js'
import { NetBuilder } from '../support/small-net.js'
import { byName } from '../support/state.js'

const SIZE = 3
const PIXELS = Uint8Array.from({ length: 2 * SIZE * SIZE }, (_, i) => 100 + 10 * i)
const MEAN = [0.3]
const STD = [0.25]

/**
 * The network is one convolution as large as the image. With a batch whose only weighted sample is `i`, the gradient
 * of its weights is that sample's image times the gradient of its bias: so the augmented image can be read back.
 */
const builder = new NetBuilder()
const program = builder.classify(
  builder.conv(builder.program.input({ channels: 1, height: SIZE, width: SIZE }), 1, SIZE, { padding: 0 }),
  2,
)
let net: Supernet
let plan: Plan
let dataset: Dataset
/** The same pixels as numbers that are taken as they are. */
let floats: Dataset
beforeAll(async () => {
  // A step of this size is too short to share.
  await setThreads(1)
  net = new Supernet(builder.specs)
  await net.write('parameters', Float32Array.from([...new Array(SIZE * SIZE + 1).fill(0), 1, -1, 0, 0]))
  plan = net.compile(program)
  const shape = { channels: 1, height: SIZE, width: SIZE }
  dataset = new Dataset({ images: PIXELS, labels: Int32Array.of(0, 1), ...shape, mean: MEAN, std: STD })
  floats = new Dataset({ images: Float32Array.from(PIXELS), labels: Int32Array.of(0, 1), ...shape })
})
afterAll(() => {
  for (const handle of [plan, dataset, floats, net]) handle.dispose()
})

/** Pixels, 0…255, of the sample at `position` of the batch as the network saw it. */
async function seen(
  indices: number[],
  position: number,
  augmentation?: Augmentation,
  source = dataset,
): Promise<number[]> {
  const weights = Float32Array.from(indices, (_, i) => (i === position ? 1 : 0))
  await net.accumulate(plan, { dataset: source, indices: Int32Array.from(indices), weights, augmentation })
  const gradients = byName(builder.specs, await net.read('gradients'))
  const scale = gradients.get('conv0.bias')![0]
  await net.update({ learningRate: 0, optimizer: { kind: 'sgd', momentum: 0, weightDecay: 0 }, unsampled: 'skip' })
  const normalised = Array.from(gradients.get('conv0.weight')!, (value) => value / scale)
  return normalised.map((value) => Math.round(source === floats ? value : value * STD[0] * 255 + MEAN[0] * 255))
}

/** The image moved by a crop that starts at (top, left) of the padded image, then mirrored or not. */
function moved(image: number, pad: number, top: number, left: number, mirrored: boolean): string {
  return Array.from({ length: SIZE * SIZE }, (_, i) => {
    const y = Math.floor(i / SIZE) + top - pad
    const column = mirrored ? SIZE - 1 - (i % SIZE) : i % SIZE
    const x = column + left - pad
    const inside = y >= 0 && x >= 0 && y < SIZE && x < SIZE
    return inside ? PIXELS[(image * SIZE + y) * SIZE + x] : 0
  }).join()
}

/** Where crops may begin in the padded image, from its top and its left. */
function offsets(pad: number): [number, number][] {
  const all = [...new Array(2 * pad + 1).keys()]
  return all.flatMap((top) => all.map((left): [number, number] => [top, left]))
}

/** Every crop and mirroring that `pad` allows, by its pixels. */
function variants(image: number, pad: number): Set<string> {
  return new Set(
    offsets(pad).flatMap(([top, left]) => [false, true].map((mirrored) => moved(image, pad, top, left, mirrored))),
  )
}

/**
 * What each seed drew before augmentation was a list: of eight images of a batch, where the crop of padding 3 begins from top and left, and
 * whether it is flipped. Other draws would change what a seed trains.
 */
const RECORDED: [number, string][] = [
  [0, '00f 00- 40- 26f 54f 65f 46f 35f'],
  [1, '12f 45f 15- 31f 16f 50- 26f 12f'],
  [7, '25- 45- 20- 36f 23f 30f 55- 56f'],
  [2 ** 31, '26f 26f 33- 15f 50- 31f 26f 15f'],
  [2 ** 32 - 1, '66f 26- 44- 55f 04- 55f 56- 00-'],
  [2 ** 53 - 1, '64f 60- 21- 15f 33- 46- 15- 11f'],
]

describe('images', () => {
  it('are normalised by mean and deviation of pixel / 255', async () => {
    expect(await seen([1, 0], 0)).toEqual([...PIXELS.slice(9)])
    expect(await seen([1, 0], 1)).toEqual([...PIXELS.slice(0, 9)])
  })
})

describe('augmentation', () => {
  it('takes every crop and mirroring, each about as often, with black around the image', async () => {
    const pad = 1
    const known = variants(0, pad)
    expect(known.size).toBe(18)
    const counts = new Map([...known].map((variant) => [variant, 0]))
    const draws = 900
    for (let seed = 0; seed < draws; seed++) {
      const image = (await seen([0], 0, { seed, list: [padCrop(pad), flip()] })).join()
      expect(known).toContain(image)
      counts.set(image, counts.get(image)! + 1)
    }
    const expected = draws / known.size
    const chiSquare = [...counts.values()].reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0)
    // 17 degrees of freedom: a uniform generator exceeds 46.0 with probability 2e-4; seeds are fixed.
    expect(chiSquare).toBeLessThan(46)
  })

  it('is the same for a seed and differs between the samples of a batch', async () => {
    const augmentation = { seed: 5, list: [padCrop(3), flip()] }
    const indices = [0, 1, 0, 0, 0, 0, 0, 0]
    const first = []
    const again = []
    for (const position of indices.keys()) first.push((await seen(indices, position, augmentation)).join())
    for (const position of indices.keys()) again.push((await seen(indices, position, augmentation)).join())
    expect(again).toEqual(first)
    expect(new Set(first).size).toBeGreaterThan(4)
    for (const [position, index] of indices.entries()) expect(variants(index, 3)).toContain(first[position])
  })

  it('only mirrors without padding, and only crops without mirroring', async () => {
    const flipped = new Set<string>()
    const cropped = new Set<string>()
    for (let seed = 0; seed < 100; seed++) {
      flipped.add((await seen([0], 0, { seed, list: [flip()] })).join())
      cropped.add((await seen([0], 0, { seed, list: [padCrop(1)] })).join())
    }
    expect(flipped).toEqual(variants(0, 0))
    expect(cropped.size).toBe(9)
    for (const top of [0, 1, 2]) for (const left of [0, 1, 2]) expect(cropped).toContain(moved(0, 1, top, left, false))
  })

  it.each(RECORDED)('of seed %d moves images as it always did', async (seed, crops) => {
    const indices = [0, 1, 0, 1, 0, 1, 0, 1]
    for (const [position, crop] of crops.split(' ').entries()) {
      const [top, left] = [Number(crop[0]), Number(crop[1])]
      const flipped = crop[2] === 'f'
      const image = indices[position]
      for (const source of [dataset, floats]) {
        const pixels = (list: Augmentation['list']) => seen(indices, position, { seed, list }, source)
        expect((await pixels([padCrop(3), flip()])).join()).toBe(moved(image, 3, top, left, flipped))
        expect((await pixels([padCrop(3)])).join()).toBe(moved(image, 3, top, left, false))
        expect((await pixels([flip()])).join()).toBe(moved(image, 0, 0, 0, flipped))
      }
    }
  })

  it('is carried out in the order of the list', async () => {
    const pad = 1
    const differences = new Set<boolean>()
    for (let seed = 0; seed < 20; seed++) {
      const crop = (await seen([0], 0, { seed, list: [padCrop(pad)] })).join()
      const [top, left] = offsets(pad).find(([top, left]) => moved(0, pad, top, left, false) === crop)!
      const cropFirst = (await seen([0], 0, { seed, list: [padCrop(pad), flip(1)] })).join()
      const flipFirst = (await seen([0], 0, { seed, list: [flip(1), padCrop(pad)] })).join()
      expect(cropFirst).toBe(moved(0, pad, top, left, true))
      // A crop of the mirrored image, from the left, is one of the image, from the right, mirrored.
      expect(flipFirst).toBe(moved(0, pad, top, 2 * pad - left, true))
      differences.add(cropFirst !== flipFirst)
    }
    expect(differences).toEqual(new Set([true, false]))
  })

  it('shows nothing of an image that the crop has left behind', async () => {
    const images = new Set<string>()
    for (let seed = 0; seed < 20; seed++) images.add((await seen([0], 0, { seed, list: [padCrop(500)] })).join())
    expect(images).toContain(new Array(SIZE * SIZE).fill(0).join())
  })

  it('flips as often as its probability says', async () => {
    const draws = 400
    const flips = async (probability: number) => {
      let count = 0
      for (let seed = 0; seed < draws; seed++) {
        const image = (await seen([0], 0, { seed, list: [flip(probability)] })).join()
        if (image === moved(0, 0, 0, 0, true)) count++
        else expect(image).toBe(moved(0, 0, 0, 0, false))
      }
      return count
    }
    expect(await flips(0)).toBe(0)
    expect(await flips(1)).toBe(draws)
    // Four standard deviations of a binomial variable; seeds are fixed.
    for (const probability of [0.1, 0.5, 0.8]) {
      const deviation = Math.sqrt(draws * probability * (1 - probability))
      expect(Math.abs((await flips(probability)) - draws * probability)).toBeLessThan(4 * deviation)
    }
  })

  it('is nothing for an empty list', async () => {
    expect(await seen([1, 0], 0, { seed: 3, list: [] })).toEqual([...PIXELS.slice(9)])
  })

  it.each<[string, unknown, string]>([
    ['no list', { seed: 1, pad: 2 }, 'an array for augmentation.list but received undefined'],
    ['no seed', { list: [] }, 'a number for augmentation.seed but received undefined'],
    ['an entry without a kind', [{}], 'a string for augmentation.list[0].kind but received undefined'],
    ['an entry that is no object', ['flip'], 'an object for augmentation.list[0] but received flip'],
    [
      'an unknown kind, and names all there are',
      [flip(), { kind: 'blur' }],
      `${AUGMENTATIONS.filter((kind) => kind !== 'mixup').join(', ')} for augmentation.list[1].kind but received "blur"`,
    ],
    [
      'an unknown field',
      [{ kind: 'flip', probability: 1, axis: 'x' }],
      'only kind, probability for augmentation.list[0] but received "axis"',
    ],
    [
      'a field that is missing',
      [padCrop(1), { kind: 'flip' }],
      'a number from 0 to 1 for augmentation.list[1].probability but received undefined',
    ],
    [
      'a field of another type',
      [{ kind: 'pad-crop', padding: '4' }],
      'a whole number of at least 1 for augmentation.list[0].padding but received 4',
    ],
    ['half a pixel', [padCrop(0.5)], 'a whole number of at least 1 for augmentation.list[0].padding but received 0.5'],
    ['a probability of 2', [flip(2)], 'a number from 0 to 1 for augmentation.list[0].probability but received 2'],
    [
      'a kind that comes twice',
      [flip(), padCrop(1), flip()],
      'each kind once for augmentation.list[2].kind but received "flip" again',
    ],
  ])('refuses %s', async (_, given, message) => {
    const augmentation = (Array.isArray(given) ? { seed: 1, list: given } : given) as Augmentation
    const call = async () => net.accumulate(plan, { dataset, indices: Int32Array.of(0), augmentation })
    await expect(call()).rejects.toThrow(`Expected ${message}`)
    await expect(call()).rejects.toMatchObject({ code: 'ERR_INVALID_ARGUMENT' })
  })
})
