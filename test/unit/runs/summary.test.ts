import { describe, expect, it } from 'vitest'
import { mergeResults } from '../../../src/runs/summary.js'
import { result } from '../../support/made-up-search.js'

it('keeps the damaged images of evaluations that are compared with another table', () => {
  const before = { ...result, damaged: ['a.jpg: cut'] }
  const { groundTruth } = result
  const other = { ...result, groundTruth: groundTruth && { ...groundTruth, digest: 'other' } }
  expect(mergeResults(before, other).damaged).toEqual(['a.jpg: cut'])
  const weights = { ...other, computedFrom: { ...result.computedFrom, weights: 'others' } }
  expect(mergeResults(before, weights).damaged).toBeUndefined()
  expect(mergeResults(before, { ...other, rankedImages: 7 }).damaged).toBeUndefined()
})

describe('a result without a ranking', () => {
  const sizes = {
    kendallTauByParameters: 0.4,
    kendallTauByMultiplyAdds: 0.3,
    kendallTauWithParameters: 0.5,
    kendallTauWithMultiplyAdds: 0.6,
  }
  const none = { kendallTau: null, kendallTauByLoss: null, spearman: null, precisionAtTop: null, bestFound: null }
  const found = { ...result, ...none, ...sizes, kendallTauByParameters: null, ranked: 0, withGroundTruth: 0, top: [] }

  it('keeps the ranking of before, and with it all that was compared', () => {
    const before = { ...result, ...sizes, rankedBy: 'loss' } as const
    const kept = { ...sizes, rankedBy: 'loss', kendallTau: 0.4123, ranked: 300, top: result.top }
    expect(mergeResults(before, found)).toMatchObject(kept)
  })

  it('lacks what the version of before did not know', () => {
    const text = JSON.stringify(mergeResults(result, found))
    expect(text).toContain('"kendallTau":0.4123')
    expect(text).not.toMatch(/kendallTau(By|With)|rankedBy/)
  })

  it('keeps nothing that was computed from other weights', () => {
    const before = { ...result, computedFrom: { ...result.computedFrom, weights: 'others' } }
    expect(mergeResults(before, found)).toMatchObject({ kendallTau: null, ranked: 0, top: [] })
  })
})
