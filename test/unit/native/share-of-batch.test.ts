import { describe, expect, it } from 'vitest'
import type { Batch } from '../../../src/native/index.js'
import { imagesOfShare, shareOf, shareOfBatch } from '../../../src/native/share-of-batch.js'

const batch: Batch = {
  dataset: { count: 100 } as Batch['dataset'],
  indices: Int32Array.of(10, 11, 12, 13, 14, 15, 16),
  weights: Float32Array.of(1, 2, 3, 4, 5, 6, 7),
  augmentation: { seed: 5, list: [{ kind: 'flip', probability: 0.5 }] },
  drop: { seed: 3 },
}

describe('the share of a batch', () => {
  it.each([
    [7, 3],
    [8, 2],
    [5, 5],
    [256, 7],
  ])('of %i samples: %i shares take each sample once and differ by one', (count, size) => {
    const shares = Array.from({ length: size }, (_, rank) => shareOf(count, { rank, size }))
    expect(shares[0].first).toBe(0)
    expect(shares.at(-1)!.end).toBe(count)
    shares.slice(1).forEach(({ first }, i) => {
      expect(first).toBe(shares[i].end)
    })
    const sizes = shares.map(({ first, end }) => end - first)
    expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1)
  })

  it('has the samples, weights and positions of its part', () => {
    const { dataset: _, ...share } = { dataset: undefined, ...shareOfBatch(batch, { rank: 1, size: 3 }) }
    expect(share).toEqual({
      indices: Int32Array.of(12, 13),
      weights: Float32Array.of(3, 4),
      augmentation: { ...batch.augmentation, positions: Int32Array.of(2, 3) },
      drop: { seed: 3 },
      share: { first: 2, whole: 7 },
    })
  })

  it('has the images that mixup adds after its own', () => {
    const mixup = { share: 0.7, partners: Int32Array.of(6, 5, 4, 3, 2, 1, 0) }
    const share = shareOfBatch({ ...batch, mixup }, { rank: 2, size: 3 })
    expect(share.indices).toEqual(Int32Array.of(14, 15, 16, 12, 11, 10))
    expect(share.augmentation?.positions).toEqual(Int32Array.of(4, 5, 6, 2, 1, 0))
    expect(share.mixup).toEqual({ share: 0.7, partners: Int32Array.of(3, 4, 5) })
    expect(imagesOfShare({ ...batch, mixup }, { rank: 2, size: 3 }).indices).toEqual(share.indices)
  })
})
