import { describe, expect, it } from 'vitest'
import { RandomStream } from '../../../src/base/random.js'
import { DeIsomorphicSampler } from '../../../src/sampling/deisomorphic.js'
import { darts, enumeratePaths, nasBench1Shot1, nasBench201, nasBenchMacro } from '../../../src/spaces/index.js'
import { chiSquare, histogram } from '../../support/chi-square.js'

describe('DeIsomorphicSampler', () => {
  it('draws each of the 6,466 classes of NAS-Bench-201 with the same probability', () => {
    const space = nasBench201()
    const sampler = new DeIsomorphicSampler(space)
    expect(sampler.representatives).toHaveLength(6_466)
    const keys = new Map(sampler.representatives.map((path, i) => [space.isomorphismKey(path), i]))
    expect(keys.size).toBe(6_466)
    const random = RandomStream.named(1, 'classes')
    const counts = histogram(6_466, 65_000, () => keys.get(space.isomorphismKey(sampler.draw(random)))!)
    const { statistic, limit } = chiSquare(counts, new Float64Array(6_466).fill(1 / 6_466))
    expect(statistic).toBeLessThan(limit)
  })

  it('takes the first path of each class in lexicographic order', () => {
    const space = nasBench201()
    const known = new Set<string>()
    const first = [...enumeratePaths(space)].filter((path) => {
      const key = space.isomorphismKey(path)
      return !known.has(key) && known.add(key)
    })
    expect(new DeIsomorphicSampler(space).representatives).toEqual(first)
  })

  it.each([
    ['nasbench1shot1-1', 2_685],
    ['nasbench1shot1-2', 7_773],
    ['nasbench1shot1-3', 55_854],
  ] as const)('finds the classes of %s: %i', (name, classes) => {
    const space = nasBench1Shot1(name)
    const { representatives } = new DeIsomorphicSampler(space)
    expect(representatives).toHaveLength(classes)
    // A first path of its class has no loose ends that do anything.
    expect(representatives.filter((path) => space.withoutDeadEdges(path).join() !== path.join())).toEqual([])
  })

  it('finds the classes of NAS-Bench-Macro', () => {
    expect(new DeIsomorphicSampler(nasBenchMacro()).representatives).toHaveLength(3_969)
  })

  it('refuses spaces without a rule, and those that are too large', () => {
    expect(() => new DeIsomorphicSampler(darts())).toThrow(
      'Expected a space with an isomorphism rule for method.sampling but received darts, which has none',
    )
    const ruled = { ...darts(), isomorphismKey: (path: readonly number[]) => path.join() }
    expect(() => new DeIsomorphicSampler(ruled)).toThrow(
      'Expected a space of at most 2,000,000 paths for method.sampling but received darts with 1.08e+18',
    )
  })
})
