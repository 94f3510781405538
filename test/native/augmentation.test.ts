import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Augmentation, Dataset, type Plan, Supernet } from '../../src/native/index.js'
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
beforeAll(async () => {
  net = new Supernet(builder.specs)
  await net.write('parameters', Float32Array.from([...new Array(SIZE * SIZE + 1).fill(0), 1, -1, 0, 0]))
  plan = net.compile(program)
  const shape = { channels: 1, height: SIZE, width: SIZE }
  dataset = new Dataset({ images: PIXELS, labels: Int32Array.of(0, 1), ...shape, mean: MEAN, std: STD })
})
afterAll(() => {
  for (const handle of [plan, dataset, net]) handle.dispose()
})

/** Pixels, 0…255, of the sample at `position` of the batch as the network saw it. */
async function seen(indices: number[], position: number, augmentation?: Augmentation): Promise<number[]> {
  const weights = Float32Array.from(indices, (_, i) => (i === position ? 1 : 0))
  await net.accumulate(plan, { dataset, indices: Int32Array.from(indices), weights, augmentation })
  const gradients = byName(builder.specs, await net.read('gradients'))
  const scale = gradients.get('conv0.bias')![0]
  await net.update({ learningRate: 0, optimizer: { kind: 'sgd', momentum: 0, weightDecay: 0 }, unsampled: 'skip' })
  return Array.from(gradients.get('conv0.weight')!, (value) =>
    Math.round((value / scale) * STD[0] * 255 + MEAN[0] * 255),
  )
}

/** The image moved by a crop that starts at (top, left) of the padded image, then mirrored or not. */
function moved(image: number, pad: number, top: number, left: number, flip: boolean): string {
  return Array.from({ length: SIZE * SIZE }, (_, i) => {
    const y = Math.floor(i / SIZE) + top - pad
    const column = flip ? SIZE - 1 - (i % SIZE) : i % SIZE
    const x = column + left - pad
    const inside = y >= 0 && x >= 0 && y < SIZE && x < SIZE
    return inside ? PIXELS[(image * SIZE + y) * SIZE + x] : 0
  }).join()
}

/** Every crop and mirroring that `pad` allows, by its pixels. */
function variants(image: number, pad: number): Set<string> {
  const result = new Set<string>()
  for (let top = 0; top <= 2 * pad; top++) {
    for (let left = 0; left <= 2 * pad; left++) {
      for (const flip of [false, true]) result.add(moved(image, pad, top, left, flip))
    }
  }
  return result
}

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
      const image = (await seen([0], 0, { seed, pad, flip: true })).join()
      expect(known).toContain(image)
      counts.set(image, counts.get(image)! + 1)
    }
    const expected = draws / known.size
    const chiSquare = [...counts.values()].reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0)
    // 17 degrees of freedom: a uniform generator exceeds 46.0 with probability 2e-4; seeds are fixed.
    expect(chiSquare).toBeLessThan(46)
  })

  it('is the same for a seed and differs between the samples of a batch', async () => {
    const augmentation = { seed: 5, pad: 3, flip: true }
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
      flipped.add((await seen([0], 0, { seed, pad: 0, flip: true })).join())
      cropped.add((await seen([0], 0, { seed, pad: 1, flip: false })).join())
    }
    expect(flipped).toEqual(variants(0, 0))
    expect(cropped.size).toBe(9)
    for (const top of [0, 1, 2]) for (const left of [0, 1, 2]) expect(cropped).toContain(moved(0, 1, top, left, false))
  })
})
