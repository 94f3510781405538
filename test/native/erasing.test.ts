/** Cutout and random erasing: where the holes are, what is in them, and that nothing else changes. */
import { beforeAll, describe, expect, it } from 'vitest'
import { type Augmentation, setThreads } from '../../src/native/index.js'
import { chiSquare } from '../support/chi-square.js'
import { Lens } from '../support/lens.js'
import { chiSquareNormal } from '../support/normal.js'

const SIDE = 8
const SHAPE = { channels: 2, height: SIDE, width: SIDE }
const MEAN = [0, 0]
/** No pixel is the mean, which is 0. */
const PIXELS = Uint8Array.from({ length: 2 * SIDE * SIDE }, (_, i) => 1 + i)

// Images of this size are too small to share.
beforeAll(() => setThreads(1))

/** The rectangle of the pixels that differ; they fill it. */
function holeOf(before: readonly number[], after: readonly number[]) {
  const rows: number[] = []
  const columns: number[] = []
  let changed = 0
  for (let pixel = 0; pixel < SIDE * SIDE; pixel++) {
    if ([0, 1].every((c) => Math.abs(before[2 * pixel + c] - after[2 * pixel + c]) < 1e-4)) continue
    changed++
    rows.push(Math.floor(pixel / SIDE))
    columns.push(pixel % SIDE)
  }
  if (changed === 0) return undefined
  const [top, bottom, left, right] = [
    Math.min(...rows),
    Math.max(...rows) + 1,
    Math.min(...columns),
    Math.max(...columns) + 1,
  ]
  expect(changed).toBe((bottom - top) * (right - left))
  return { top, left, height: bottom - top, width: right - left }
}

function insideOf(image: readonly number[], { top, left, height, width }: NonNullable<ReturnType<typeof holeOf>>) {
  return image.filter((_, i) => {
    const [y, x] = [Math.floor(i / 2 / SIDE), Math.floor(i / 2) % SIDE]
    return y >= top && y < top + height && x >= left && x < left + width
  })
}

const lens = () => Lens.of(SHAPE, PIXELS, MEAN)

describe('cutout', () => {
  const cutout = (size: number, seed: number): Augmentation => ({ seed, list: [{ kind: 'cutout', size }] })

  it.each([3, 4])('of %d pixels makes a hole of zeros around any pixel, clipped at the border', async (size) => {
    using images = await lens()
    const before = await images.normalised(0)
    /** The image with a hole, by its centre, as quark0/darts cuts it. */
    const holes = new Map<string, number>()
    for (let y = 0; y < SIDE; y++) {
      for (let x = 0; x < SIDE; x++) {
        const [top, left] = [y - Math.floor(size / 2), x - Math.floor(size / 2)]
        const inside = (i: number, start: number) => i >= start && i < start + size
        const mask = Array.from({ length: SIDE * SIDE }, (_, i) =>
          Number(inside(Math.floor(i / SIDE), top) && inside(i % SIDE, left)),
        )
        holes.set(mask.join(''), 0)
      }
    }
    expect(holes.size).toBe(SIDE * SIDE)
    const wrong: number[] = []
    for (let seed = 0; seed < 3000; seed++) {
      const after = await images.normalised(0, cutout(size, seed))
      const mask = Array.from({ length: SIDE * SIDE }, (_, i) => Number(after[2 * i] === 0))
      if (after.some((value, i) => value !== (mask[i >> 1] === 1 ? 0 : before[i]))) wrong.push(seed)
      const hole = mask.join('')
      if (holes.has(hole)) holes.set(hole, holes.get(hole)! + 1)
      else wrong.push(seed)
    }
    expect(wrong).toEqual([])
    const { statistic, limit } = chiSquare([...holes.values()], new Array(holes.size).fill(1 / holes.size))
    expect(statistic).toBeLessThan(limit)
  })

  it('comes after normalisation, and other augmentations move its hole', async () => {
    using images = await lens()
    const hole = { kind: 'cutout', size: 4 } as const
    const flip = { kind: 'flip', probability: 1 } as const
    const cut = await images.normalised(0, { seed: 3, list: [hole] })
    const flipped = await images.normalised(0, { seed: 3, list: [hole, flip] })
    const mirrored = cut.map((_, i) => {
      const [pixel, c] = [i >> 1, i % 2]
      return cut[2 * (pixel - (pixel % SIDE) + SIDE - 1 - (pixel % SIDE)) + c]
    })
    expect(flipped).toEqual(mirrored)
    const cutLater = await images.normalised(0, { seed: 3, list: [flip, hole] })
    expect(cutLater).not.toEqual(flipped)
    expect(cutLater.map((value) => value === 0)).toEqual(cut.map((value) => value === 0))
  })

  it('works on images that are floats', async () => {
    using images = await Lens.of(SHAPE, Float32Array.from(PIXELS))
    using bytes = await lens()
    const zeros = (image: number[]) => image.map((value) => value === 0)
    expect(zeros(await images.normalised(0, cutout(4, 5)))).toEqual(zeros(await bytes.normalised(0, cutout(4, 5))))
  })
})

describe('random erasing', () => {
  const erasing = (fields: object, seed: number): Augmentation => ({
    seed,
    list: [
      {
        kind: 'random-erasing',
        probability: 1,
        minArea: 0.02,
        maxArea: 1 / 3,
        minAspect: 0.3,
        mode: 'const',
        ...fields,
      },
    ],
  })

  it('normalises images that it leaves whole too, which matters to what follows', async () => {
    const grey = new Uint8Array(2 * SIDE * SIDE).fill(100)
    using images = await Lens.of(SHAPE, grey, [100, 100])
    const padding = { kind: 'pad-crop', padding: 4 } as const
    for (let seed = 0; seed < 8; seed++) {
      const [erase] = erasing({ probability: 0.5 }, seed).list
      const seen = await images.normalised(0, { seed, list: [erase, padding] })
      expect(Math.max(...seen.map(Math.abs)), `${seed}`).toBeLessThan(1e-6)
    }
  })

  /** Probabilities of heights and widths in one try, by the midpoint rule over area and logarithm of the aspect. */
  function sizes(minArea: number, maxArea: number, minAspect: number): Map<string, number> {
    const grid = 1500
    const found = new Map<string, number>()
    for (let i = 0; i < grid; i++) {
      const area = (minArea + ((maxArea - minArea) * (i + 0.5)) / grid) * SIDE * SIDE
      for (let j = 0; j < grid; j++) {
        const aspect = Math.exp(Math.log(minAspect) * (1 - (2 * (j + 0.5)) / grid))
        const [height, width] = [Math.round(Math.sqrt(area * aspect)), Math.round(Math.sqrt(area / aspect))]
        const key = height < SIDE && width < SIDE ? `${height}x${width}` : 'none'
        found.set(key, (found.get(key) ?? 0) + 1 / grid ** 2)
      }
    }
    return found
  }

  it.each([
    [0.02, 1 / 3, 0.3, 1],
    [0.3, 0.9, 0.2, 0.7],
  ])('of areas from %d to %d, aspects from %d, in a share of %d', async (minArea, maxArea, minAspect, probability) => {
    using images = await lens()
    const before = await images.normalised(0)
    const oneTry = sizes(minArea, maxArea, minAspect)
    const refused = oneTry.get('none') ?? 0
    oneTry.delete('none')
    // Ten tries, the first that fits.
    const shares = new Map([...oneTry].map(([key, share]) => [key, (share * (1 - refused ** 10)) / (1 - refused)]))
    // A rectangle without height or width changes nothing, as no rectangle does.
    let nothing = refused ** 10
    for (const [key, share] of shares) {
      if (!key.split('x').includes('0')) continue
      nothing += share
      shares.delete(key)
    }
    const expected = new Map([...shares].map(([key, share]) => [key, share * probability]))
    expected.set('nothing', 1 - probability + probability * nothing)
    const counts = new Map([...expected.keys()].map((key) => [key, 0]))
    const positions = new Map<string, number[]>()
    for (let seed = 0; seed < 4000; seed++) {
      const after = await images.normalised(0, erasing({ minArea, maxArea, minAspect, probability }, seed))
      const hole = holeOf(before, after)
      const key = hole === undefined ? 'nothing' : `${hole.height}x${hole.width}`
      counts.set(key, (counts.get(key) ?? 0) + 1)
      if (hole === undefined) continue
      expect(insideOf(after, hole).every((value) => value === 0)).toBe(true)
      const across = SIDE - hole.width + 1
      if (!positions.has(key)) positions.set(key, new Array(across * (SIDE - hole.height + 1)).fill(0))
      positions.get(key)![hole.top * across + hole.left]++
    }
    const keys = [...expected.keys()].filter((key) => expected.get(key)! * 4000 >= 5)
    const inKeys = (of: Map<string, number>) => keys.map((key) => of.get(key)!)
    const sum = (values: number[]) => values.reduce((a, b) => a + b, 0)
    const { statistic, limit } = chiSquare(
      [...inKeys(counts), 4000 - sum(inKeys(counts))],
      [...inKeys(expected), Math.max(0, 1 - sum(inKeys(expected)))],
    )
    expect(statistic).toBeLessThan(limit)
    // Of each size: all places with the same probability.
    const often = [...positions.values()].filter((places) => sum(places) >= 5 * places.length && places.length > 1)
    expect(often.length).toBeGreaterThan(0)
    for (const places of often) {
      const uniform = chiSquare(places, new Array(places.length).fill(1 / places.length))
      expect(uniform.statistic).toBeLessThan(uniform.limit)
    }
  })

  it('fills the rectangle with normal noise, one colour or one number for each', async () => {
    using images = await lens()
    const before = await images.normalised(0)
    const numbers: number[] = []
    const colours: number[] = []
    for (let seed = 0; seed < 400; seed++) {
      const noisy = await images.normalised(0, erasing({ mode: 'pixel', minArea: 0.1 }, seed))
      const hole = holeOf(before, noisy)!
      numbers.push(...insideOf(noisy, hole))
      const plain = await images.normalised(0, erasing({ mode: 'rand', minArea: 0.1 }, seed))
      expect(holeOf(before, plain)).toEqual(hole)
      const inside = insideOf(plain, hole)
      for (const [i, value] of inside.entries()) expect(value).toBe(inside[i % 2])
      colours.push(inside[0], inside[1])
    }
    expect(new Set(numbers.map((value) => value.toFixed(4))).size).toBeGreaterThan(0.5 * numbers.length)
    // 19 degrees of freedom: exceeded with probability 1e-4.
    expect(chiSquareNormal(numbers, 20)).toBeLessThan(52.4)
    expect(chiSquareNormal(colours, 20)).toBeLessThan(52.4)
    const products = colours.flatMap((value, i) => (i % 2 === 0 ? [value * colours[i + 1]] : []))
    // Channels are independent: the mean product is within four standard deviations of 0.
    expect(Math.abs(products.reduce((a, b) => a + b) / products.length)).toBeLessThan(4 / Math.sqrt(products.length))
  })

  it.each<[object, string]>([
    [{ probability: 1.5 }, 'a number from 0 to 1 for augmentation.list[0].probability but received 1.5'],
    [{ mode: 'noise' }, 'const, rand, pixel for augmentation.list[0].mode but received noise'],
    [{ minArea: 0.5 }, 'at most maxArea for augmentation.list[0].minArea but received 0.5'],
    [{ minAspect: 0 }, 'a number above 0 for augmentation.list[0].minAspect but received 0'],
  ])('refuses %j', async (fields, message) => {
    using images = await lens()
    await expect((async () => images.normalised(0, erasing(fields, 0)))()).rejects.toThrow(`Expected ${message}`)
  })
})
