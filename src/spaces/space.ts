import type { Program, Shape } from '../programs/program.js'

/** One option of every choice that the space offers: entry c is an index into the options of choice c. */
export type Path = readonly number[]

/** One of the independent decisions that make a path. */
export type Choice = OperationChoice | ConnectionChoice

/** What an edge, a node or a layer computes. */
export interface OperationChoice {
  /** What decides, such as `3<-1` or `layer 7`. */
  readonly name: string
  /** Per option, the index of the candidate operation that it takes; no operation twice. */
  readonly operations: readonly number[]
}

/** What is connected with what, where a path decides that too. */
export interface ConnectionChoice {
  readonly name: string
  /** Number of options. */
  readonly connections: number
}

/**
 * How a parameter starts: PyTorch's defaults for convolutions and linear layers are uniform in ±1/√(fan-in), for the
 * weights of batch norms ones and for their biases zeros.
 */
export type Initializer =
  | { readonly kind: 'uniform'; readonly bound: number }
  | { readonly kind: 'zeros' }
  | { readonly kind: 'ones' }

/** One named tensor of the supernet. */
export interface ParameterSpec {
  readonly name: string
  readonly shape: readonly number[]
  readonly init: Initializer
  /** Index of the candidate operation it belongs to; absent for stem, residual blocks and head. */
  readonly operation?: number
}

/** One named tensor of the supernet that no gradient changes: the running statistics of batch norms. */
export interface BufferSpec {
  readonly name: string
  readonly shape: readonly number[]
  /** What all its scalars start with: 0 for a running mean, 1 for a running variance. */
  readonly init: number
}

/** A weight-sharing search space. It describes; the addon computes. Implementations are plain objects without state. */
export interface SearchSpace {
  readonly name: string
  /** Names of the K candidate operations, by index. */
  readonly operations: readonly string[]
  /** What a path decides, in its order. The space is every combination of options. */
  readonly choices: readonly Choice[]
  readonly input: Shape
  readonly classes: number
  /** Every parameter of the supernet, in the order of the reference implementation. */
  parameters(): readonly ParameterSpec[]
  /** The buffers of its batch norms, where they keep running statistics. */
  buffers?(): readonly BufferSpec[]
  /** What a path computes. Throws for a path outside the space. */
  program(path: Path): Program
  /**
   * The network of a path as its benchmark publishes it, with what cannot change the output but is counted all the same:
   * dead edges. Absent where that is {@link program}. For counting costs, not for training.
   */
  published?(path: Path): Program
  /** The space's published notation for a path, or one like it. */
  encode(path: Path): string
  /** Reads the notation of {@link encode}; throws one clear sentence for anything else. */
  decode(text: string): Path
  /**
   * A path with the same output that uses the fewest operations, and the first of those in lexicographic order: equal
   * results mean equal sub-models.
   */
  withoutDeadEdges?(path: Path): Path
  /** Key of the path's isomorphism class, where the literature defines one for the space. */
  isomorphismKey?(path: Path): string
  /**
   * The same space where no two places of a network share weights, if they do here: what a sub-model is when it is
   * trained alone, and of which costs are counted.
   */
  readonly unshared?: SearchSpace
  /**
   * The space with `count` blocks in every cell. A block is one full set of candidate weights, which any edge of the cell
   * may use. With `startAtZero` all blocks but the first start with zeros.
   */
  withBlocks?(count: number, options?: { startAtZero?: boolean }): BlockedSpace
}

/** A space whose edges take the weights of their operations from one of several blocks. A caller decides from which. */
export interface BlockedSpace {
  /** Every parameter, those of all blocks included. */
  parameters(): readonly ParameterSpec[]
  /** The cell of a path without its dead edges. */
  graph(path: Path): CellGraph
  /** The path whose i-th drawing edge, in the order of {@link graph}, takes its weights from block `assignment[i]`. */
  assigned(path: Path, assignment: readonly number[]): Program
  /**
   * The path for training, whose drawing edges mix the outputs of the first `open` blocks: for edge i with coefficients
   * i · open and following. A single open block is not mixed and has no coefficients. Parameters of all open blocks
   * count as sampled. `dropout` is the probability of dropping features before the classifier.
   */
  mixed(path: Path, open: number, options?: { dropout?: number }): Program
}

/** Nodes 0 … nodes − 1 of a cell in topological order, and the edges that carry a signal, by ascending target. */
export interface CellGraph {
  readonly nodes: number
  readonly edges: readonly {
    readonly source: number
    readonly target: number
    /** Index of the candidate operation. */
    readonly operation: number
    /** Whether the operation has weights, to be drawn from a block. */
    readonly draws: boolean
  }[]
}
