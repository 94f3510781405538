import { describe, expect, it } from 'vitest'
import { createRandom } from '../../../src/base/random.js'
import { FairPathSampler } from '../../../src/sampling/fair-paths.js'
import { darts, nasBench1Shot1, nasBench201, nasBenchMacro, proxylessNas } from '../../../src/spaces/index.js'
import { chiSquare } from '../../support/chi-square.js'

describe('FairPathSampler', () => {
  it.each([nasBench201(), nasBenchMacro(), nasBench1Shot1('nasbench1shot1-3')])(
    'gives every choice of $name each of its operations once',
    (space) => {
      const sampler = new FairPathSampler(space, 'a test')
      const { paths } = createRandom(3)
      for (let draw = 0; draw < 200; draw++) {
        const drawn = sampler.draw(paths)
        expect(drawn).toHaveLength(space.operations.length)
        for (const [c, choice] of space.choices.entries()) {
          const taken = drawn.map((path) => path[c])
          if ('operations' in choice) expect([...taken].sort()).toEqual(choice.operations.map((_, option) => option))
          else for (const option of taken) expect(option).toBeLessThan(choice.connections)
        }
      }
    },
  )

  it('pairs the operations of different edges independently', () => {
    const sampler = new FairPathSampler(nasBench201(), 'a test')
    const { paths } = createRandom(4)
    const counts = new Array(25).fill(0)
    // The first path of each draw: later ones of the same draw depend on it.
    for (let draw = 0; draw < 5000; draw++) {
      const [[first, second]] = sampler.draw(paths)
      counts[first * 5 + second]++
    }
    const { statistic, limit } = chiSquare(counts, new Array(25).fill(1 / 25))
    expect(statistic).toBeLessThan(limit)
  })

  it('is refused where choices offer different numbers of operations', () => {
    expect(() => new FairPathSampler(proxylessNas(), 'method.name fairnas')).toThrow(
      'Expected a space whose choices all offer the same number of operations for method.name fairnas but received proxylessnas with 6 or 7',
    )
    expect(() => new FairPathSampler(darts(), 'a test')).not.toThrow()
  })
})
