import { describe, expect, it } from 'vitest'
import { RandomStream } from '../../../src/base/random.js'
import { drawnIndices, sampleWithoutReplacement, shuffledIndices } from '../../../src/sampling/indices.js'
import { chiSquare } from '../../support/chi-square.js'

describe('shuffledIndices', () => {
  it('holds every index once', () => {
    const indices = shuffledIndices(1000, RandomStream.named(0, 'test'))
    expect([...indices].sort((a, b) => a - b)).toEqual([...Array(1000).keys()])
  })

  it('gives all orders equal probability', () => {
    const random = RandomStream.named(1, 'test')
    const orders = new Map<string, number>()
    for (let i = 0; i < 24_000; i++) {
      const order = shuffledIndices(4, random).join()
      orders.set(order, (orders.get(order) ?? 0) + 1)
    }
    expect(orders.size).toBe(24)
    const { statistic, limit } = chiSquare([...orders.values()], new Array(24).fill(1 / 24))
    expect(statistic).toBeLessThan(limit)
  })
})

describe('drawnIndices', () => {
  it('draws as many indices as there are images, with replacement, in proportion to q', () => {
    const q = Float64Array.from({ length: 50 }, (_, i) => (i + 1) / 1275)
    const random = RandomStream.named(2, 'test')
    const counts = new Array<number>(50).fill(0)
    for (let epoch = 0; epoch < 2000; epoch++) {
      const indices = drawnIndices(q, random)
      expect(indices).toHaveLength(50)
      for (const index of indices) counts[index]++
    }
    const { statistic, limit } = chiSquare(counts, q)
    expect(statistic).toBeLessThan(limit)
  })

  it('leaves the expected share of images out: (1 − 1/N)^N of them', () => {
    const seen = new Set(drawnIndices(new Float64Array(20_000).fill(1 / 20_000), RandomStream.named(3, 'test')))
    // Four standard deviations of the share of unseen images: √(e⁻¹(1 − 2e⁻¹)/N) ≈ 0.0022.
    expect(Math.abs(1 - seen.size / 20_000 - Math.exp(-1))).toBeLessThan(0.009)
  })
})

describe('sampleWithoutReplacement', () => {
  it('gives every subset equal probability and leaves the list alone', () => {
    const elements = ['a', 'b', 'c', 'd', 'e']
    const random = RandomStream.named(4, 'test')
    const subsets = new Map<string, number>()
    for (let i = 0; i < 10_000; i++) {
      const subset = sampleWithoutReplacement(elements, 2, random).sort().join('')
      subsets.set(subset, (subsets.get(subset) ?? 0) + 1)
    }
    expect(subsets.size).toBe(10)
    const { statistic, limit } = chiSquare([...subsets.values()], new Array(10).fill(0.1))
    expect(statistic).toBeLessThan(limit)
    expect(elements).toEqual(['a', 'b', 'c', 'd', 'e'])
  })
})
