import { describe, expect, it } from 'vitest'
import { channelStatistics, downsample, padTo } from '../../../src/data/transform.js'

/** Two images of two channels, 2×3, with pixels 1, 2, 3 … in storage order. */
const split = {
  images: Uint8Array.from({ length: 24 }, (_, index) => index + 1),
  labels: Int32Array.from([0, 1]),
  channels: 2,
  height: 2,
  width: 3,
}

describe('padTo', () => {
  it('centres every plane of every image on black', () => {
    const padded = padTo(split, 5)
    expect(padded).toMatchObject({ channels: 2, height: 5, width: 5 })
    for (let plane = 0; plane < 4; plane++) {
      const at = (y: number, x: number) => padded.images[(plane * 5 + y) * 5 + x]
      const first = plane * 6 + 1
      expect([at(1, 1), at(1, 2), at(1, 3)]).toEqual([first, first + 1, first + 2])
      expect([at(2, 1), at(2, 2), at(2, 3)]).toEqual([first + 3, first + 4, first + 5])
    }
    expect(padded.images.reduce((sum, pixel) => sum + pixel, 0)).toBe((24 * 25) / 2)
  })

  it('refuses a size below the image', () => {
    expect(() => padTo(split, 2)).toThrow(
      'Expected an integer of at least the image size 2×3 for data.padTo but received 2',
    )
    expect(() => padTo(split, 1e8)).toThrow(
      /^Expected a size with which the images fit in half of the memory for data\.padTo but received 100000000, which takes \d+\.0 GB for \d+ images$/,
    )
  })
})

describe('downsample', () => {
  it('averages blocks, plane by plane', () => {
    const images = Uint8Array.from([0, 1, 10, 10, 2, 3, 10, 11, 100, 100, 200, 200, 100, 100, 200, 201])
    const half = downsample({ images, labels: Int32Array.of(0), channels: 1, height: 4, width: 4 }, 2)
    expect(half).toMatchObject({ height: 2, width: 2 })
    expect([...half.images]).toEqual([2, 10, 100, 200])
    const planes = downsample({ images, labels: Int32Array.of(0), channels: 4, height: 2, width: 2 }, 2)
    expect([...planes.images]).toEqual([5, 7, 150, 150].map((_, i) => Math.round(mean(images.slice(4 * i, 4 * i + 4)))))
  })

  it('refuses a factor that does not divide the image', () => {
    expect(() => downsample(split, 2)).toThrow(
      'Expected a divisor of the image size 2×3 for data.downsample but received 2',
    )
  })
})

describe('channelStatistics', () => {
  it('equals the two-pass mean and population deviation of each channel', () => {
    const { mean: means, std } = channelStatistics(split)
    for (const channel of [0, 1]) {
      const pixels = [0, 1].flatMap((image) => {
        const start = (image * 2 + channel) * 6
        return [...split.images.slice(start, start + 6)].map((pixel) => pixel / 255)
      })
      expect(means[channel]).toBeCloseTo(mean(pixels), 12)
      expect(std[channel]).toBeCloseTo(Math.sqrt(mean(pixels.map((pixel) => (pixel - mean(pixels)) ** 2))), 12)
    }
  })

  it('scales a constant channel by one', () => {
    const constant = { images: new Uint8Array(4).fill(51), labels: Int32Array.of(0), channels: 1, height: 2, width: 2 }
    expect(channelStatistics(constant)).toEqual({ mean: [0.2], std: [1] })
  })
})

function mean(values: ArrayLike<number>): number {
  return Array.from(values).reduce((sum, value) => sum + value, 0) / values.length
}
