import type { Program, Shape } from '../program.js'

/** One choice of operations: for each edge, in the space's edge order, the index of the chosen operation. */
export type Path = readonly number[]

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
  /** Number of edges: the length of every path. Each edge chooses among all operations. */
  readonly edges: number
  /** Number of paths. */
  readonly size: number
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
  /** The space's published notation for a path. */
  encode(path: Path): string
  /** Reads the notation of {@link encode}; throws one clear sentence for anything else. */
  decode(text: string): Path
  /** All paths, in lexicographic order. */
  enumerate(): Iterable<Path>
  /** A path with the same output that uses the fewest operations: equal results mean equal sub-models. */
  withoutDeadEdges?(path: Path): Path
  /** Key of the path's isomorphism class, where the literature defines one for the space. */
  isomorphismKey?(path: Path): string
}
