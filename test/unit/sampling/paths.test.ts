import { describe, expect, it } from 'vitest'
import { RandomStream } from '../../../src/base/random.js'
import { PathSampler, restrictDistribution } from '../../../src/sampling/paths.js'
import { chiSquare } from '../../support/chi-square.js'

describe('PathSampler', () => {
  it('draws every choice independently from a shared distribution', () => {
    const p = Float64Array.of(0.1, 0.2, 0.7)
    const sampler = new PathSampler([p, p])
    const random = RandomStream.named(0, 'test')
    const pairs = new Array<number>(9).fill(0)
    for (let i = 0; i < 50_000; i++) {
      const [a, b] = sampler.draw(random)
      pairs[3 * a + b]++
    }
    const { statistic, limit } = chiSquare(
      pairs,
      [...p].flatMap((a) => [...p].map((b) => a * b)),
    )
    expect(statistic).toBeLessThan(limit)
  })

  it('draws each choice from its own distribution', () => {
    const sampler = new PathSampler([Float64Array.of(1, 0), Float64Array.of(0, 1), Float64Array.of(1, 0)])
    const random = RandomStream.named(1, 'test')
    for (let i = 0; i < 100; i++) expect(sampler.draw(random)).toEqual([0, 1, 0])
  })

  it('weighs paths so that an estimate over draws is the uniform mean', () => {
    const p = Float64Array.of(0.6, 0.3, 0.1)
    const sampler = new PathSampler([p, p, p])
    expect(sampler.uniformRatio([0, 0, 0])).toBeCloseTo(1 / (3 * 0.6) ** 3, 12)
    expect(sampler.uniformRatio([0, 1, 2])).toBeCloseTo(1 / (1.8 * 0.9 * 0.3), 12)
    const random = RandomStream.named(2, 'test')
    const value = (path: readonly number[]) => path[0] + 10 * path[1] + 100 * path[2]
    let sum = 0
    let squares = 0
    const draws = 100_000
    for (let i = 0; i < draws; i++) {
      const path = sampler.draw(random)
      const x = sampler.uniformRatio(path) * value(path)
      sum += x
      squares += x * x
    }
    const mean = sum / draws
    const error = Math.sqrt((squares / draws - mean * mean) / draws)
    expect(Math.abs(mean - 111)).toBeLessThan(4 * error)
  })

  it('has ratio 1 where sampling is uniform', () => {
    const choices = [
      { name: 'edge', operations: [0, 1, 2, 3, 4] },
      { name: 'parents', connections: 3 },
      { name: 'layer', operations: [1, 2] },
    ]
    const sampler = PathSampler.uniform(choices)
    expect(sampler.uniformRatio([4, 2, 1])).toBeCloseTo(1, 12)
    const random = RandomStream.named(3, 'test')
    const counts = new Array<number>(30).fill(0)
    for (let i = 0; i < 60_000; i++) {
      const [a, b, c] = sampler.draw(random)
      counts[6 * a + 2 * b + c]++
    }
    const { statistic, limit } = chiSquare(counts, new Array(30).fill(1 / 30))
    expect(statistic).toBeLessThan(limit)
  })
})

describe('restrictDistribution', () => {
  it('keeps the proportions of the operations that can be chosen', () => {
    expect([...restrictDistribution(Float64Array.of(0.1, 0.2, 0.3, 0.4), [1, 2])]).toEqual([0.4, 0.6])
    const all = Float64Array.of(0.3, 0.1, 0.6)
    expect(restrictDistribution(all, [0, 1, 2])).toEqual(all)
  })

  it('is uniform where none of them has any probability', () => {
    expect([...restrictDistribution(Float64Array.of(0, 0, 1), [0, 1])]).toEqual([0.5, 0.5])
  })
})
