/**
 * NAS-Bench-201 (Dong and Yang, ICLR 2020) as a weight-sharing supernet, as PA&DA's released code builds it. It has
 * three stages of equal cells at C, 2C and 4C channels, and a strided residual block between stages. Every candidate
 * convolution has its own weights, or all edges of a cell share one copy (`sharing`). Batch norms have no parameters
 * and use batch statistics in evaluation too. Parameters have the names, shapes and order of the reference's state
 * dict.
 *
 * With `affine`, the norms of stem, residual blocks and head have scales and shifts, and the convolutions of residual
 * blocks have no biases. This matches the supernets of Dong and Yang's code (D-X-Y/AutoDL-Projects), names included.
 * Norms of candidates have no parameters there either by default, so dead edges stay dead. Such a norm turns the zeros
 * of an edge without signal into zeros. Residual blocks then turn zeros into other values, but a cell that no signal
 * passes gives zeros whatever it reads.
 */
import type { NasBench201Config } from '../../config/schema.js'
import type { Program, Shape } from '../../programs/program.js'
import { checkNetworkOptions } from '../network-options.js'
import { checkPath, operationChoices } from '../path.js'
import type { BlockedSpace, CellGraph, Path, PublishedNetwork, SearchSpace } from '../space.js'
import {
  CONV_1X1,
  CONV_3X3,
  decodeArchitecture,
  EDGES,
  encodeArchitecture,
  isomorphismKey,
  NODES,
  NONE,
  OPERATIONS,
  withoutDeadEdges,
} from './cell.js'
import { type Network, network, pathProgram, publishedProgram, STRIDE } from './network.js'
import { cellOutline } from './outline.js'

/** Size of the supernet: settings of the space, and the shape and classes of its images. */
export interface NasBench201Options extends Partial<Omit<NasBench201Config, 'name'>> {
  /** One image; height and width must be multiples of 4, because two residual blocks halve them. */
  readonly input?: Shape
  readonly classes?: number
}

/** A space whose paths have canonical forms, isomorphism classes and blocks of weights. */
export type NasBench201 = SearchSpace &
  Required<Pick<SearchSpace, 'published' | 'withoutDeadEdges' | 'isomorphismKey' | 'withBlocks'>>

/** The space of 15,625 paths; throws a UserError for options that describe no network. */
export function nasBench201(options: NasBench201Options = {}): NasBench201 {
  const { channels = 16, cellsPerStage = 5, input = { channels: 3, height: 32, width: 32 }, classes = 10 } = options
  const { sharing = 'perOperation', affine = false } = options
  checkNetworkOptions('nasbench201', { channels, cellsPerStage, classes }, input, STRIDE)
  const size = { channels, cellsPerStage, affine, input, classes }
  const perCell = sharing === 'perCell'
  const sets = perCell ? [blockName(0)] : EDGES.map(({ target, source }) => `edges.${target}<-${source}`)
  const net = network({ ...size, sets })
  const setOf = (edge: number) => (perCell ? 0 : edge)

  const space: NasBench201 = {
    name: 'nasbench201',
    operations: OPERATIONS,
    choices: operationChoices(
      EDGES.map(({ target, source }) => `${target}<-${source}`),
      OPERATIONS.length,
    ),
    input,
    classes,
    parameters: () => net.parameters,
    program(path: Path): Program {
      checkPath(space, path)
      const live = withoutDeadEdges(path)
      return pathProgram(net, {
        path,
        live,
        draw: (_, edge, apply) => apply(setOf(edge)),
        // Weights that a live edge of the cell uses are not idle.
        idleSets: (edge) => (perCell && live.includes(path[edge]) ? [] : [setOf(edge)]),
      })
    },
    published(path: Path): PublishedNetwork {
      checkPath(space, path)
      const program = publishedProgram(net, path, (_, edge, apply) => apply(setOf(edge)))
      return { program, parameters: net.parameters }
    },
    encode(path: Path): string {
      checkPath(space, path)
      return encodeArchitecture(path)
    },
    decode: decodeArchitecture,
    withoutDeadEdges(path: Path): Path {
      checkPath(space, path)
      return withoutDeadEdges(path)
    },
    outline(path: Path) {
      checkPath(space, path)
      return cellOutline(path)
    },
    isomorphismKey(path: Path): string {
      checkPath(space, path)
      return isomorphismKey(path)
    },
    ...(perCell && { unshared: nasBench201({ ...size, sharing: 'perOperation' }) }),
    withBlocks(blocks: number, { startAtZero = false } = {}): BlockedSpace {
      const sets = Array.from({ length: blocks }, (_, block) => blockName(block))
      return blocked(network({ ...size, sets, startAtZero: (block) => startAtZero && block > 0 }), space)
    },
  }
  return space
}

function blockName(block: number): string {
  return `blocks.${block}`
}

/**
 * The blocked space of a network. Every cell has the sets of candidate weights of the network, and an edge may draw
 * from any of them.
 */
function blocked(net: Network, space: NasBench201): BlockedSpace {
  return {
    parameters: () => net.parameters,
    graph(path: Path): CellGraph {
      const live = space.withoutDeadEdges(path)
      const edges = EDGES.flatMap(({ source, target }, edge) => {
        const operation = live[edge]
        return operation === NONE ? [] : [{ source, target, operation, draws: isConvolution(operation) }]
      })
      return { nodes: NODES, edges }
    },
    assigned(path: Path, assignment: readonly number[]): Program {
      const live = space.withoutDeadEdges(path)
      const drawing = drawingEdges(live)
      return pathProgram(net, {
        path,
        live,
        draw: (_, edge, apply) => apply(assignment[drawing.indexOf(edge)]),
        idleSets: () => [],
      })
    },
    mixed(path: Path, open: number, { dropout }: { dropout?: number } = {}): Program {
      const live = space.withoutDeadEdges(path)
      const drawing = drawingEdges(live)
      const all = Array.from({ length: open }, (_, block) => block)
      return pathProgram(net, {
        path,
        live,
        draw: (builder, edge, apply) =>
          open === 1 ? apply(0) : builder.mix(all.map(apply), drawing.indexOf(edge) * open),
        idleSets: (edge) => (live.includes(path[edge]) ? [] : all),
        dropout,
      })
    },
  }
}

function isConvolution(operation: number): boolean {
  return operation === CONV_1X1 || operation === CONV_3X3
}

/** Edges that draw weights from a block. */
function drawingEdges(live: Path): number[] {
  return [...live.keys()].filter((edge) => isConvolution(live[edge]))
}
