import { describe, expect, it } from 'vitest'
import type { ParameterSpec } from '../../../src/spaces/space.js'
import { gradientVariance } from '../../../src/training/gradient-variance.js'

const spec = (name: string, shape: number[], operation?: number): ParameterSpec => ({
  name,
  shape,
  init: { kind: 'zeros' },
  ...(operation === undefined ? {} : { operation }),
})

const specs = [
  spec('stem', [2, 3]),
  spec('a.weight', [4], 1),
  spec('a.bias', [2], 1),
  spec('b.weight', [10], 2),
  spec('c.weight', [5], 3),
]
const operations = ['none', 'a', 'b', 'c']

describe('gradientVariance', () => {
  it('averages over scalars, leaves unsampled weights out and counts them', () => {
    const moments = { timesSampled: Float64Array.of(9, 3, 3, 0, 1), meanVariance: Float64Array.of(1, 2, 0, 99, 4) }
    expect(gradientVariance(specs, operations, moments)).toEqual({
      all: (6 * 1 + 4 * 2 + 2 * 0 + 5 * 4) / 17,
      byOperation: { a: 8 / 6, b: null, c: 4 },
      candidates: (8 + 20) / 11,
      neverSampled: 10,
    })
  })

  it('has no value where nothing was sampled', () => {
    const moments = { timesSampled: new Float64Array(5), meanVariance: new Float64Array(5) }
    expect(gradientVariance(specs, operations, moments)).toEqual({
      all: 0,
      byOperation: { a: null, b: null, c: null },
      candidates: null,
      neverSampled: 27,
    })
  })
})
