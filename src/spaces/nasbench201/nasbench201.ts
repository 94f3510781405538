/**
 * NAS-Bench-201 (Dong and Yang, ICLR 2020) as a weight-sharing supernet, as PA&DA's released code builds it: three
 * stages of equal cells at C, 2C and 4C channels, a strided residual block between stages, every candidate convolution
 * with weights of its own, or with one copy per cell for all its edges. Batch normalisation has no parameters and uses
 * batch statistics in evaluation too. Parameters have the names, shapes and order of the reference's state dict.
 *
 * With `affine` the norms of stem, residual blocks and head have scales and shifts, and the convolutions of residual blocks
 * no biases, as in the supernets of Dong and Yang's code (D-X-Y/AutoDL-Projects), whose names they have. Norms of candidates
 * have none there either by default, so what is dead stays dead: they take the zeros of an edge that carries no signal to
 * zeros. Residual blocks then make something of zeros, but a cell that no signal passes gives zeros whatever it reads.
 */
import type { NasBench201Config } from '../../config/schema.js'
import type { Program, Shape } from '../../programs/program.js'
import { checkNetworkOptions } from '../network-options.js'
import { checkPath, operationChoices } from '../path.js'
import type { BlockedSpace, CellGraph, Path, SearchSpace } from '../space.js'
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

/** The size of the supernet: settings of the space, and what its images are. */
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
    published(path: Path): Program {
      checkPath(space, path)
      return publishedProgram(net, path, (_, edge, apply) => apply(setOf(edge)))
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

/** Every cell has as many sets of candidate weights as the network has, from any of which an edge may draw. */
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
      const place = drawingEdges(live)
      return pathProgram(net, {
        path,
        live,
        draw: (_, edge, apply) => apply(assignment[place.indexOf(edge)]),
        idleSets: () => [],
      })
    },
    mixed(path: Path, open: number, { dropout }: { dropout?: number } = {}): Program {
      const live = space.withoutDeadEdges(path)
      const place = drawingEdges(live)
      const all = Array.from({ length: open }, (_, block) => block)
      return pathProgram(net, {
        path,
        live,
        draw: (builder, edge, apply) =>
          open === 1 ? apply(0) : builder.mix(all.map(apply), place.indexOf(edge) * open),
        idleSets: (edge) => (live.includes(path[edge]) ? [] : all),
        dropout,
      })
    },
  }
}

function isConvolution(operation: number): boolean {
  return operation === CONV_1X1 || operation === CONV_3X3
}

/** The edges that draw weights from a block. */
function drawingEdges(live: Path): number[] {
  return [...live.keys()].filter((edge) => isConvolution(live[edge]))
}
