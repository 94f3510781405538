import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { bestFirst, crowdingDistances, dominates, frontsOf, paretoFront } from '../../../src/finding/pareto.js'

/** Few values, so that there are ties and equal elements. */
const goalsOf = (count: number) =>
  fc.array(fc.array(fc.integer({ min: 0, max: 5 }), { minLength: count, maxLength: count }), { maxLength: 40 })
const anyGoals = fc.integer({ min: 1, max: 3 }).chain(goalsOf)

/** Fronts by their definition: peel off what nothing left dominates, again and again. */
function peeled(goals: readonly (readonly number[])[]): number[] {
  const fronts = new Array<number>(goals.length).fill(-1)
  for (let front = 0; fronts.includes(-1); front++) {
    const left = [...goals.keys()].filter((i) => fronts[i] === -1)
    for (const i of left.filter((i) => !left.some((j) => dominates(goals[j], goals[i])))) fronts[i] = front
  }
  return fronts
}

describe('dominates', () => {
  it('asks for no goal worse and one better', () => {
    expect(dominates([1, 2], [1, 1])).toBe(true)
    expect(dominates([1, 1], [1, 1])).toBe(false)
    expect(dominates([2, 0], [1, 1])).toBe(false)
  })
})

describe('frontsOf', () => {
  it('equals peeling front after front', () => {
    fc.assert(
      fc.property(anyGoals, (goals) => {
        expect(frontsOf(goals)).toEqual(peeled(goals))
      }),
    )
  })

  it('ranks by value where there is one goal, equals together', () => {
    expect(frontsOf([[3], [5], [3], [1]])).toEqual([1, 0, 1, 2])
  })
})

describe('crowdingDistances', () => {
  it('sums the distance between neighbours over the range, the ends being infinite', () => {
    const distances = crowdingDistances([
      [0, 10],
      [1, 6],
      [4, 4],
      [10, 0],
    ])
    expect(distances[0]).toBe(Number.POSITIVE_INFINITY)
    expect(distances[3]).toBe(Number.POSITIVE_INFINITY)
    expect(distances[1]).toBeCloseTo(0.4 + 0.6, 12)
    expect(distances[2]).toBeCloseTo(0.9 + 0.6, 12)
  })

  it('is nothing where all are equal', () => {
    expect(
      crowdingDistances([
        [1, 1],
        [1, 1],
      ]),
    ).toEqual([0, 0])
    expect(crowdingDistances([])).toEqual([])
  })
})

describe('bestFirst', () => {
  it('keeps the order of equals and puts the better front first', () => {
    const a = { goals: [1] }
    const b = { goals: [2] }
    const c = { goals: [2] }
    expect(bestFirst([a, b, c])).toEqual([b, c, a])
    expect(bestFirst([a, b, c])[0]).toBe(b)
  })

  it('takes ends before crowded middles', () => {
    const goals = [
      [5, 5.1],
      [0, 10],
      [5.1, 5],
      [10, 0],
      [0, 0],
    ]
    const sorted = bestFirst(goals.map((goals) => ({ goals }))).map(({ goals }) => goals)
    expect(sorted.slice(0, 2)).toEqual([
      [0, 10],
      [10, 0],
    ])
    expect(sorted.at(-1)).toEqual([0, 0])
  })
})

describe('paretoFront', () => {
  it('holds what nothing dominates, the first of equals, best in the first goal first', () => {
    const candidates = [
      [1, 1],
      [3, 0],
      [0, 3],
      [3, 0],
      [2, 0],
    ].map((goals, id) => ({ goals, id }))
    expect(paretoFront(candidates).map(({ id }) => id)).toEqual([1, 0, 2])
  })

  it('is the best one where there is one goal', () => {
    const candidates = [[1], [7], [7], [3]].map((goals, id) => ({ goals, id }))
    expect(paretoFront(candidates).map(({ id }) => id)).toEqual([1])
  })
})
