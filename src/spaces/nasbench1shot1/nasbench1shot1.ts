/**
 * NAS-Bench-1Shot1 (Zela, Siems and Hutter, ICLR 2020) as a search space. A path chooses the parents of every node that
 * has several possible sets of them, then the operation of every intermediate. The whole network repeats that cell.
 * There are 14,580, 29,160 and 1,312,200 paths. The published sizes, 6,240, 29,160 and 363,648, leave out some loose
 * ends (`enumeratePublishedCells`).
 */

import { checkPath, operationChoices, optionsOf } from '../path.js'
import type { Choice, Path, SearchSpace } from '../space.js'
import { CELL_SPACES, type Cell, type CellSpace, cellModule, OPERATIONS } from './cell.js'
import { type Module, moduleHasher } from './nasbench101.js'
import { nasBench101Network } from './nasbench101-network.js'
import { type NasBench1Shot1Options, nasBench1Shot1Network } from './network.js'
import { decodeCell, encodeCell } from './notation.js'
import { cellOutline } from './outline.js'

/** A space whose paths have canonical forms and isomorphism classes. */
export type NasBench1Shot1 = SearchSpace &
  Required<Pick<SearchSpace, 'withoutDeadEdges' | 'isomorphismKey'>> & {
    /**
     * The cell of a path as a module of NAS-Bench-101, loose ends included.
     *
     * @internal
     */
    module(path: Path): Module
  }

const BY_NAME = { 'nasbench1shot1-1': 1, 'nasbench1shot1-2': 2, 'nasbench1shot1-3': 3 } as const

/** Space 1, 2 or 3; throws a UserError for options that describe no network. */
export function nasBench1Shot1(name: keyof typeof BY_NAME, options: NasBench1Shot1Options = {}): NasBench1Shot1 {
  const cells = CELL_SPACES[BY_NAME[name]]
  const network = nasBench1Shot1Network(cells, options)
  const hash = moduleHasher()
  const choices = choicesOf(cells)
  const withoutLooseEnds = looseEndRemover(cells)
  /**
   * Hashes by the number of a cell without its loose ends, which do not change the hash. The third space has 135,900
   * such cells, a tenth of all.
   */
  const hashes = new Map<number, string>()
  const cellOf = (path: Path): Cell => {
    checkPath({ name, choices }, path)
    return pathToCell(cells, path)
  }
  const { input, classes, parameters } = network
  const space: NasBench1Shot1 = {
    name,
    input,
    classes,
    parameters,
    operations: OPERATIONS,
    choices,
    program: (path) => network.program(cellOf(path)),
    module: (path) => cellModule(cellOf(path)),
    published: (path) => nasBench101Network(cellModule(cellOf(path)), network.size),
    encode: (path) => encodeCell(cellOf(path)),
    decode: (text) => cellToPath(cells, decodeCell(cells, text)),
    outline: (path) => cellOutline(cellOf(path)),
    withoutDeadEdges(path) {
      checkPath({ name, choices }, path)
      return withoutLooseEnds(path)
    },
    /** The hash of the cell in NAS-Bench-101. */
    isomorphismKey(path) {
      checkPath({ name, choices }, path)
      const live = withoutLooseEnds(path)
      const number = live.reduce((sum, option, c) => sum * optionsOf(choices[c]) + option, 0)
      let known = hashes.get(number)
      if (known === undefined) {
        known = hash(cellModule(pathToCell(cells, live)))
        hashes.set(number, known)
      }
      return known
    },
  }
  if (options.sharing !== 'perCell') return space
  return { ...space, unshared: nasBench1Shot1(name, { ...options, sharing: 'perOperation' }) }
}

function choicesOf({ parentSets, intermediates }: CellSpace): Choice[] {
  const connections = [...parentSets.entries()]
    .filter(([, sets]) => sets.length > 1)
    .map(([node, sets]) => ({ name: `parents of ${nameOf(node, intermediates)}`, connections: sets.length }))
  const nodes = Array.from({ length: intermediates }, (_, i) => `operation of node ${i + 1}`)
  return [...connections, ...operationChoices(nodes, OPERATIONS.length)]
}

function nameOf(node: number, intermediates: number): string {
  return node > intermediates ? 'the output' : `node ${node}`
}

function pathToCell({ parentSets, intermediates }: CellSpace, path: Path): Cell {
  let at = 0
  const parents = parentSets.map((sets) => (sets.length > 1 ? sets[path[at++]] : sets[0]))
  return { parents, operations: path.slice(at, at + intermediates) }
}

function cellToPath({ parentSets }: CellSpace, { parents, operations }: Cell): Path {
  const connections = parentSets.flatMap((sets, node) => {
    if (sets.length === 1) return []
    const wanted = parents[node].join()
    return [sets.findIndex((set) => set.join() === wanted)]
  })
  return [...connections, ...operations]
}

/**
 * Returns a function that sets all choices about loose ends to their first option, because they cannot change the
 * output. Sets of nodes are bits: fast enough for the 1.3 million paths of the third space.
 */
function looseEndRemover({ parentSets, intermediates }: CellSpace): (path: Path) => Path {
  const output = parentSets.length - 1
  const masks = parentSets.map((sets) => sets.map((set) => set.reduce((mask, parent) => mask | (1 << parent), 0)))
  /** By choice: the node that it is about. Parents come first, then operations. */
  const nodes: number[] = [...parentSets.keys()].filter((node) => parentSets[node].length > 1)
  const connections = nodes.length
  for (let i = 0; i < intermediates; i++) nodes.push(i + 1)
  return (path) => {
    let live = 1 << output
    let c = connections
    for (let node = output; node > 0; node--) {
      const option = parentSets[node].length > 1 ? path[--c] : 0
      if (live & (1 << node)) live |= masks[node][option]
    }
    return path.map((option, c) => (live & (1 << nodes[c]) ? option : 0))
  }
}
