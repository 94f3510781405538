import { describe, expect, it } from 'vitest'
import { RandomStream } from '../../../src/base/random.js'
import { changeChoices, crossover, mutate, neighbours } from '../../../src/finding/variation.js'
import { checkPath } from '../../../src/spaces/path.js'
import type { Path, SearchSpace } from '../../../src/spaces/space.js'
import { chiSquare } from '../../support/chi-square.js'
import { toySpace } from '../../support/toy.js'

const space = toySpace(5, 4)
const random = () => RandomStream.named(1, 'variation')
const differences = (a: Path, b: Path) => a.filter((option, c) => option !== b[c]).length

describe('mutate', () => {
  it('draws each choice anew with the probability given, and leaves the path alone', () => {
    const stream = random()
    const path: Path = [0, 0, 0, 0, 0]
    const counts = [0, 0, 0, 0]
    for (let i = 0; i < 4000; i++) for (const option of mutate(space, path, 0.4, stream)) counts[option]++
    const { statistic, limit } = chiSquare(counts, [0.7, 0.1, 0.1, 0.1])
    expect(statistic).toBeLessThan(limit)
    expect(mutate(space, path, 0, stream)).toEqual(path)
    expect(path).toEqual([0, 0, 0, 0, 0])
  })
})

describe('changeChoices', () => {
  it('changes exactly as many choices as asked, each to any other option', () => {
    const stream = random()
    const path = [3, 1, 0, 2, 3]
    const seen = new Set<string>()
    for (let i = 0; i < 2000; i++) {
      for (const count of [1, 2]) {
        const changed = changeChoices(space, path, count, stream)
        checkPath(space, changed)
        expect(differences(path, changed)).toBe(count)
        if (count === 1) seen.add(changed.join())
      }
    }
    expect(seen.size).toBe(15)
  })

  it('leaves choices alone that offer nothing else', () => {
    const narrow = {
      choices: [
        { name: 'a', connections: 1 },
        { name: 'b', connections: 2 },
      ],
    } as unknown as SearchSpace
    for (let i = 0; i < 20; i++) expect(changeChoices(narrow, [0, 0], 2, random())).toEqual([0, 1])
  })
})

describe('crossover', () => {
  it('takes each choice from one of both', () => {
    const stream = random()
    const children = Array.from({ length: 400 }, () => crossover([0, 0, 0], [1, 1, 1], stream).join())
    expect(new Set(children).size).toBe(8)
  })
})

describe('neighbours', () => {
  it('are all paths that differ in one choice', () => {
    const path = [3, 1, 0, 2, 3]
    const around = neighbours(space, path)
    expect(new Set(around.map((other) => other.join())).size).toBe(15)
    for (const other of around) {
      checkPath(space, other)
      expect(differences(path, other)).toBe(1)
    }
  })
})
