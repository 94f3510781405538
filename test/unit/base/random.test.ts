import { describe, expect, it } from 'vitest'
import {
  createRandom,
  RandomStream,
  randomState,
  reseedRandom,
  restoreRandom,
  STREAMS,
} from '../../../src/base/random.js'
import { chiSquare, histogram } from '../../support/chi-square.js'

const uniform = (bins: number) => new Array<number>(bins).fill(1 / bins)

describe('RandomStream', () => {
  it('draws uniformly from [0, 1), in coarse bins and in the low bits', () => {
    const random = RandomStream.named(0, 'test')
    const coarse = chiSquare(
      histogram(100, 100_000, () => Math.floor(random.uniform() * 100)),
      uniform(100),
    )
    expect(coarse.statistic).toBeLessThan(coarse.limit)
    const fine = chiSquare(
      histogram(64, 100_000, () => Math.floor(((random.uniform() * 2 ** 32) % 1) * 64)),
      uniform(64),
    )
    expect(fine.statistic).toBeLessThan(fine.limit)
  })

  it('draws whole numbers below a bound without bias', () => {
    const random = RandomStream.named(1, 'test')
    const { statistic, limit } = chiSquare(
      histogram(7, 70_000, () => random.integer(7)),
      uniform(7),
    )
    expect(statistic).toBeLessThan(limit)
    expect(Array.from({ length: 100 }, () => random.integer(1))).toEqual(new Array(100).fill(0))
    const large = Array.from({ length: 1000 }, () => random.integer(2 ** 32))
    expect(Math.max(...large)).toBeGreaterThan(2 ** 31)
    expect(Math.min(...large)).toBeGreaterThanOrEqual(0)
  })

  it('goes on from a state that went through JSON exactly as the original does', () => {
    const original = RandomStream.named(2, 'test')
    for (let i = 0; i < 1000; i++) original.uniform()
    const copy = new RandomStream(JSON.parse(JSON.stringify(original.state())))
    const draws = () => Array.from({ length: 1000 }, () => [original.uniform(), original.integer(1000)])
    const state = original.state()
    const expected = draws()
    expect(Array.from({ length: 1000 }, () => [copy.uniform(), copy.integer(1000)])).toEqual(expected)
    original.restore(state)
    expect(draws()).toEqual(expected)
  })

  it('has unrelated streams for neighbouring seeds and names', () => {
    const first = (seed: number, name: string) => RandomStream.named(seed, name).uniform()
    const draws = [...Array(100).keys()].flatMap((seed) => STREAMS.map((name) => first(seed, name)))
    expect(new Set(draws).size).toBe(draws.length)
    const { statistic, limit } = chiSquare(
      histogram(10, draws.length, () => Math.floor(draws.pop()! * 10)),
      uniform(10),
    )
    expect(statistic).toBeLessThan(limit)
  })
})

describe('createRandom', () => {
  it('keeps streams independent: drawing from one leaves the others alone', () => {
    const a = createRandom(3)
    const b = createRandom(3)
    for (let i = 0; i < 10; i++) a.data.uniform()
    expect(a.paths.uniform()).toBe(b.paths.uniform())
  })

  it('leaves a stream that a saved state lacks where it is', () => {
    const { drop: _, ...saved } = randomState(createRandom(4))
    const random = createRandom(99)
    restoreRandom(random, saved)
    expect(random.paths.uniform()).toBe(createRandom(4).paths.uniform())
    expect(random.drop.uniform()).toBe(createRandom(99).drop.uniform())
  })

  it('has streams of any other name, with the state of the others', () => {
    const random = createRandom(4)
    expect(random.stream('gate').uniform()).toBe(RandomStream.named(4, 'gate').uniform())
    expect(random.stream('gate')).toBe(random.stream('gate'))
    expect(random.stream('paths')).toBe(random.paths)
    const state = JSON.parse(JSON.stringify(randomState(random)))
    expect(Object.keys(state)).toEqual([...STREAMS, 'gate'])
    const other = createRandom(99)
    restoreRandom(other, state)
    expect(other.stream('gate').uniform()).toBe(random.stream('gate').uniform())
  })

  it('begins anew with another seed, streams of any name included', () => {
    const random = createRandom(4)
    random.stream('gate').uniform()
    random.data.uniform()
    reseedRandom(random, 5)
    expect(random.data.uniform()).toBe(createRandom(5).data.uniform())
    expect(random.stream('gate').uniform()).toBe(createRandom(5).stream('gate').uniform())
  })

  it('has a seed that is a whole number', () => {
    for (const seed of [Number.NaN, 1.5, 2 ** 60]) {
      expect(() => createRandom(seed)).toThrow(`Expected a whole number for the seed but received ${seed}`)
    }
  })

  it('restores all streams at once', () => {
    const random = createRandom(4)
    for (const name of STREAMS) random[name].uniform()
    const state = JSON.parse(JSON.stringify(randomState(random)))
    const expected = STREAMS.map((name) => random[name].uniform())
    const other = createRandom(99)
    restoreRandom(other, state)
    expect(STREAMS.map((name) => other[name].uniform())).toEqual(expected)
  })
})
