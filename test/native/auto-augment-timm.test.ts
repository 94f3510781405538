/** AutoAugment's policies for ImageNet are timm's, and moved pixels are Pillow's, byte for byte. */
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { ORIGINAL, type Pairs, timmArguments, V0 } from '../../src/data/auto-augment.js'
import { IMAGE_OPERATIONS, type ImageOperation } from '../../src/native/image-operations.js'
import { Lens } from '../support/lens.js'

type Step = [operation: ImageOperation, probability: number, argument: number]
const fixture: {
  policies: Record<'original' | 'v0', [Step, Step][]>
  operations: {
    kind: keyof typeof PIXELS
    height: number
    width: number
    filter: 'nearest' | 'bilinear' | 'bicubic'
    results: [operation: ImageOperation, argument: number, digest: string][]
  }[]
} = JSON.parse(readFileSync(new URL('../fixtures/auto-augment-timm.json', import.meta.url), 'utf8'))

/** As in scripts/fixtures/auto_augment_timm.py; `i` counts height × width × channels. */
const PIXELS = {
  noise: (_x: number, _y: number, _c: number, i: number) => (i * i * 31 + i * 17) % 256,
  smooth: (x: number, y: number, c: number) => 60 + ((3 * y + 2 * x + 11 * c) % 120),
}
const FILL = [125, 0, 255]

/** timm moves images in either direction. */
const MOVING = /^(rotate|shear-.|translate-.)$/

describe.each([
  ['original', ORIGINAL, 4],
  ['v0', V0, 0],
] as const)('the policy %s', (name, pairs: Pairs, keptBits) => {
  it('has the steps of timm', () => {
    const steps = pairs.map((pair) =>
      pair.map(([operation, probability, level]) => {
        const [one, other] = timmArguments(keptBits)(operation, level)
        // timm draws one of two signs, and the positive one is written down; `v0` has no negative level.
        expect(other, operation).toBe(MOVING.test(operation) ? -one : one)
        return [operation, probability, one]
      }),
    )
    const expected = fixture.policies[name]
    expect(steps).toHaveLength(25)
    for (const [i, pair] of steps.entries()) {
      for (const [j, [operation, probability, argument]] of pair.entries()) {
        expect([operation, probability]).toEqual(expected[i][j].slice(0, 2))
        expect(argument).toBeCloseTo(expected[i][j][2], 12)
      }
    }
  })
})

it.each(fixture.operations)(
  '$kind images of $height×$width: $filter',
  async ({ kind, height, width, filter, results }) => {
    const planes = Uint8Array.from({ length: 3 * height * width }, (_, j) => {
      const [x, y, c] = [j % width, Math.floor(j / width) % height, Math.floor(j / (width * height))]
      return PIXELS[kind](x, y, c, (y * width + x) * 3 + c)
    })
    using lens = await Lens.of({ channels: 3, height, width }, planes, FILL)
    for (const [operation, argument, digest] of results) {
      const index = IMAGE_OPERATIONS.indexOf(operation)
      const policy = Float64Array.of(index, 1, argument, argument, 0, 0, 0, 0)
      const list = [{ kind: 'auto-augment', policy, fill: 'mean', interpolation: filter, wholePixels: false }] as const
      const bytes = await lens.bytes(0, { seed: 0, list })
      expect([operation, argument, createHash('sha256').update(bytes).digest('hex').slice(0, 8)]).toEqual([
        operation,
        argument,
        digest,
      ])
    }
  },
)
