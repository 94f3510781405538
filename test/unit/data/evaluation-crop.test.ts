import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { cropForEvaluation, evaluationCrop } from '../../../src/data/evaluation-crop.js'
import { resample } from '../../../src/data/resample.js'

interface Fixture {
  readonly height: number
  readonly width: number
  readonly size: number
  /** Bytes in base64. */
  readonly planes: string
}

const FIXTURES = JSON.parse(
  readFileSync(new URL('../../fixtures/images/evaluation-crops.json', import.meta.url), 'utf8'),
) as readonly Fixture[]

describe('evaluationCrop', () => {
  it.each([
    // A photograph of ImageNet: 375 to 256, 500 to 341.33; (341 − 224) / 2 = 58.5, which Python rounds to the even 58.
    [{ height: 375, width: 500 }, 224, { height: 256, width: 341 }, 16, 58],
    [{ height: 500, width: 375 }, 224, { height: 341, width: 256 }, 58, 16],
    // 339 − 224 = 115, whose half is nearer to no even number than 58.
    [{ height: 300, width: 398 }, 224, { height: 256, width: 339 }, 16, 58],
    // 32 · 256 / 224 = 36.57.
    [{ height: 100, width: 100 }, 32, { height: 37, width: 37 }, 2, 2],
    [{ height: 1, width: 4 }, 1, { height: 1, width: 4 }, 0, 2],
  ] as const)('of %o for %i', (extents, size, resized, top, left) => {
    expect(evaluationCrop(extents, size)).toEqual({ resized, top, left })
  })
})

describe('cropForEvaluation', () => {
  it.each(FIXTURES)('equals Pillow on $height×$width for $size', ({ height, width, size, planes }) => {
    const pixels = Uint8Array.from({ length: height * width * 3 }, (_, index) => index ** 2 % 251)
    const received = new Uint8Array(3 * size * size)
    cropForEvaluation(pixels, { height, width }, size, 'bilinear', received)
    expect(Buffer.from(received).toString('base64')).toBe(planes)
  })
})

describe('resample', () => {
  const grey = (values: readonly number[]) => Uint8Array.from(values.flatMap((value) => [value, value, value]))

  it('averages with a triangle as it shrinks', () => {
    const planes = new Uint8Array(3 * 2)
    const columns = { from: 4, to: 2, start: 0, count: 2 }
    resample(grey([10, 20, 40, 80]), { from: 1, to: 1, start: 0, count: 1 }, columns, 'bilinear', planes)
    // Centres at 1 and 3; weights 3, 3, 1 of 7 on the left, and 1, 3, 3 on the right.
    expect([...planes]).toEqual([19, 54, 19, 54, 19, 54])
  })

  it('interpolates between centres as it enlarges, and keeps what was asked for', () => {
    const planes = new Uint8Array(3 * 2)
    const rows = { from: 2, to: 4, start: 1, count: 2 }
    resample(grey([0, 100]), rows, { from: 1, to: 1, start: 0, count: 1 }, 'bilinear', planes)
    // The rows are 0, 25, 75, 100.
    expect([...planes]).toEqual([25, 75, 25, 75, 25, 75])
  })

  it('overshoots at an edge with the cubic, within the range of bytes', () => {
    const rows = { from: 6, to: 12, start: 0, count: 12 }
    const resized = (values: readonly number[]) => {
      const planes = new Uint8Array(3 * 12)
      resample(grey(values), rows, { from: 1, to: 1, start: 0, count: 1 }, 'bicubic', planes)
      return [...planes.subarray(0, 12)]
    }
    // PIL.Image.resize((1, 12), Image.Resampling.BICUBIC).
    expect(resized([60, 60, 60, 200, 200, 200])).toEqual([60, 60, 60, 57, 50, 88, 172, 210, 203, 200, 200, 200])
    expect(resized([0, 0, 0, 255, 255, 255]).slice(3, 9)).toEqual([0, 0, 52, 203, 255, 255])
  })
})
