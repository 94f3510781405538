import type { Program, Shape } from '../programs/program.js'
import type { Outline } from './outline.js'

/** One option for every choice of the space: entry c is an index into the options of choice c. */
export type Path = readonly number[]

/** One of the independent decisions that make a path. */
export type Choice = OperationChoice | ConnectionChoice

/** The choice of the operation of an edge, a node or a layer. */
export interface OperationChoice {
  /** Name of the edge, node or layer, such as `3<-1` or `layer 7`. */
  readonly name: string
  /** By option: the index of the candidate operation. No operation occurs twice. */
  readonly operations: readonly number[]
}

/** The choice of connections, in spaces whose paths decide on them too. */
export interface ConnectionChoice {
  readonly name: string
  /** Number of options. */
  readonly connections: number
}

/**
 * Initial values of a parameter. PyTorch's defaults are uniform in ±1/√(fan-in) for convolutions and linear layers.
 * They are ones for the weights of batch norms, and zeros for their biases. Normal values have the mean 0.
 */
export type Initializer =
  | { readonly kind: 'uniform'; readonly bound: number }
  | { readonly kind: 'normal'; readonly deviation: number }
  | { readonly kind: 'zeros' }
  | { readonly kind: 'ones' }

/** One named tensor of the supernet. */
export interface ParameterSpec {
  readonly name: string
  readonly shape: readonly number[]
  readonly init: Initializer
  /** Index of the candidate operation that the parameter belongs to; absent for stem, residual blocks and head. */
  readonly operation?: number
}

/** One named tensor of the supernet that no gradient changes: the running statistics of batch norms. */
export interface BufferSpec {
  readonly name: string
  readonly shape: readonly number[]
  /** Initial value of all scalars: 0 for a running mean, 1 for a running variance. */
  readonly init: number
}

/** A weight-sharing search space. It describes; the addon computes. Implementations are plain objects without state. */
export interface SearchSpace {
  readonly name: string
  /** Names of the K candidate operations, by index. */
  readonly operations: readonly string[]
  /** The choices of a path, in its order. The space is every combination of options. */
  readonly choices: readonly Choice[]
  readonly input: Shape
  readonly classes: number
  /** Every parameter of the supernet, in the order of the reference implementation. */
  parameters(): readonly ParameterSpec[]
  /** Every buffer of the supernet: running statistics of its batch norms. Absent if they keep none. */
  buffers?(): readonly BufferSpec[]
  /** The program of a path. Throws for a path outside the space. */
  program(path: Path): Program
  /**
   * The network of a path as its benchmark publishes it. In NAS-Bench-201 it includes dead edges, which cannot change
   * the output but count as costs. Absent if it is {@link program}. For counting costs, not for training.
   */
  published?(path: Path): PublishedNetwork
  /** The published notation of a path, or a similar one if none is published. */
  encode(path: Path): string
  /** Reads the notation of {@link encode}; throws an error of one sentence for anything else. */
  decode(text: string): Path
  /**
   * The path with the same output that uses the fewest operations; the first one in lexicographic order if there are
   * several. Equal results mean equal sub-models.
   */
  withoutDeadEdges?(path: Path): Path
  /** What a picture of a path shows. Absent if there is none. Throws for a path outside the space. */
  outline?(path: Path): Outline
  /** Key of the path's isomorphism class. Absent if the literature defines no classes for the space. */
  isomorphismKey?(path: Path): string
  /**
   * The same space without shared weights between places of a network; absent if this space has none. A sub-model that
   * is trained alone is such a network, and costs are counted for it.
   */
  readonly unshared?: SearchSpace
  /**
   * The space with `count` blocks in every cell. A block is one full set of candidate weights, which any edge of the
   * cell may use. With `startAtZero`, all blocks but the first start with zeros.
   */
  withBlocks?(count: number, options?: { startAtZero?: boolean }): BlockedSpace
}

/** What a network computes, and the tensors that it names. */
export interface PublishedNetwork {
  readonly program: Program
  readonly parameters: readonly ParameterSpec[]
}

/** A space whose edges take the weights of their operations from one of several blocks. The caller decides which. */
export interface BlockedSpace {
  /** Every parameter, including the parameters of all blocks. */
  parameters(): readonly ParameterSpec[]
  /** The cell of a path, without its dead edges. */
  graph(path: Path): CellGraph
  /**
   * The program of a path whose i-th drawing edge, in the order of {@link graph}, takes its weights from block
   * `assignment[i]`.
   */
  assigned(path: Path, assignment: readonly number[]): Program
  /**
   * The program of a path for training. Its drawing edges mix the outputs of the first `open` blocks; edge i has the
   * coefficients from i · open on. A single open block is not mixed and has no coefficients. Parameters of all open
   * blocks count as sampled. `dropout` is the probability of dropping a feature before the classifier.
   */
  mixed(path: Path, open: number, options?: { dropout?: number }): Program
}

/**
 * The graph of a cell: nodes 0 … nodes − 1 in topological order, and the edges that carry a signal, by ascending
 * target.
 */
export interface CellGraph {
  readonly nodes: number
  readonly edges: readonly {
    readonly source: number
    readonly target: number
    /** Index of the candidate operation. */
    readonly operation: number
    /** True if the operation has weights, which it draws from a block. */
    readonly draws: boolean
  }[]
}
