/**
 * The search space of DARTS (Liu, Simonyan and Yang, ICLR 2019) as a weight-sharing supernet in which a step trains one
 * path.
 *
 * A path describes a normal cell, then a reduction cell, by 11 choices each. The first three choose which two earlier
 * nodes the nodes 3, 4 and 5 read (3, 6 and 10 pairs; node 2 reads both inputs). The others choose two operations for
 * each of nodes 2…5, the operation on the lower-numbered node first. There are (3 · 6 · 10)² · 7¹⁶ ≈ 1.08 · 10¹⁸ paths.
 * The operation `none` of DARTS is not offered. In DARTS it lets an edge fade out of a mixture; no genotype contains
 * it, because every node has two operations.
 *
 * The supernet is the one of DARTS' search. It has a 3×3 stem of 3C channels, 8 cells, global pooling and a linear
 * layer. The cells at ⅓ and ⅔ of the depth are reduction cells. Each cell has 14 edges, and each edge has its own
 * weights for every operation. Parameters have the names, shapes and order of the authors' state dict, which counts
 * `none` as operation 0. No batch norm has parameters, as in the supernet of NAS-Bench-201 here. The option `affine`
 * gives the norm of the stem parameters, as in the authors' code. All norms use batch statistics in evaluation too,
 * because paths share all weights but no statistics.
 *
 * A skip connection of stride 2 has weights (two 1×1 convolutions); a skip connection of stride 1 has none.
 */
import type { DartsConfig } from '../../config/schema.js'
import type { Shape, Value } from '../../programs/program.js'
import { checkPath, operationChoices } from '../path.js'
import type { Choice, Path, SearchSpace } from '../space.js'
import {
  type DartsOperation,
  decodeGenotype,
  edgesInto,
  encodeGenotype,
  type Genotype,
  type GenotypeCell,
  type GenotypeEdge,
  NODES,
  OPERATIONS,
} from './genotype.js'
import { dartsNetwork } from './genotype-network.js'
import { type DartsCell, DartsLayers, networkSize, strideOf } from './layers.js'
import { genotypeOutline } from './outline.js'

/** Size of the supernet: settings of the space, and the shape and classes of its images. */
export interface DartsOptions extends Partial<Omit<DartsConfig, 'name'>> {
  /** One image; height and width must be multiples of 4, because two cells halve them. */
  readonly input?: Shape
  readonly classes?: number
}

const NAME = 'darts'

/** By node: the pairs of nodes that it can read, each ascending, in lexicographic order. */
const PAIRS: ReadonlyMap<number, readonly (readonly [number, number])[]> = new Map(
  NODES.map((node) => [node, pairsBelow(node)]),
)
const CHOOSING = NODES.filter((node) => PAIRS.get(node)!.length > 1)
const CELL_CHOICES = CHOOSING.length + 2 * NODES.length

/** The space; throws a UserError for options that describe no network. */
export function darts(options: DartsOptions = {}): SearchSpace {
  const size = networkSize(NAME, options, { channels: 16, cells: 8 })
  const layersOptions = { alone: false, affineStem: options.affine }
  const choices = [...choicesOf('normal'), ...choicesOf('reduce')]
  const parameters = allParameters()
  const genotypeOf = (path: Path): Genotype => {
    checkPath({ name: NAME, choices }, path)
    return { normal: pathToCell(path.slice(0, CELL_CHOICES)), reduce: pathToCell(path.slice(CELL_CHOICES)) }
  }

  /** All parameters of the supernet, from a network that takes every operation on every edge. */
  function allParameters() {
    const layers = new DartsLayers(layersOptions)
    const cells = layers.body(size, (cell, node, before) =>
      before.flatMap((x, from) => OPERATIONS.map((name) => candidate(layers, cell, node, x, [name, from]))),
    )
    layers.classify(cells.at(-1)!, size.classes)
    return layers.parameters
  }

  return {
    name: NAME,
    operations: OPERATIONS,
    choices,
    input: size.input,
    classes: size.classes,
    parameters: () => parameters,
    program(path) {
      const genotype = genotypeOf(path)
      const layers = new DartsLayers(layersOptions)
      const cells = layers.body(size, (cell, node, before) =>
        edgesInto(cell.reduction ? genotype.reduce : genotype.normal, node).map((edge) =>
          candidate(layers, cell, node, before[edge[1]], edge),
        ),
      )
      return layers.builder.finish(layers.classify(cells.at(-1)!, size.classes))
    },
    /** The genotype of the path. The two operations of a node are in the order of the nodes that they read. */
    encode: (path) => encodeGenotype(genotypeOf(path)),
    published(path) {
      const { program, parameters } = dartsNetwork(genotypeOf(path), size)
      return { program: program([]), parameters: parameters() }
    },
    outline: (path) => genotypeOutline(genotypeOf(path)),
    /** Accepts the two operations of a node in either order, which means the same path. */
    decode(text) {
      const { normal, reduce } = decodeGenotype(text)
      return [...cellToPath(normal), ...cellToPath(reduce)]
    },
  }
}

function candidate(
  layers: DartsLayers,
  cell: DartsCell,
  node: number,
  x: Value,
  [operation, from]: GenotypeEdge,
): Value {
  return layers.operation(x, operation, candidateName(cell.name, node, [operation, from]), strideOf(cell, from))
}

/** Prefix of the names of an operation's tensors, for an edge into `node` of the cell `cells.{i}`. */
export function candidateName(cell: string, node: number, [operation, from]: GenotypeEdge): string {
  // Edges are numbered by target, then by source. The first edge into node n is number 2 + 3 + … + (n − 1).
  const edge = (node * (node - 1)) / 2 - 1 + from
  const index = 1 + OPERATIONS.indexOf(operation)
  return `${cell}._ops.${edge}._ops.${index}`
}

function pairsBelow(node: number): (readonly [number, number])[] {
  const nodes = [...new Array(node).keys()]
  return nodes.flatMap((a) => nodes.slice(a + 1).map((b) => [a, b] as const))
}

function choicesOf(cell: 'normal' | 'reduce'): Choice[] {
  const connections = CHOOSING.map((node) => ({
    name: `predecessors of node ${node} (${cell})`,
    connections: PAIRS.get(node)!.length,
  }))
  const operations = NODES.flatMap((node) =>
    ['first', 'second'].map((which) => `${which} operation of node ${node} (${cell})`),
  )
  return [...connections, ...operationChoices(operations, OPERATIONS.length)]
}

function pathToCell(path: Path): GenotypeCell {
  const operations = path.slice(CHOOSING.length).map((index) => OPERATIONS[index])
  return NODES.flatMap((node, i) => {
    const pairs = PAIRS.get(node)!
    const at = CHOOSING.indexOf(node)
    const pair = pairs[at < 0 ? 0 : path[at]]
    return pair.map((from, side): GenotypeEdge => [operations[2 * i + side], from])
  })
}

function cellToPath(cell: GenotypeCell): Path {
  const sorted = NODES.map((node) => edgesInto(cell, node).toSorted(([, a], [, b]) => a - b))
  const connections = CHOOSING.map((node) => {
    const [[, a], [, b]] = sorted[NODES.indexOf(node)]
    return PAIRS.get(node)!.findIndex((pair) => pair[0] === a && pair[1] === b)
  })
  return [...connections, ...sorted.flat().map(([operation]) => OPERATIONS.indexOf(operation as DartsOperation))]
}
