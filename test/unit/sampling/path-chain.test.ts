import { describe, expect, it } from 'vitest'
import { RandomStream } from '../../../src/base/random.js'
import { PathChain } from '../../../src/sampling/path-chain.js'
import {
  darts,
  enumeratePaths,
  nasBench201,
  optionsOf,
  type Path,
  type SearchSpace,
} from '../../../src/spaces/index.js'
import { chiSquare } from '../../support/chi-square.js'

const stream = () => RandomStream.named(4, 'chain')

const choices: SearchSpace['choices'] = [
  { name: 'a', operations: [2, 0] },
  { name: 'b', connections: 3 },
  { name: 'c', connections: 1 },
  { name: 'd', operations: [0, 1] },
]

describe('PathChain', () => {
  it.each([nasBench201(), darts()])('changes exactly one choice of $name at a time, every one of them', (space) => {
    const chain = new PathChain(space)
    const random = stream()
    const changed = space.choices.map(() => 0)
    let before = chain.draw(random)
    for (let i = 0; i < 5000; i++) {
      const path = chain.draw(random)
      const places = [...path.keys()].filter((c) => path[c] !== before[c])
      expect(places).toHaveLength(1)
      expect(path[places[0]]).toBeLessThan(optionsOf(space.choices[places[0]]))
      changed[places[0]]++
      before = path
    }
    const { statistic, limit } = chiSquare(
      changed,
      changed.map(() => 1 / changed.length),
    )
    expect(statistic).toBeLessThan(limit)
  })

  it('moves from a path to each of its neighbours with the probability that is said', () => {
    const chain = new PathChain({ choices })
    const random = stream()
    const counts = new Map<string, number>()
    for (let i = 0; i < 9000; i++) {
      chain.last = [0, 1, 0, 1]
      const key = chain.draw(random).join()
      counts.set(key, (counts.get(key) ?? 0) + 1)
    }
    // A third for each choice that has a second option, shared by its other options.
    const neighbours = ['1,1,0,1', '0,0,0,1', '0,2,0,1', '0,1,0,0']
    expect([...counts.keys()].sort()).toEqual([...neighbours].sort())
    const { statistic, limit } = chiSquare(
      neighbours.map((key) => counts.get(key) ?? 0),
      [1 / 3, 1 / 6, 1 / 6, 1 / 3],
    )
    expect(statistic).toBeLessThan(limit)
  })

  it('is uniform in the long run, and from the first path on', () => {
    const paths = [...enumeratePaths({ choices })].map((path) => path.join())
    const bin = (path: Path) => paths.indexOf(path.join())
    const random = stream()
    const first = paths.map(() => 0)
    const later = paths.map(() => 0)
    for (let i = 0; i < 4000; i++) {
      // Chains of their own are independent, as chi-square supposes.
      const chain = new PathChain({ choices })
      first[bin(chain.draw(random))]++
      for (let step = 0; step < 4; step++) chain.draw(random)
      later[bin(chain.draw(random))]++
    }
    for (const counts of [first, later]) {
      const { statistic, limit } = chiSquare(
        counts,
        paths.map(() => 1 / paths.length),
      )
      expect(statistic).toBeLessThan(limit)
    }
    // One chain, from a corner: draws that lie so far apart that they are independent.
    const chain = new PathChain({ choices })
    chain.last = [0, 0, 0, 0]
    const thinned = paths.map(() => 0)
    for (let i = 0; i < 4000; i++) {
      for (let step = 0; step < 22; step++) chain.draw(random)
      thinned[bin(chain.draw(random))]++
    }
    const { statistic, limit } = chiSquare(
      thinned,
      paths.map(() => 1 / paths.length),
    )
    expect(statistic).toBeLessThan(limit)
  })

  it('stays where there is nowhere to go', () => {
    const chain = new PathChain({ choices: [{ name: 'only', connections: 1 }] })
    expect([chain.draw(stream()), chain.draw(stream())]).toEqual([[0], [0]])
  })
})
