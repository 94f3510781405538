import { describe, expect, it } from 'vitest'
import { RandomStream } from '../../../src/base/random.js'
import { betaShare, drawMixup } from '../../../src/sampling/mixup.js'
import { chiSquare } from '../../support/chi-square.js'

describe('mixup', () => {
  it.each([0.01, 0.2, 1, 2.5, 40])('draws shares from Beta(%d, %d)', (alpha) => {
    const stream = RandomStream.named(3, 'mixup')
    const draws = Array.from({ length: 20_000 }, () => betaShare(alpha, stream))
    const mean = (of: (x: number) => number) => draws.reduce((sum, x) => sum + of(x), 0) / draws.length
    // The central moments of Beta(α, α): variance 1 / (4 (2α + 1)), fourth moment 3 / (16 (2α + 1) (2α + 3)).
    const variance = 1 / (4 * (2 * alpha + 1))
    const fourth = 3 / (16 * (2 * alpha + 1) * (2 * alpha + 3))
    expect(Math.abs(mean((x) => x) - 0.5)).toBeLessThan(4 * Math.sqrt(variance / draws.length))
    const spread = Math.sqrt((fourth - variance ** 2) / draws.length)
    expect(Math.abs(mean((x) => (x - 0.5) ** 2) - variance)).toBeLessThan(4 * spread)
    expect(draws.every((x) => x >= 0 && x <= 1)).toBe(true)
  })

  it('draws uniform shares for α = 1', () => {
    const stream = RandomStream.named(4, 'mixup')
    const counts = new Array<number>(20).fill(0)
    for (let i = 0; i < 20_000; i++) counts[Math.floor(20 * betaShare(1, stream))]++
    const { statistic, limit } = chiSquare(counts, new Array(20).fill(1 / 20))
    expect(statistic).toBeLessThan(limit)
  })

  it('gives each image one partner, and draws nothing if the list has no mixup', () => {
    const stream = RandomStream.named(5, 'mixup')
    const before = stream.state()
    expect(drawMixup([{ kind: 'flip', probability: 0.5 }], stream, 8)).toBeUndefined()
    expect(stream.state()).toEqual(before)
    const { partners } = drawMixup([{ kind: 'mixup', alpha: 0.2 }], stream, 8)!
    expect([...partners].toSorted()).toEqual([0, 1, 2, 3, 4, 5, 6, 7])
  })
})
