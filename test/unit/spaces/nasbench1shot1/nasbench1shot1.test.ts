import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { GroundTruthByHash } from '../../../../src/ground-truth/ground-truth-by-hash.js'
import { costOf } from '../../../../src/spaces/cost.js'
import { checkPath, nasBench1Shot1, optionsOf, type Path, spaceSize } from '../../../../src/spaces/index.js'
import { CELL_SPACES, cellModule, enumerateCells } from '../../../../src/spaces/nasbench1shot1/cell.js'
import { moduleHash } from '../../../../src/spaces/nasbench1shot1/nasbench101.js'
import { decodeCell, encodeCell } from '../../../../src/spaces/nasbench1shot1/notation.js'
import { enumeratePaths } from '../../../../src/spaces/path.js'

const spaces = [
  nasBench1Shot1('nasbench1shot1-1'),
  nasBench1Shot1('nasbench1shot1-2'),
  nasBench1Shot1('nasbench1shot1-3'),
]
const [first] = spaces

/** Any path of a space. */
function pathOf({ choices }: { choices: (typeof first)['choices'] }): fc.Arbitrary<Path> {
  return fc.tuple(...choices.map((choice) => fc.nat({ max: optionsOf(choice) - 1 })))
}

describe('NAS-Bench-1Shot1 as a space', () => {
  it('has a path for every choice of parents and operations', () => {
    expect(spaces.map(spaceSize)).toEqual([14_580n, 29_160n, 1_312_200n])
    expect(first.choices.map(({ name }) => name)).toEqual([
      'parents of node 3',
      'parents of node 4',
      'parents of the output',
      'operation of node 1',
      'operation of node 2',
      'operation of node 3',
      'operation of node 4',
    ])
  })

  it('lists its cells in their order', () => {
    const cells = Array.from(enumerateCells(CELL_SPACES[1]), encodeCell)
    expect(Array.from(enumeratePaths(first), (path) => first.encode(path))).toEqual(cells)
  })

  it.each(spaces)('$name reads what it writes', (space) => {
    fc.assert(fc.property(pathOf(space), (path) => space.decode(space.encode(path)).join() === path.join()))
  })

  it.each(spaces)('$name drops loose ends, which change neither hash nor logits nor cost', (space) => {
    const cost = costOf(space)
    fc.assert(
      fc.property(pathOf(space), (path) => {
        const live = space.withoutDeadEdges(path)
        checkPath(space, live)
        expect(space.withoutDeadEdges(live)).toEqual(live)
        expect(space.isomorphismKey(live)).toBe(space.isomorphismKey(path))
        const { instructions } = space.program(path)
        expect(space.program(live).instructions).toEqual(instructions)
        expect(cost(live)).toEqual(cost(path))
      }),
      { numRuns: 50 },
    )
  })

  it('has the hashes of NAS-Bench-101', () => {
    const text = 'conv3x3~0|conv3x3~01|conv1x1~12|conv3x3~03|output~04'
    const hash = moduleHash(cellModule(decodeCell(CELL_SPACES[1], text)))
    expect(first.isomorphismKey(first.decode(text))).toBe(hash)
  })

  it('refuses paths outside', () => {
    expect(() => first.program([0, 0, 0])).toThrow('Expected 7 numbers for a path of nasbench1shot1-1')
    expect(() => first.encode([3, 0, 0, 0, 0, 0, 0])).toThrow('Expected 0…2 for parents of node 3 in a path')
  })
})

describe('ground truth by hash', () => {
  const live = [...enumeratePaths(first)].filter((path) => first.withoutDeadEdges(path).join() === path.join())
  const keys = [...new Set(live.map((path) => first.isomorphismKey(path)))]
  // Most of the space, accuracies in the order of the keys.
  const table = new Map(keys.slice(10).map((key, i) => [key, i / keys.length]))
  const truth = new GroundTruthByHash(first, table, 'table.csv')

  it('is of isomorphic modules, in percent', () => {
    expect(truth.size).toBe(2_685 - 10)
    for (const path of live.slice(0, 500)) {
      const fraction = table.get(first.isomorphismKey(path))
      expect(truth.accuracy(path)).toBe(fraction === undefined ? undefined : 100 * fraction)
    }
  })

  it('lists what it covers, without loose ends, and knows the best of it', () => {
    const covered = live.filter((path) => table.has(first.isomorphismKey(path)))
    expect(truth.paths).toEqual(covered)
    expect(truth.best.accuracy).toBe((100 * (keys.length - 11)) / keys.length)
    expect(first.isomorphismKey(truth.best.path)).toBe(keys.at(-1))
  })

  it('is refused for spaces without such hashes, and for a table of other architectures', () => {
    const plain = { ...first, isomorphismKey: undefined }
    expect(() => new GroundTruthByHash(plain, table, 'table.csv')).toThrow('Expected a column "arch" in table.csv')
    const foreign = new GroundTruthByHash(first, new Map([['0'.repeat(32), 0.5]]), 'table.csv')
    expect(() => foreign.best).toThrow('Expected an architecture of nasbench1shot1-1 in the table but received none')
  })
})
