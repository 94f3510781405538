import { describe, expect, it } from 'vitest'
import { RandomStream } from '../../../src/base/random.js'
import type { FindingConfig } from '../../../src/config/schema.js'
import {
  type Candidate,
  evolve,
  evolveRegularized,
  type Finder,
  localSearch,
  type Problem,
  randomSearch,
} from '../../../src/finding/index.js'
import { enumeratePaths } from '../../../src/spaces/path.js'
import type { Path } from '../../../src/spaces/space.js'
import { bruteForceFront, drain, keys, separable, size, toySpace } from '../../support/toy.js'

const space = toySpace(6, 5)
const costs = { size }
const OPTIMUM = '0,1,2,0,1,2'

/** Each algorithm with a budget of at most `evaluations`. */
const algorithms: Record<FindingConfig['algorithm'], (problem: Problem, evaluations: number) => Finder> = {
  random: (problem, evaluations) => randomSearch({ ...problem, evaluations }),
  evolution: (problem, evaluations) => evolve({ ...problem, generations: Math.ceil(evaluations / 50) }),
  regularizedEvolution: (problem, evaluations) =>
    evolveRegularized({ ...problem, evaluations, population: 20, tournament: 5 }),
  localSearch: (problem, evaluations) => localSearch({ ...problem, evaluations }),
}
const differences = (a: Path, b: Path) => a.filter((option, c) => option !== b[c]).length

const guided = Object.entries(algorithms).filter(([name]) => name !== 'random')
/** Algorithms that evaluate several paths at a time. */
const inBlocks = Object.entries(algorithms).filter(([name]) => name !== 'regularizedEvolution')

const problem = (changes: Partial<Problem> = {}): Problem => ({
  space,
  costs,
  evaluate: separable,
  random: RandomStream.named(3, 'finding'),
  ...changes,
})

describe.each(guided)('%s', (_name, find) => {
  it.each([0, 1, 2, 3, 4])('finds the optimum of a separable accuracy among 15,625 paths, seed %i', async (seed) => {
    const { front } = await drain(find(problem({ random: RandomStream.named(seed, 'finding') }), 1000))
    expect(keys(front)).toEqual([OPTIMUM])
  })
})

describe.each(Object.entries(algorithms))('%s', (_name, find) => {
  it('evaluates no path twice and none beyond the limits', async () => {
    const asked: string[] = []
    const evaluate = async (path: Path) => {
      asked.push(path.join())
      return separable(path)
    }
    const limits = { size: { min: 3, max: 9 } }
    const { tried, front } = await drain(find(problem({ evaluate, limits }), 300))
    expect(asked).toEqual(keys(tried))
    expect(asked.length).toBeGreaterThan(100)
    expect(asked.length).toBeLessThanOrEqual(300)
    expect(new Set(asked).size).toBe(asked.length)
    for (const { path, costs } of tried) {
      expect(costs).toEqual({ size: size(path) })
      expect(costs.size).toBeGreaterThanOrEqual(3)
      expect(costs.size).toBeLessThanOrEqual(9)
    }
    expect(front[0].accuracy).toBe(Math.max(...tried.map(({ accuracy }) => accuracy)))
  })

  it('ends when a small space is exhausted, having seen all of it', async () => {
    const small = toySpace(3, 4)
    const { tried, front } = await drain(find(problem({ space: small }), 10_000))
    expect(keys(tried).toSorted()).toEqual([...enumeratePaths(small)].map((path) => path.join()))
    expect(keys(front)).toEqual(['0,1,2'])
  })

  it('sees all that keeps to the limits where hardly any path does', async () => {
    const limits = { size: { max: 1 } }
    const { tried } = await drain(find(problem({ limits }), 100))
    expect(tried).toHaveLength(7)
  })

  it('finds feasible paths where a million random ones would hold none', async () => {
    const large = toySpace(40, 4)
    const limits = { size: { max: 12 } }
    const { tried } = await drain(find(problem({ space: large, limits }), 150))
    expect(tried.length).toBeGreaterThan(100)
    for (const { path } of tried) expect(size(path)).toBeLessThanOrEqual(12)
  })

  it('takes paths that differ in dead edges for one', async () => {
    // The last choice counts only where the first is not 0.
    const withoutDeadEdges = (path: Path) => (path[0] === 0 ? path.with(2, 0) : path)
    const dead = toySpace(3, 3, { withoutDeadEdges })
    const { tried } = await drain(find(problem({ space: dead }), 500))
    expect(tried).toHaveLength(21)
    for (const { path } of tried) expect(withoutDeadEdges(path)).toEqual(path)
  })

  it('has the Pareto front of a small space when it has seen all of it', async () => {
    const small = toySpace(4, 4)
    const objectives = ['accuracy', 'size']
    const { front } = await drain(find(problem({ space: small, objectives }), 5000))
    const points = front.map(({ accuracy, costs }) => [accuracy, costs.size].join())
    expect(points).toEqual(bruteForceFront(small, separable))
    expect(front.every(({ goals, accuracy, costs }) => goals[0] === accuracy && goals[1] === -costs.size)).toBe(true)
  })

  it.skipIf(find === algorithms.random)('comes near the Pareto front of a larger one', async () => {
    const { front } = await drain(find(problem({ objectives: ['accuracy', 'size'] }), 1000))
    const points = new Set(front.map(({ accuracy, costs }) => [accuracy, costs.size].join()))
    const best = bruteForceFront(space, separable)
    const hit = best.filter((point) => points.has(point)).length / best.length
    expect(hit).toBeGreaterThanOrEqual(0.8)
  })

  it('repeats itself, also when what was evaluated before is not evaluated again', async () => {
    const limits = { size: { max: 20 } }
    const known = new Map<string, number>()
    let computed = 0
    const evaluate = async (path: Path) => {
      const key = path.join()
      if (!known.has(key)) {
        computed++
        known.set(key, separable(path))
      }
      return known.get(key)!
    }
    const run = (signal?: AbortSignal) =>
      find(problem({ evaluate, limits, signal, random: RandomStream.named(3, 'finding') }), 200)
    const unbroken = await drain(find(problem({ limits }), 200))
    const controller = new AbortController()
    let seen = 0
    await expect(async () => {
      for await (const _ of run(controller.signal)) if (++seen === 77) controller.abort(new Error('enough'))
    }).rejects.toThrow('enough')
    expect(computed).toBe(77)
    const resumed = await drain(run())
    expect(resumed).toEqual(unbroken)
    expect(computed).toBe(unbroken.tried.length)
    const other = await drain(find(problem({ limits, random: RandomStream.named(4, 'finding') }), 200))
    expect(keys(other.tried)).not.toEqual(keys(unbroken.tried))
  })

  it('refuses limits that no path meets before it evaluates any, with what there is', async () => {
    const evaluate = () => {
      throw new Error('evaluated')
    }
    await expect(drain(find(problem({ evaluate, limits: { size: { min: 97 } } }), 100))).rejects.toThrow(
      'Expected limits that some path of toy meets but received size ≥ 97: its paths have 0…96',
    )
  })

  it('refuses numbers that are none', async () => {
    await expect(drain(find(problem({ evaluate: () => Number.NaN }), 100))).rejects.toThrow(
      /^Expected a finite accuracy for path [\d,]+ but received NaN$/,
    )
    const nothing = { size: () => Number.NaN }
    await expect(drain(find(problem({ costs: nothing, limits: { size: { max: 1 } } }), 100))).rejects.toThrow(
      /^Expected a finite number for size of path [\d,]+ but received NaN$/,
    )
  })

  it('refuses names of costs that there are not', async () => {
    await expect(drain(find(problem({ limits: { weight: { max: 1 } } }), 1))).rejects.toThrow(
      'Expected size for limits but received "weight"',
    )
    for (const limit of [3, { maximum: 3 }, { max: Number.NaN }, {}, null]) {
      await expect(drain(find(problem({ limits: { size: limit as never } }), 1))).rejects.toThrow(
        'Expected { min }, { max } or both for limits.size but received ',
      )
    }
    await expect(drain(find(problem({ objectives: [] }), 1))).rejects.toThrow(
      'Expected at least one name for objectives but received none',
    )
    await expect(drain(find(problem({ objectives: ['accuracy', 'weight'] }), 1))).rejects.toThrow(
      'Expected accuracy, size for objectives but received "weight"',
    )
  })
})

describe.each(inBlocks)('%s', (_name, find) => {
  it('refuses another number of accuracies than of paths', async () => {
    const counting = (count: (paths: number) => number) =>
      problem({
        async *evaluateAll(paths) {
          for (let i = 0; i < count(paths.length); i++) yield i
        },
      })
    await expect(
      drain(
        find(
          counting((paths) => paths - 1),
          100,
        ),
      ),
    ).rejects.toThrow(/^Expected \d+ accuracies for evaluateAll but received \d+$/)
    await expect(
      drain(
        find(
          counting((paths) => paths + 1),
          100,
        ),
      ),
    ).rejects.toThrow(/^Expected \d+ accuracies for evaluateAll but received more$/)
  })
})

describe('evolve', () => {
  const origins = (candidates: readonly Candidate[]) =>
    Object.fromEntries(
      ['random', 'mutation', 'crossover'].map((kind) => [kind, candidates.filter((c) => c.origin === kind).length]),
    )

  it('has 20 generations of 50 by default: a random one, then 25 mutations and 25 crossovers each', async () => {
    // Enough choices that a child is hardly ever a path seen before.
    const large = toySpace(30, 5)
    const { tried } = await drain(evolve(problem({ space: large })))
    expect(tried).toHaveLength(1000)
    expect(origins(tried.slice(0, 50))).toEqual({ random: 50, mutation: 0, crossover: 0 })
    for (let generation = 1; generation < 20; generation++) {
      const born = tried.slice(50 * generation, 50 * (generation + 1))
      const { random, mutation, crossover } = origins(born)
      expect(random + mutation + crossover).toBe(50)
      // Parents that have become alike leave random paths to take the place of children that were there before.
      if (generation < 8) expect([mutation, crossover]).toEqual([25, 25])
      expect(Math.max(mutation, crossover)).toBeLessThanOrEqual(25)
      // Each choice comes from one of the ten best so far.
      const best = tried.slice(0, 50 * generation).toSorted((a, b) => b.accuracy - a.accuracy)
      const parents = best.slice(0, 10).map(({ path }) => path)
      for (const { path, origin } of born) {
        const nearest = Math.min(...parents.map((parent) => differences(path, parent)))
        if (origin === 'crossover') {
          expect(path.every((option, c) => parents.some((parent) => parent[c] === option))).toBe(true)
        }
        if (origin === 'mutation') {
          expect(nearest).toBeLessThan(15)
        }
      }
    }
  })

  it('fills up with random paths what mutations and crossovers leave', async () => {
    const large = toySpace(30, 5)
    const settings = { population: 20, generations: 3, parents: 3, mutations: 4, crossovers: 6 }
    const { tried } = await drain(evolve({ ...problem({ space: large }), ...settings }))
    expect(tried).toHaveLength(60)
    expect(origins(tried.slice(20, 40))).toEqual({ random: 10, mutation: 4, crossover: 6 })
  })

  it('draws each choice of a mutation again with its probability', async () => {
    const large = toySpace(30, 5)
    // All children of the second generation have one parent: the best of the first.
    const settings = { population: 100, generations: 2, parents: 1, mutations: 100, crossovers: 0 }
    const secondOf = async (changes: { mutationProbability?: number }) => {
      const { tried } = await drain(evolve({ ...problem({ space: large }), ...settings, ...changes }))
      const [parent] = tried.slice(0, 100).toSorted((a, b) => b.accuracy - a.accuracy)
      const changed = tried.slice(100).reduce((sum, { path }) => sum + differences(path, parent.path), 0)
      return { origins: origins(tried.slice(100)), share: changed / 3000 }
    }
    // A child that is its parent is no new path.
    const unchanged = await secondOf({ mutationProbability: 0 })
    expect(unchanged.origins).toEqual({ random: 100, mutation: 0, crossover: 0 })
    for (const [changes, probability] of [
      [{ mutationProbability: 1 }, 1],
      [{ mutationProbability: 0.5 }, 0.5],
      [{}, 0.1],
    ] as const) {
      const { origins, share } = await secondOf(changes)
      expect(origins).toEqual({ random: 0, mutation: 100, crossover: 0 })
      // One in five draws is the option that was there.
      const expected = 0.8 * probability
      const standardError = Math.sqrt((expected * (1 - expected)) / 3000)
      expect(Math.abs(share - expected)).toBeLessThan(4 * standardError)
    }
  })

  it('refuses more children than a population holds', async () => {
    await expect(drain(evolve({ ...problem(), population: 10, mutations: 8, crossovers: 3 }))).rejects.toThrow(
      'Expected at most 10 paths for mutations and crossovers but received 8 and 3',
    )
  })
})

describe('evolveRegularized', () => {
  it('makes a population at random, then children that differ from an earlier path in one choice', async () => {
    const large = toySpace(20, 4)
    const settings = { evaluations: 200, population: 30, tournament: 10 }
    const { tried } = await drain(evolveRegularized({ ...problem({ space: large }), ...settings }))
    expect(tried).toHaveLength(200)
    for (const [i, { path, origin }] of tried.entries()) {
      expect(origin).toBe(i < 30 ? 'random' : 'mutation')
      const before = tried.slice(0, i).map((candidate) => candidate.path)
      if (i >= 30) expect(before.some((other) => differences(path, other) === 1)).toBe(true)
    }
  })

  it('lets the oldest die, however good it is', async () => {
    const large = toySpace(20, 4)
    // The first path of all is by far the best one.
    let first: string | undefined
    const evaluate = (path: Path) => {
      first ??= path.join()
      return path.join() === first ? 1e6 : separable(path)
    }
    const settings = { evaluations: 300, population: 10, tournament: 50 }
    const { tried, front } = await drain(evolveRegularized({ ...problem({ space: large, evaluate }), ...settings }))
    expect(keys(front)).toEqual([first])
    const children = tried.slice(10).filter(({ path }) => differences(path, tried[0].path) === 1)
    expect(children.length).toBeGreaterThanOrEqual(1)
    expect(children.length).toBeLessThan(100)
  })
})

describe('localSearch', () => {
  it('looks at all neighbours, moves to the best, and starts anew where none is better', async () => {
    const small = toySpace(3, 4)
    const { tried } = await drain(localSearch({ ...problem({ space: small }), evaluations: 64 }))
    const optimum = tried.findIndex(({ path }) => path.join() === '0,1,2')
    const around = tried.filter(({ path }) => differences(path, [0, 1, 2]) === 1)
    // All nine neighbours of the optimum were there before the second start.
    const second = tried.findIndex(({ origin }, i) => i > 0 && origin === 'random')
    expect(optimum).toBeLessThan(second)
    for (const neighbour of around) expect(tried.indexOf(neighbour)).toBeLessThan(second)
    expect(around).toHaveLength(9)
  })
})

describe('options that no schema has checked', () => {
  const count = 'Expected a whole number of at least 1 for'
  const cases: [string, Finder, string][] = [
    ['no evaluations', randomSearch({ ...problem(), evaluations: 0 }), 'at least 1 for evaluations but received 0'],
    ['no number', localSearch({ ...problem(), evaluations: Number.NaN }), 'for evaluations but received NaN'],
    ['no tournament', evolveRegularized({ ...problem(), tournament: 0 }), `${count} tournament but received 0`],
    ['nobody', evolveRegularized({ ...problem(), population: 0 }), `${count} population but received 0`],
    ['a part', evolveRegularized({ ...problem(), population: 2.5 }), `${count} population but received 2.5`],
    ['no parents', evolve({ ...problem(), parents: 0 }), `${count} parents but received 0`],
    ['no generations', evolve({ ...problem(), generations: 0 }), 'for generations but received 0'],
    ['fewer than none', evolve({ ...problem(), mutations: -1 }), 'of at least 0 for mutations but received -1'],
    [
      'no share',
      evolve({ ...problem(), mutationProbability: 2 }),
      'from 0 to 1 for mutationProbability but received 2',
    ],
  ]
  it.each(cases)('are refused: %s', async (_, finder, sentence) => {
    await expect(drain(finder)).rejects.toThrow(sentence)
  })

  it('may be infinite where the paths end', async () => {
    const evaluations = Number.POSITIVE_INFINITY
    const { tried } = await drain(randomSearch({ ...problem({ space: toySpace(2, 3) }), evaluations }))
    expect(tried).toHaveLength(9)
  })
})
