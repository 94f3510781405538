/**
 * The cells of NAS-Bench-1Shot1 (Zela, Siems and Hutter, ICLR 2020): three sub-spaces of NAS-Bench-101 that a supernet
 * can cover. Node 0 is the input of the cell and the last node its output. Each intermediate node sums its parents and
 * applies one operation. Every node has a fixed number of parents, chosen among all nodes before it. A choice of
 * parents for every node is a *connectivity*. The functions are pure: they list cells, find loose ends, and translate
 * cells to modules.
 */
import { expected, UserError } from '../../base/errors.js'
import { enumeratePaths } from '../path.js'
import type { Module } from './nasbench101.js'

/** The candidate operations of an intermediate, by index. */
export const OPERATIONS = ['maxpool3x3', 'conv3x3-bn-relu', 'conv1x1-bn-relu'] as const

export const MAX_POOL_3X3 = 0
export const CONV_3X3 = 1
export const CONV_1X1 = 2

const EVERY_OPERATION: readonly number[] = [...OPERATIONS.keys()]

/** By node: the numbers of its parents, ascending; none for node 0. */
export type Connectivity = readonly (readonly number[])[]

export interface Cell {
  readonly parents: Connectivity
  /** Index of the operation of each intermediate: entry i belongs to node i + 1. */
  readonly operations: readonly number[]
}

/** One of the three sub-spaces. */
export interface CellSpace {
  /** 1, 2 or 3. */
  readonly number: CellSpaceNumber
  readonly name: string
  /** Nodes between input and output. */
  readonly intermediates: number
  /** By node: every set of parents that it can have, in lexicographic order. */
  readonly parentSets: readonly (readonly (readonly number[])[])[]
  /** Number of connectivities: 180, 360, 5,400. */
  readonly connectivities: number
}

export type CellSpaceNumber = 1 | 2 | 3

/** Number of parents of each node, from the input to the output. */
const PARENT_COUNTS: Readonly<Record<CellSpaceNumber, readonly number[]>> = {
  1: [0, 1, 2, 2, 2, 2],
  2: [0, 1, 1, 2, 2, 3],
  3: [0, 1, 1, 1, 2, 2, 2],
}

/** Vertices of the NAS-Bench-101 modules that cells translate to. */
const MODULE_VERTICES = 7

export const CELL_SPACES: Readonly<Record<CellSpaceNumber, CellSpace>> = {
  1: cellSpace(1),
  2: cellSpace(2),
  3: cellSpace(3),
}

function cellSpace(number: CellSpaceNumber): CellSpace {
  const counts = PARENT_COUNTS[number]
  const parentSets = counts.map((count, node) => subsets(node, count))
  return {
    number,
    name: `nasbench1shot1-${number}`,
    intermediates: counts.length - 2,
    parentSets,
    connectivities: parentSets.reduce((product, sets) => product * sets.length, 1),
  }
}

/** Every ascending choice of `count` numbers below `below`, in lexicographic order. */
function subsets(below: number, count: number, from = 0): number[][] {
  if (count === 0) return [[]]
  return Array.from({ length: below - from }, (_, i) => from + i).flatMap((first) =>
    subsets(below, count - 1, first + 1).map((rest) => [first, ...rest]),
  )
}

/** All connectivities, in lexicographic order. */
export function* enumerateConnectivities(space: CellSpace): Generator<Connectivity> {
  yield* choices(space.parentSets)
}

/**
 * Every connectivity with every choice of operations, in lexicographic order: 14,580, 29,160 and 1,312,200 cells. Many
 * differ only in the operations of loose ends: intermediates from which no path leads to the output.
 */
export function* enumerateCells(space: CellSpace): Generator<Cell> {
  const candidates = Array.from({ length: space.intermediates }, () => EVERY_OPERATION)
  for (const parents of enumerateConnectivities(space)) {
    for (const operations of choices(candidates)) yield { parents, operations }
  }
}

/**
 * The cells that the published sizes count: 6,240, 29,160 and 363,648. In spaces 1 and 3, only intermediates that feed
 * some node have a choice of operation. The others have a 1×1 convolution, as in the authors' code. The node that is
 * fed need not lead to the output. In space 2 all intermediates have the choice, as in {@link enumerateCells}; the rule
 * of spaces 1 and 3 would give 16,632 cells.
 */
export function* enumeratePublishedCells(space: CellSpace): Generator<Cell> {
  if (space.number === 2) {
    yield* enumerateCells(space)
    return
  }
  for (const parents of enumerateConnectivities(space)) {
    const feeding = new Set(parents.flat())
    const candidatesOf = (node: number) => (feeding.has(node) ? EVERY_OPERATION : [CONV_1X1])
    const candidates = Array.from({ length: space.intermediates }, (_, i) => candidatesOf(i + 1))
    for (const operations of choices(candidates)) yield { parents, operations }
  }
}

/** All sequences of one entry from each list, in lexicographic order. */
function* choices<T>(lists: readonly (readonly T[])[]): Generator<T[]> {
  const numbered = lists.map((list, i) => ({ name: `list ${i}`, connections: list.length }))
  for (const path of enumeratePaths({ choices: numbered })) yield lists.map((list, i) => list[path[i]])
}

/** Throws a UserError unless the cell belongs to the space. */
export function checkCell(space: CellSpace, { parents, operations }: Cell): void {
  const nodes = space.parentSets.length
  if (parents.length !== nodes || operations.length !== space.intermediates) {
    const wanted = `parents of ${nodes} nodes and ${space.intermediates} operations`
    throw expected(wanted, `a cell of ${space.name}`, `${parents.length} and ${operations.length}`, 2)
  }
  for (const [node, sets] of space.parentSets.entries()) {
    const received = parents[node].join()
    if (sets.some((set) => set.join() === received)) continue
    const [{ length: count }] = sets
    const wanted = count === 0 ? 'no parents' : `${count} of 0…${node - 1}, ascending, as parents`
    throw new UserError(`Expected ${wanted} of node ${node} of ${space.name} but received ${received || 'none'}`, 2)
  }
  for (const [i, operation] of operations.entries()) {
    if (OPERATIONS[operation] !== undefined) continue
    const wanted = `an operation 0…${OPERATIONS.length - 1}`
    throw expected(wanted, `node ${i + 1} of ${space.name}`, operation, 2)
  }
}

/**
 * By node: true if a path leads from it to the output. Every node carries a signal, because it has parents or is the
 * input. Nodes that are not live are loose ends, and cannot change the output of the cell.
 */
export function liveNodes(parents: Connectivity): boolean[] {
  const live = new Array<boolean>(parents.length).fill(false)
  live[parents.length - 1] = true
  for (let node = parents.length - 1; node > 0; node--) {
    if (live[node]) for (const parent of parents[node]) live[parent] = true
  }
  return live
}

/**
 * The cell as a NAS-Bench-101 module of seven vertices, loose ends included. Cells of spaces 1 and 2 have one vertex
 * too few. As in the authors' code they get a 1×1 convolution without edges before the output, which pruning removes.
 */
export function cellModule({ parents, operations }: Cell): Module {
  const output = parents.length - 1
  const vertexOf = (node: number) => (node === output ? MODULE_VERTICES - 1 : node)
  const matrix = Array.from({ length: MODULE_VERTICES }, () => new Array<number>(MODULE_VERTICES).fill(0))
  for (const [node, sources] of parents.entries()) {
    for (const source of sources) matrix[source][vertexOf(node)] = 1
  }
  const names = operations.map((operation) => OPERATIONS[operation])
  while (names.length < MODULE_VERTICES - 2) names.push(OPERATIONS[CONV_1X1])
  return { matrix, operations: ['input', ...names, 'output'] }
}
