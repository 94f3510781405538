/** AutoAugment's operations are Pillow's, byte for byte, and its policy is torchvision's. */
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { beforeAll, describe, expect, it } from 'vitest'
import { parseConfig } from '../../src/config/index.js'
import { imageAugmentations } from '../../src/data/augmentation.js'
import {
  CIFAR10,
  type Pairs,
  type PolicyStep,
  policyNumbers,
  torchvisionArguments,
} from '../../src/data/auto-augment.js'
import { IMAGE_OPERATIONS, type ImageOperation } from '../../src/native/image-operations.js'
import { type Augmentation, setThreads } from '../../src/native/index.js'
import { chiSquare } from '../support/chi-square.js'
import { Lens } from '../support/lens.js'

interface Picture {
  readonly kind: keyof typeof PIXELS
  readonly height: number
  readonly width: number
  readonly channels: number
}
const fixture: {
  fill: number[]
  arguments: Record<ImageOperation, number[]>
  operations: (Picture & { digests: string[] })[]
  policy: Picture & { pairs: [probability: number, digest: string][][] }
} = JSON.parse(readFileSync(new URL('../fixtures/augmentation.json', import.meta.url), 'utf8'))

/** As in scripts/fixtures/augmentation.py; `i` counts height × width × channels. */
const PIXELS = {
  noise: (_x: number, _y: number, _c: number, i: number) => (i * i * 31 + i * 17) % 256,
  smooth: (x: number, y: number, c: number) => 60 + ((3 * y + 2 * x + 11 * c) % 120),
  flat: (_x: number, _y: number, c: number) => 77 + c,
  two: (_x: number, _y: number, _c: number, i: number) => (i % 29 === 0 ? 200 : 40),
}
const GEOMETRIC: readonly ImageOperation[] = ['shear-x', 'shear-y', 'translate-x', 'translate-y', 'rotate']

/** Channels × height × width. */
function planes({ kind, height, width, channels }: Picture): Uint8Array {
  return Uint8Array.from({ length: channels * height * width }, (_, j) => {
    const [x, y, c] = [j % width, Math.floor(j / width) % height, Math.floor(j / (width * height))]
    return PIXELS[kind](x, y, c, (y * width + x) * channels + c)
  })
}

const lensOf = (picture: Picture) => Lens.of(picture, planes(picture), fixture.fill.slice(0, picture.channels))
const digest = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex').slice(0, 8)

/** Numbers of a policy of one pair that always does the same. */
function certain(steps: readonly (readonly [ImageOperation, number])[]): Float64Array {
  const rows = steps.map(([operation, argument]) => [IMAGE_OPERATIONS.indexOf(operation), 1, argument, argument])
  while (rows.length < 2) rows.push([0, 0, 0, 0])
  return Float64Array.from(rows.flat())
}

function autoAugment(policy: Float64Array, fill: 'mean' | 'black' = 'black', seed = 0): Augmentation {
  return { seed, list: [{ kind: 'auto-augment', policy, fill, interpolation: 'nearest', wholePixels: true }] }
}

/** What can happen to an image in a step: nothing, or the operation with each of its arguments. */
function outcomesOf([operation, probability, level]: PolicyStep) {
  const both = torchvisionArguments(operation, level)
  const different = both[0] === both[1] && !isSigned(operation) ? [both[0]] : both
  return [
    { share: 1 - probability, steps: [] },
    ...different.map((argument) => ({
      share: probability / different.length,
      steps: [[operation, argument] as const],
    })),
  ]
}
const isSigned = (operation: ImageOperation) =>
  [...GEOMETRIC, 'brightness', 'color', 'contrast', 'sharpness'].includes(operation)

function pairOutcomes([first, second]: Pairs[number]) {
  return outcomesOf(first).flatMap((one) =>
    outcomesOf(second).map((two) => ({ share: one.share * two.share, steps: [...one.steps, ...two.steps] })),
  )
}

// Images of this size are too small to share.
beforeAll(() => setThreads(1))

describe('operations', () => {
  it.each(fixture.operations)('on $kind of $height×$width×$channels are those of Pillow', async (picture) => {
    using lens = await lensOf(picture)
    const wrong: string[] = []
    const expected = picture.digests.values()
    for (const [operation, values] of Object.entries(fixture.arguments) as [ImageOperation, number[]][]) {
      for (const argument of values) {
        for (const fill of GEOMETRIC.includes(operation) ? (['black', 'mean'] as const) : (['black'] as const)) {
          const seen = await lens.bytes(0, autoAugment(certain([[operation, argument]]), fill))
          if (digest(seen) !== expected.next().value) wrong.push(`${operation} ${argument} ${fill}`)
        }
      }
    }
    expect(wrong).toEqual([])
    expect(expected.next().done).toBe(true)
  })

  it('leave grey images as they are, if they change colours only', async () => {
    using lens = await lensOf({ kind: 'noise', height: 6, width: 6, channels: 1 })
    const before = await lens.bytes(0)
    expect(await lens.bytes(0, autoAugment(certain([['color', 0.1]])))).toEqual(before)
    expect(await lens.bytes(0, autoAugment(certain([['contrast', 0.1]])))).not.toEqual(before)
  })
})

it.each(['nearest', 'bilinear', 'bicubic'] as const)(
  'a policy of whole pixels moves them, %s',
  async (interpolation) => {
    const [height, width] = [31, 32]
    const picture = { kind: 'noise', height, width, channels: 3 } as const
    using lens = await lensOf(picture)
    const before = await lens.bytes(0)
    // torchvision's level 9: 14.5 pixels of the width, and 14.04 of the height.
    const share = 150 / 331
    for (const [operation, argument, right, down] of [
      ['translate-x', -share, 14, 0],
      ['translate-x', share, -14, 0],
      ['translate-y', -share, 0, 14],
      ['translate-y', share, 0, -14],
    ] as const) {
      const expected = before.map((_, i) => {
        const [x, y] = [(Math.floor(i / 3) % width) - right, Math.floor(i / (3 * width)) - down]
        return x < 0 || x >= width || y < 0 || y >= height ? 0 : before[(y * width + x) * 3 + (i % 3)]
      })
      const policy = certain([[operation, argument]])
      const list = [{ kind: 'auto-augment', policy, fill: 'black', interpolation, wholePixels: true }] as const
      expect(await lens.bytes(0, { seed: 0, list }), `${operation} ${argument}`).toEqual(expected)
    }
  },
)

describe("AutoAugment's policy for CIFAR-10", () => {
  const { policy } = fixture

  it("does what torchvision's does, with its probabilities", async () => {
    using lens = await lensOf(policy)
    const seen: [number, string][][] = []
    for (const pair of CIFAR10) {
      const row: [number, string][] = []
      for (const { share, steps } of pairOutcomes(pair)) {
        row.push([Math.round(share * 1e6) / 1e6, digest(await lens.bytes(0, autoAugment(certain(steps))))])
      }
      seen.push(row)
    }
    expect(seen).toEqual(policy.pairs)
  })

  it('draws every outcome as often as its probability says', async () => {
    using lens = await lensOf(policy)
    const shares = new Map<string, number>()
    for (const [share, digest] of policy.pairs.flat()) shares.set(digest, (shares.get(digest) ?? 0) + share / 25)
    const counts = new Map([...shares.keys()].map((key) => [key, 0]))
    const numbers = policyNumbers(CIFAR10, torchvisionArguments)
    const draws = 6000
    for (let seed = 0; seed < draws; seed++) {
      const key = digest(await lens.bytes(0, autoAugment(numbers, 'black', seed)))
      counts.set(key, (counts.get(key) ?? 0) + 1)
    }
    // Nothing else happens than what torchvision does.
    expect([...counts.keys()].filter((key) => !((shares.get(key) ?? 0) > 0 || counts.get(key) === 0))).toEqual([])
    // Outcomes that are expected less than five times make one class.
    const keys = [...shares.keys()].filter((key) => shares.get(key)! * draws >= 5)
    const kept = keys.map((key) => [counts.get(key)!, shares.get(key)!])
    const rest = [0, 1].map((column) => kept.reduce((sum, row) => sum - row[column], column === 0 ? draws : 1))
    expect(keys.length).toBeGreaterThan(60)
    const classes = [...kept, rest]
    const { statistic, limit } = chiSquare(
      classes.map(([count]) => count),
      classes.map(([, share]) => share),
    )
    expect(statistic).toBeLessThan(limit)
  })

  it('draws pairs, steps and arguments of their own for each image, whatever else is in the list', async () => {
    using lens = await lensOf(policy)
    const settings = parseConfig({ training: { augmentation: [{ kind: 'auto-augment' }, { kind: 'flip' }] } })
    const [augment, flip] = imageAugmentations(settings.training.augmentation)
    // Of each image: whether it is flipped and whether it is changed. Both have probabilities of their own.
    const counts = [0, 0, 0, 0]
    for (let seed = 0; seed < 2000; seed++) {
      const [changed, flipped] = [
        digest(await lens.bytes(0, { seed, list: [augment] })) !== digest(await lens.bytes(0)),
        digest(await lens.bytes(0, { seed, list: [flip] })) !== digest(await lens.bytes(0)),
      ]
      counts[Number(changed) * 2 + Number(flipped)]++
    }
    const share = (...classes: number[]) => classes.reduce((sum, i) => sum + counts[i], 0) / 2000
    const [changed, flipped] = [share(2, 3), share(1, 3)]
    const independent = [0, 1].flatMap((c) =>
      [0, 1].map((f) => (c ? changed : 1 - changed) * (f ? flipped : 1 - flipped)),
    )
    const { statistic } = chiSquare(counts, independent)
    // One degree of freedom, because both shares were estimated: exceeded with probability 1e-4.
    expect(statistic).toBeLessThan(15.1)
  })
})

describe('AutoAugment refuses', () => {
  it.each<[string, unknown, string]>([
    [
      'no policy',
      { fill: 'mean' },
      'a Float64Array with rows of 8 numbers for augmentation.list[0].policy but received undefined',
    ],
    [
      'a name',
      { fill: 'mean', policy: 'cifar10' },
      'rows of 8 numbers for augmentation.list[0].policy but received cifar10',
    ],
    [
      'half a pair',
      { fill: 'mean', policy: new Float64Array(4) },
      'augmentation.list[0].policy but received 4 numbers',
    ],
    [
      'an operation that there is not',
      { fill: 'mean', policy: Float64Array.of(15, 1, 0, 0, 0, 0, 0, 0) },
      'indices of operations below 15',
    ],
    ['half an operation', { fill: 'mean', policy: Float64Array.of(0.5, 1, 0, 0, 0, 0, 0, 0) }, 'but received 0.5'],
    [
      'a probability of 2',
      { fill: 'mean', policy: Float64Array.of(0, 2, 0, 0, 0, 0, 0, 0) },
      'probabilities from 0 to 1 for augmentation.list[0].policy but received 2',
    ],
    [
      'nine bits',
      { fill: 'mean', policy: Float64Array.of(9, 1, 9, 9, 0, 0, 0, 0) },
      'posterize from 0 to 8 for augmentation.list[0].policy but received 9',
    ],
    [
      'another colour',
      { fill: 'white', policy: new Float64Array(8) },
      'black, mean for augmentation.list[0].fill but received white',
    ],
  ])('%s', async (_, fields, message) => {
    using lens = await lensOf({ kind: 'flat', height: 4, width: 4, channels: 3 })
    const list = [
      { kind: 'auto-augment', interpolation: 'nearest', ...(fields as object) },
    ] as unknown as Augmentation['list']
    await expect((async () => lens.bytes(0, { seed: 0, list }))()).rejects.toThrow(message)
  })

  it('images of two channels, and normalised ones', async () => {
    using two = await Lens.of({ channels: 2, height: 3, width: 3 }, new Uint8Array(18), [1, 2])
    await expect(two.bytes(0, autoAugment(certain([])))).rejects.toThrow(
      'Expected images of 1 or 3 channels for auto-augment but received 2 channels',
    )
    using floats = await Lens.of({ channels: 1, height: 3, width: 3 }, new Float32Array(9))
    await expect(floats.normalised(0, autoAugment(certain([])))).rejects.toThrow('Expected images of bytes')
    using grey = await Lens.of({ channels: 1, height: 3, width: 3 }, new Uint8Array(9), [1])
    const list: Augmentation['list'] = [{ kind: 'cutout', size: 1 }, ...autoAugment(certain([])).list]
    await expect(grey.normalised(0, { seed: 0, list })).rejects.toThrow('but received normalised images')
  })
})
