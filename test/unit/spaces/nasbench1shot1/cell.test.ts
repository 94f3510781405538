import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import {
  CELL_SPACES,
  type Cell,
  type CellSpaceNumber,
  cellModule,
  checkCell,
  enumerateCells,
  enumerateConnectivities,
  enumeratePublishedCells,
  liveNodes,
  OPERATIONS,
} from '../../../../src/spaces/nasbench1shot1/cell.js'
import { moduleHash, moduleHasher, pruneModule } from '../../../../src/spaces/nasbench1shot1/nasbench101.js'
import { decodeCell } from '../../../../src/spaces/nasbench1shot1/notation.js'

/** Written by scripts/fixtures/nasbench101.py: hashes as Python computes them. */
const fixture: {
  readonly cells: readonly { readonly space: CellSpaceNumber; readonly cell: string; readonly hash: string }[]
} = JSON.parse(readFileSync(new URL('../../../fixtures/nasbench101-hashes.json', import.meta.url), 'utf8'))

const spaces = Object.values(CELL_SPACES)

function count(iterable: Iterable<unknown>): number {
  let total = 0
  for (const _ of iterable) total++
  return total
}

/** Parents of every node, then operations: equal texts mean equal cells, and their order is the lexicographic one. */
const text = ({ parents, operations }: Cell) => `${parents.map((set) => set.join('')).join()}|${operations.join('')}`

describe.each([
  { number: 1, parents: [0, 1, 2, 2, 2, 2], connectivities: 180, published: 6_240, all: 14_580 },
  { number: 2, parents: [0, 1, 1, 2, 2, 3], connectivities: 360, published: 29_160, all: 29_160 },
  { number: 3, parents: [0, 1, 1, 1, 2, 2, 2], connectivities: 5_400, published: 363_648, all: 1_312_200 },
] as const)('space $number', ({ number, parents, connectivities, published, all }) => {
  const space = CELL_SPACES[number]

  it(`has ${connectivities} connectivities, each once, in lexicographic order`, () => {
    const listed = [...enumerateConnectivities(space)]
    expect(listed).toHaveLength(connectivities)
    expect(space.connectivities).toBe(connectivities)
    const texts = listed.map((sets) => text({ parents: sets, operations: [] }))
    expect(texts).toEqual([...new Set(texts)].sort())
    for (const sets of listed) {
      expect(sets.map((set) => set.length)).toEqual(parents)
      expect(sets.every((set, node) => set.every((parent, i) => parent < node && !(parent <= set[i - 1])))).toBe(true)
    }
  })

  it(`has ${all} cells, of which the published size counts ${published}`, () => {
    expect(count(enumerateCells(space))).toBe(all)
    expect(count(enumeratePublishedCells(space))).toBe(published)
  })
})

describe('the smaller spaces', () => {
  it.each([
    ['the published rule', 1, enumeratePublishedCells, 2_685],
    ['every choice', 1, enumerateCells, 2_685],
    ['every choice', 2, enumerateCells, 7_773],
  ] as const)('by %s in space %i have as many distinct modules as published', (_, number, rule, modules) => {
    const hash = moduleHasher()
    const hashes = new Set(Array.from(rule(CELL_SPACES[number]), (cell) => hash(cellModule(cell))))
    expect(hashes.size).toBe(modules)
  })

  it('list each cell once, all of the space, those by the published rule among all', () => {
    for (const space of [CELL_SPACES[1], CELL_SPACES[2]]) {
      const all = Array.from(enumerateCells(space), text)
      expect(all).toEqual([...new Set(all)].sort())
      const published = Array.from(enumeratePublishedCells(space), text)
      const known = new Set(all)
      expect(published).toEqual([...new Set(published)].filter((cell) => known.has(cell)).sort())
      for (const cell of enumerateCells(space)) checkCell(space, cell)
    }
  })
})

describe('liveNodes', () => {
  it('are the vertices that pruning keeps', () => {
    for (const space of spaces) {
      for (const parents of enumerateConnectivities(space)) {
        // Operations that tell the nodes apart are not needed: the number of kept vertices is enough.
        const pruned = pruneModule(cellModule({ parents, operations: new Array(space.intermediates).fill(0) }))
        expect(liveNodes(parents).filter(Boolean)).toHaveLength(pruned?.operations.length ?? 0)
      }
    }
  })

  it('leaves out intermediates that feed only loose ends', () => {
    expect(liveNodes([[], [0], [0], [1], [0, 2], [1, 3], [0, 4]])).toEqual([
      true,
      false,
      true,
      false,
      true,
      false,
      true,
    ])
  })
})

describe('cellModule', () => {
  it.each(fixture.cells)('of $cell has the hash that Python computes: $hash', ({ space, cell, hash }) => {
    expect(moduleHash(cellModule(decodeCell(CELL_SPACES[space], cell)))).toBe(hash)
  })

  it('puts a convolution without edges before the output where a cell has four intermediates', () => {
    const { matrix, operations } = cellModule({
      parents: [[], [0], [0, 1], [1, 2], [0, 3], [0, 4]],
      operations: [0, 1, 1, 0],
    })
    expect(operations).toEqual([
      'input',
      'maxpool3x3',
      'conv3x3-bn-relu',
      'conv3x3-bn-relu',
      'maxpool3x3',
      'conv1x1-bn-relu',
      'output',
    ])
    expect(matrix).toEqual([
      [0, 1, 1, 0, 1, 0, 1],
      [0, 0, 1, 1, 0, 0, 0],
      [0, 0, 0, 1, 0, 0, 0],
      [0, 0, 0, 0, 1, 0, 0],
      [0, 0, 0, 0, 0, 0, 1],
      [0, 0, 0, 0, 0, 0, 0],
      [0, 0, 0, 0, 0, 0, 0],
    ])
  })

  it('has the nodes of space 3 as its vertices', () => {
    const parents = [[], [0], [1], [1], [0, 3], [2, 4], [0, 5]]
    const { matrix, operations } = cellModule({ parents, operations: [2, 2, 1, 0, 2] })
    expect(operations.slice(1, -1)).toEqual([2, 2, 1, 0, 2].map((operation) => OPERATIONS[operation]))
    expect(parents.map((_, node) => [...matrix.keys()].filter((source) => matrix[source][node] === 1))).toEqual(parents)
  })
})

describe('checkCell', () => {
  const cell = { parents: [[], [0], [0, 1], [0, 1], [0, 1], [0, 1]], operations: [0, 1, 2, 0] }

  it.each([
    [
      'too few nodes',
      { parents: cell.parents.slice(1) },
      'Expected parents of 6 nodes and 4 operations for a cell of nasbench1shot1-1 but received 5 and 4',
    ],
    [
      'too many operations',
      { operations: [0, 0, 0, 0, 0] },
      'Expected parents of 6 nodes and 4 operations for a cell of nasbench1shot1-1 but received 6 and 5',
    ],
    [
      'a parent of the input',
      { parents: cell.parents.with(0, [0]) },
      'Expected no parents of node 0 of nasbench1shot1-1 but received 0',
    ],
    [
      'no parents',
      { parents: cell.parents.with(1, []) },
      'Expected 1 of 0…0, ascending, as parents of node 1 of nasbench1shot1-1 but received none',
    ],
    [
      'parents out of order',
      { parents: cell.parents.with(4, [2, 1]) },
      'Expected 2 of 0…3, ascending, as parents of node 4 of nasbench1shot1-1 but received 2,1',
    ],
    [
      'a node as its own parent',
      { parents: cell.parents.with(3, [0, 3]) },
      'Expected 2 of 0…2, ascending, as parents of node 3 of nasbench1shot1-1 but received 0,3',
    ],
    [
      'an unknown operation',
      { operations: [0, 3, 2, 0] },
      'Expected an operation 0…2 for node 2 of nasbench1shot1-1 but received 3',
    ],
    [
      'half an operation',
      { operations: [0, 1, 2, 0.5] },
      'Expected an operation 0…2 for node 4 of nasbench1shot1-1 but received 0.5',
    ],
  ])('refuses %s', (_, change, message) => {
    expect(() => checkCell(CELL_SPACES[1], cell)).not.toThrow()
    expect(() => checkCell(CELL_SPACES[1], { ...cell, ...change })).toThrow(message)
  })
})
