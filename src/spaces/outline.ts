/** What a picture of an architecture shows: its cells as graphs, or its layers in a row. */

/** The two kinds of pictures, told apart by `kind`. */
export type Outline = CellsOutline | LayersOutline

/** Cells that the network repeats. */
export interface CellsOutline {
  readonly kind: 'cells'
  readonly cells: readonly CellOutline[]
}

/** A cell as a directed graph without cycles. */
export interface CellOutline {
  /** Such as `Normal cell`. */
  readonly title: string
  readonly nodes: readonly NodeOutline[]
  /** Several edges may join the same nodes. */
  readonly edges: readonly EdgeOutline[]
}

/** A node of a cell: an input, an output, or what lies between them. */
export interface NodeOutline {
  /** Text in the node. `c_{k-2}` has the part in braces as a subscript. */
  readonly label: string
  readonly role: 'input' | 'inner' | 'output'
  /** True if the node cannot change the output of the cell. */
  readonly dead?: boolean
}

/** An edge of a cell, along which a signal goes from one node to another. */
export interface EdgeOutline {
  /** Index of a node. */
  readonly source: number
  /** Index of a node. */
  readonly target: number
  /** The operation of the edge; absent if nodes have the operations. */
  readonly label?: string
  /** `dead` if the edge cannot change the output of the cell; `none` if it is left out, but keeps its place. */
  readonly state?: 'dead' | 'none'
}

/** Layers in a row, by stages of equal width. */
export interface LayersOutline {
  readonly kind: 'layers'
  readonly stages: readonly {
    /** Channels of the output of every layer of the stage. */
    readonly channels: number
    readonly layers: readonly LayerOutline[]
  }[]
}

/** One of the layers in a row. */
export interface LayerOutline {
  readonly block:
    | {
        readonly kind: 'inverted residual'
        /** Of the depthwise convolution, in pixels. */
        readonly kernel: number
        /** Hidden channels per input channel. */
        readonly expansion: number
      }
    | { readonly kind: 'convolution'; readonly kernel: number }
    /** `kernel` if a convolution stands for the identity, because shapes differ. */
    | { readonly kind: 'identity'; readonly kernel?: number }
  readonly stride: number
  /** True if every path has this layer. */
  readonly fixed?: boolean
}
