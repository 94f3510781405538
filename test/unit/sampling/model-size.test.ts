import { describe, expect, it } from 'vitest'
import { RandomStream } from '../../../src/base/random.js'
import { ModelSizeSampler } from '../../../src/sampling/model-size.js'
import { costOf } from '../../../src/spaces/cost.js'
import {
  darts,
  enumeratePaths,
  nasBench1Shot1,
  nasBench201,
  nasBenchMacro,
  type Path,
  proxylessNas,
  type SearchSpace,
} from '../../../src/spaces/index.js'
import { chiSquare } from '../../support/chi-square.js'

/** Compares how often paths of each bin are drawn with the sums of their parameters. */
function check(space: SearchSpace, draws: number, bin: (path: Path) => string) {
  const cost = costOf(space, { published: true })
  const sizes = new Map<string, number>()
  for (const path of enumeratePaths(space)) {
    sizes.set(bin(path), (sizes.get(bin(path)) ?? 0) + cost(path).parameters)
  }
  const counts = new Map([...sizes.keys()].map((key) => [key, 0]))
  const sampler = new ModelSizeSampler(space)
  const random = RandomStream.named(2, 'sizes')
  for (let i = 0; i < draws; i++) {
    const key = bin(sampler.draw(random))
    counts.set(key, counts.get(key)! + 1)
  }
  const total = [...sizes.values()].reduce((sum, size) => sum + size, 0)
  const { statistic, limit } = chiSquare(
    [...counts.values()],
    [...sizes.values()].map((size) => size / total),
  )
  expect(statistic).toBeLessThan(limit)
  return sizes.size
}

describe('ModelSizeSampler', () => {
  it('draws every path of a small space in proportion to its parameters', () => {
    // Three layers of NAS-Bench-Macro, whose other layers take their first block.
    const macro = nasBenchMacro({ channels: 4 })
    const whole = (path: Path) => [...path, 0, 0, 0, 0, 0]
    const space: SearchSpace = {
      ...macro,
      choices: macro.choices.slice(0, 3),
      program: (path) => macro.program(whole(path)),
    }
    expect(check(space, 20_000, (path) => path.join())).toBe(27)
  })

  it('draws paths of NAS-Bench-201 by their numbers of parameters', () => {
    // Up to six convolutions of two kinds: 28 pairs of numbers.
    const space = nasBench201({ cellsPerStage: 1 })
    const count = (path: Path, operation: number) => path.filter((chosen) => chosen === operation).length
    expect(check(space, 30_000, (path) => `${count(path, 2)} ${count(path, 3)}`)).toBe(28)
  })

  it('is exact where parameters are no sum over choices', () => {
    const space = nasBench1Shot1('nasbench1shot1-1', { channels: 2, cellsPerStage: 1 })
    const cost = costOf(space, { published: true })
    expect(check(space, 30_000, (path) => `${cost(path).parameters}`)).toBeGreaterThan(50)
  })

  it.each([nasBench201(), nasBenchMacro(), nasBench1Shot1('nasbench1shot1-3'), darts(), proxylessNas()])(
    'has a bound above every path of $name, not far above the largest',
    (space) => {
      const sampler = new ModelSizeSampler(space)
      const cost = costOf(space, { published: true })
      const random = RandomStream.named(3, 'bound')
      let largest = 0
      for (let i = 0; i < 300; i++) largest = Math.max(largest, cost(sampler.draw(random)).parameters)
      expect(largest).toBeLessThanOrEqual(sampler.bound)
      expect(largest).toBeGreaterThan(sampler.bound / 3)
    },
  )

  it('knows the largest network of NAS-Bench-201, whose published size is 1,531,546', () => {
    expect(new ModelSizeSampler(nasBench201()).bound).toBeCloseTo(1.1 * 1_531_546, 3)
  })

  it('refuses to draw where a path exceeds the bound', () => {
    // Large by three choices together only, which changing one after another does not find.
    const macro = nasBenchMacro({ channels: 4 })
    const space: SearchSpace = {
      ...macro,
      choices: [0, 1, 2].map((c) => ({ name: `${c}`, connections: 12 })),
      program: (path) => macro.program(new Array(8).fill(path.every((option) => option === 11) ? 2 : 0)),
    }
    const sampler = new ModelSizeSampler(space)
    const random = RandomStream.named(5, 'exceeded')
    const many = () => {
      for (let i = 0; i < 20_000; i++) sampler.draw(random)
    }
    expect(many).toThrow(/^Expected at most \d+ parameters for a path of nasbench-macro but received \d+: 11,11,11$/)
  })
})
