import { describe, expect, it } from 'vitest'
import { RandomStream } from '../../../src/base/random.js'
import { Categorical } from '../../../src/sampling/categorical.js'
import { chiSquare, histogram } from '../../support/chi-square.js'

describe('Categorical', () => {
  it('draws in proportion to weights that need not sum to 1', () => {
    const weights = [3, 1, 0.5, 0, 5.5]
    const distribution = new Categorical(weights)
    const random = RandomStream.named(0, 'test')
    const { statistic, limit } = chiSquare(
      histogram(5, 100_000, () => distribution.draw(random)),
      weights.map((weight) => weight / 10),
    )
    expect(statistic).toBeLessThan(limit)
  })

  it('draws rightly from thousands of categories', () => {
    const weights = Array.from({ length: 5000 }, (_, i) => 1 + (i % 7))
    const sum = weights.reduce((a, b) => a + b)
    const distribution = new Categorical(weights)
    const random = RandomStream.named(1, 'test')
    const { statistic, limit } = chiSquare(
      histogram(5000, 500_000, () => distribution.draw(random)),
      weights.map((weight) => weight / sum),
    )
    expect(statistic).toBeLessThan(limit)
  })

  it('never draws what has weight zero, wherever the draw falls', () => {
    const distribution = new Categorical([0, 0, 1, 0, 1, 0, 0])
    const at = (value: number) => distribution.draw({ uniform: () => value } as RandomStream)
    expect(at(0)).toBe(2)
    expect(at(0.5)).toBe(4)
    expect(at(1 - 2 ** -53)).toBe(4)
    // 0.1 + 0.2 + … accumulates rounding: the last draw must still fall inside.
    const rounded = new Categorical([...new Array(10).fill(0.1), 0])
    expect(rounded.draw({ uniform: () => 1 - 2 ** -53 } as RandomStream)).toBe(9)
  })

  it('refuses weights that are no distribution', () => {
    expect(() => new Categorical([1, -1])).toThrow('Expected weights of at least 0 but received -1 at index 1')
    expect(() => new Categorical([1, Number.NaN])).toThrow('received NaN')
    expect(() => new Categorical([0, 0])).toThrow('Expected weights with a positive sum but received 0')
    expect(() => new Categorical([])).toThrow('positive sum')
    expect(() => new Categorical([1, Number.POSITIVE_INFINITY])).toThrow('received Infinity')
  })
})
