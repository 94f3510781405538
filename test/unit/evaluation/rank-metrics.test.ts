import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  bestFound,
  kendallTauB,
  kendallTauDeviationByChance,
  precisionAtTopK,
  spearman,
} from '../../../src/evaluation/rank-metrics.js'

/** Values from scipy.stats.kendalltau and spearmanr 1.17.1. */
const SCIPY = [
  {
    a: [2, 2, 0, 2, 1, 1.5, 1.5, 0.5, 2.5, 0, 0.5, 1],
    b: [3, 2, 0, 0, 0, 0, 0, 5, 1, 3, 4, 1],
    tau: -0.14173173425406238,
    rho: -0.2030197684436097,
  },
  {
    a: [0.5, 0.5, 0.5, 1.5, 0, 1.5, 1.5, 1.5, 0, 0.5, 1, 0.5],
    b: [2, 2, 2, 0, 3, 2, 3, 1, 1, 3, 0, 0],
    tau: -0.1766064393626002,
    rho: -0.21269988849184077,
  },
  {
    a: [18.5, 33.5, 6, 43.5, 17, 11, 27, 44.5, 44],
    b: [87, 30, 1, 77, 70, 77, 0, 3, 50],
    tau: -0.08451542547285165,
    rho: -0.09205101496312953,
  },
]

/** Tau-b by its definition, over all pairs. */
function scalarTau(a: readonly number[], b: readonly number[]): number {
  let [difference, inA, inB] = [0, 0, 0]
  for (let i = 0; i < a.length; i++) {
    for (let j = 0; j < i; j++) {
      const x = Math.sign(a[i] - a[j])
      const y = Math.sign(b[i] - b[j])
      difference += x * y
      inA += x * x
      inB += y * y
    }
  }
  return difference / Math.sqrt(inA * inB)
}

/** Spearman's rho over ranks that count smaller and equal values one by one. */
function scalarRho(a: readonly number[], b: readonly number[]): number {
  const ranks = (list: readonly number[]) =>
    list.map((x) => list.filter((y) => y < x).length + (list.filter((y) => y === x).length - 1) / 2)
  const centred = (list: readonly number[]) => list.map((x) => x - list.reduce((sum, y) => sum + y, 0) / list.length)
  const [x, y] = [centred(ranks(a)), centred(ranks(b))]
  const dot = (p: readonly number[], q: readonly number[]) => p.reduce((sum, value, i) => sum + value * q[i], 0)
  return dot(x, y) / Math.sqrt(dot(x, x) * dot(y, y))
}

/** P@top-K averaged over all orders in which ties may be broken, for lists of a few numbers. */
function averagedPrecision(predicted: readonly number[], truth: readonly number[], k: number): number {
  const tops = (list: readonly number[]) =>
    permutations(list.map((_, i) => i))
      .filter((order) => order.every((i, at) => at === 0 || list[order[at - 1]] >= list[i]))
      .map((order) => new Set(order.slice(0, k)))
  const [a, b] = [tops(predicted), tops(truth)]
  const overlaps = a.flatMap((x) => b.map((y) => [...x].filter((i) => y.has(i)).length / k))
  return overlaps.reduce((sum, overlap) => sum + overlap, 0) / overlaps.length
}

function permutations(items: readonly number[]): number[][] {
  if (items.length === 0) return [[]]
  return items.flatMap((item) => permutations(items.filter((other) => other !== item)).map((rest) => [item, ...rest]))
}

const pairs = (value: fc.Arbitrary<number>, maxLength: number) =>
  fc.array(fc.tuple(value, value), { minLength: 2, maxLength }).map((rows) => ({
    a: rows.map((row) => row[0]),
    b: rows.map((row) => row[1]),
  }))
const manyTies = pairs(fc.integer({ min: -2, max: 3 }), 80)
const fewTies = pairs(fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e6, max: 1e6 }), 80)

describe('correlations', () => {
  it.each(SCIPY)('agree with scipy, ties included (tau $tau)', ({ a, b, tau, rho }) => {
    expect(kendallTauB(a, b)).toBeCloseTo(tau, 14)
    expect(spearman(a, b)).toBeCloseTo(rho, 14)
  })

  it('agree with their definitions', () => {
    fc.assert(
      fc.property(fc.oneof(manyTies, fewTies), ({ a, b }) => {
        const expected = [scalarTau(a, b), scalarRho(a, b)]
        for (const [i, value] of [kendallTauB(a, b), spearman(a, b)].entries()) {
          if (Number.isNaN(expected[i])) expect(value).toBeNaN()
          else expect(value).toBeCloseTo(expected[i], 10)
        }
      }),
    )
  })

  it('do not depend on the order of the architectures and are symmetric', () => {
    fc.assert(
      fc.property(manyTies, ({ a, b }) => {
        for (const metric of [kendallTauB, spearman]) {
          const value = metric(a, b)
          fc.pre(!Number.isNaN(value))
          expect(metric(a.toReversed(), b.toReversed())).toBeCloseTo(value, 12)
          expect(metric(b, a)).toBeCloseTo(value, 12)
        }
      }),
    )
  })

  it('are one for equal, minus one for reversed, NaN for constant and for too short lists', () => {
    const rising = Float64Array.from({ length: 1000 }, (_, i) => i / 7)
    for (const metric of [kendallTauB, spearman]) {
      expect(metric(rising, rising)).toBe(1)
      expect(metric(rising, rising.toReversed())).toBe(-1)
      expect(metric([1, 1, 1], [1, 2, 3])).toBeNaN()
      expect(metric([1], [2])).toBeNaN()
      expect(metric([], [])).toBeNaN()
    }
  })

  it('are those of scipy for as many values as NAS-Bench-201 has paths', () => {
    const a = Float64Array.from({ length: 15_625 }, (_, i) => (i * 7919) % 15_625)
    const b = Float64Array.from(a, (value, i) => value + ((i * 31) % 5000))
    expect(kendallTauB(a, b)).toBeCloseTo(0.8050331288458853, 12)
    expect(spearman(a, b)).toBeCloseTo(0.9554644825714934, 12)
  })
})

describe('precisionAtTopK', () => {
  it('is the share of the K best predictions among the K truly best', () => {
    const truth = [10, 9, 8, 7, 6, 5, 4, 3, 2, 1]
    const predicted = [1, 9, 2, 8, 3, 7, 4, 6, 5, 0]
    expect(precisionAtTopK(predicted, truth, 2)).toBe(0.5)
    expect(precisionAtTopK(predicted, truth, 0.4)).toBe(0.5)
    expect(precisionAtTopK(predicted, truth, 1)).toBe(0)
    expect(precisionAtTopK(predicted, truth, 0.01)).toBe(0)
    expect(precisionAtTopK(predicted, truth, 10)).toBe(1)
    expect(precisionAtTopK(truth, truth, 3)).toBe(1)
  })

  it('is the mean over all ways to break ties', () => {
    const small = pairs(fc.integer({ min: 0, max: 2 }), 5)
    fc.assert(
      fc.property(small, fc.nat(), ({ a, b }, draw) => {
        const k = 1 + (draw % a.length)
        expect(precisionAtTopK(a, b, k)).toBeCloseTo(averagedPrecision(a, b, k), 12)
      }),
      { numRuns: 50 },
    )
  })

  it.each([0, -1, 4, 1.5, Number.NaN])('refuses k = %d of three', (k) => {
    expect(() => precisionAtTopK([1, 2, 3], [1, 2, 3], k)).toThrow(
      `Expected a fraction in (0, 1) or a whole number up to 3 for k but received ${k}`,
    )
  })
})

describe('bestFound', () => {
  it('gives the truth of the best prediction and what it lacks', () => {
    expect(bestFound([0.1, 0.5, 0.4], [91, 93, 94])).toEqual({ index: 1, truth: 93, regret: 1 })
    expect(bestFound([0.1, 0.5, 0.5], [91, 93, 94], 94.5)).toEqual({ index: 1, truth: 93, regret: 1.5 })
  })

  it('refuses an empty list', () => {
    expect(() => bestFound([], [])).toThrow('Expected at least one architecture but received none')
  })
})

describe('every metric', () => {
  const metrics = {
    kendallTauB,
    spearman,
    precisionAtTopK: (a: number[], b: number[]) => precisionAtTopK(a, b, 1),
    bestFound: (a: number[], b: number[]) => bestFound(a, b),
  }
  it.each(Object.entries(metrics))(
    '%s refuses lists of unequal length and numbers that are not finite',
    (_, metric) => {
      expect(() => metric([1, 2], [1])).toThrow('Expected lists of equal length but received 2 and 1 numbers')
      expect(() => metric([1, Number.NaN], [1, 2])).toThrow('Expected a finite number at 1 but received NaN')
      expect(() => metric([1, 2], [Number.NEGATIVE_INFINITY, 2])).toThrow(
        'Expected a finite number at 0 but received -Infinity',
      )
    },
  )
})

/** All orders of the numbers below n. */
function orders(n: number): number[][] {
  if (n === 0) return [[]]
  return orders(n - 1).flatMap((order) => Array.from({ length: n }, (_, i) => order.toSpliced(i, 0, n - 1)))
}

describe('the deviation of tau by chance', () => {
  it.each([2, 3, 4, 5, 6])('is that over all orders of %i', (n) => {
    const sorted = orders(n)[0].toSorted((a, b) => a - b)
    const squares = orders(n).map((order) => kendallTauB(order, sorted) ** 2)
    const meanSquare = squares.reduce((sum, square) => sum + square, 0) / squares.length
    expect(kendallTauDeviationByChance(n)).toBeCloseTo(Math.sqrt(meanSquare), 12)
  })
})
