/** Places the nodes, edges and labels of a graph, by Graphviz' dot compiled to WebAssembly. */
import type { Graph } from '@viz-js/viz'
import { printable } from '../svg.js'

/** Sizes of texts, in pixels. */
const NODE_TEXT = 13
export const EDGE_TEXT = 12

/** Width of the widest fonts that stand in for Helvetica (DejaVu Sans), as a multiple of its own. */
const WIDEST = 1.17

type Role = 'input' | 'inner' | 'output'

/** The way of the edges. */
export type Direction = 'right' | 'down'

/** Names of dot for a direction, and for the sides of a label where its edge arrives and leaves. */
const DIRECTIONS = {
  right: { rankdir: 'LR', before: 'w', behind: 'e' },
  down: { rankdir: 'TB', before: 'n', behind: 's' },
} as const

export interface GraphToPlace {
  /** Inputs stand first, in their order, and outputs last. */
  readonly nodes: readonly { readonly label: string; readonly role: Role }[]
  readonly edges: readonly {
    readonly source: number
    readonly target: number
    readonly label?: string
    /** True if the edge only keeps nodes apart. */
    readonly hidden?: boolean
  }[]
}

export interface Point {
  readonly x: number
  readonly y: number
}

interface Box extends Point {
  readonly width: number
  readonly height: number
}

export interface PlacedEdge {
  /** Chains of Bézier curves, each of 1 + 3n points: the whole edge, or its parts before and behind the label. */
  readonly curves: readonly (readonly Point[])[]
  /** Of the arrow, which begins where the last curve ends. */
  readonly tip: Point
  /** Middle of the label. */
  readonly label?: Point
}

export interface Layout {
  readonly width: number
  readonly height: number
  /** By node: its middle and its extents. */
  readonly nodes: readonly Box[]
  /** By edge; undefined for hidden ones. */
  readonly edges: readonly (PlacedEdge | undefined)[]
}

/** Facts that dot adds to a graph: points are `x,y`, in 1/72 inch from the lower left corner. */
interface Placed {
  readonly bb: string
  readonly objects: readonly {
    readonly name: string
    /** Absent in subgraphs. */
    readonly pos?: string
    /** In inches. */
    readonly width: string
    readonly height: string
  }[]
  readonly edges?: readonly { readonly id?: string; readonly pos: string }[]
}

/** Resolves to the layout in pixels, from the upper left corner. Graphviz is loaded by the first call. */
export async function layOut(graph: GraphToPlace, direction: Direction): Promise<Layout> {
  const { instance } = await import('@viz-js/viz')
  const placed = JSON.parse((await instance()).renderString(dotGraph(graph, direction), { format: 'json0' })) as Placed
  const [, , width, height] = placed.bb.split(',').map(Number)
  const point = (pair: string): Point => {
    const [x, y] = pair.split(',').map(Number)
    return { x, y: height - y }
  }
  const boxes = new Map(
    placed.objects.flatMap(({ name, pos, width, height }) =>
      pos === undefined ? [] : [[name, { ...point(pos), width: 72 * Number(width), height: 72 * Number(height) }]],
    ),
  )
  // The tip `e,x,y` of an arrow comes before the points of the curve, which does not reach it.
  const positions = new Map(placed.edges?.map(({ id, pos }) => [id, pos.split(' ')]))
  const edges = graph.edges.map(({ label, hidden }, edge): PlacedEdge | undefined => {
    if (hidden) return undefined
    const [tip, ...last] = positions.get(String(edge))!
    const curves = label === undefined ? [last] : [positions.get(`${edge} before`)!, last]
    return {
      curves: curves.map((points) => points.map(point)),
      tip: point(tip.slice(2)),
      label: boxes.get(labelName(edge)),
    }
  })
  return { width, height, nodes: graph.nodes.map((_, node) => boxes.get(String(node))!), edges }
}

/** The graph for dot. A label is a node between two edges, so that nothing else crosses it. */
function dotGraph({ nodes, edges }: GraphToPlace, direction: Direction): Graph {
  const { rankdir, before, behind } = DIRECTIONS[direction]
  const font = (size: number) => ({ fontname: 'Helvetica', fontsize: WIDEST * size })
  const shown = edges.flatMap((edge, id) =>
    edge.label === undefined || edge.hidden ? [] : [{ name: labelName(id), label: edge.label }],
  )
  const column = (role: Role, rank: string) => {
    const members = nodes.flatMap((node, i) => (node.role === role ? [String(i)] : []))
    return {
      graphAttributes: { rank },
      nodes: members.map((name) => ({ name })),
      // They keep their order.
      edges: members.slice(1).map((head, i) => ({ tail: members[i], head, attributes: { style: 'invis' } })),
    }
  }
  return {
    graphAttributes: { rankdir, ranksep: 0.34, nodesep: 0.24, margin: 0, pad: 0 },
    nodeAttributes: { ...font(NODE_TEXT), shape: 'box', margin: '0.1,0.04', height: 0.36, width: 0.36 },
    edgeAttributes: { arrowsize: 0.7 },
    nodes: [
      ...nodes.map(({ label }, node) => ({ name: String(node), attributes: { label: literal(label) } })),
      ...shown.map(({ name, label }) => ({
        name,
        attributes: { ...font(EDGE_TEXT), label: literal(label), margin: '0.02,0', height: 0.2 },
      })),
    ],
    edges: edges.flatMap(({ source, target, label, hidden }, id): DotEdge[] => {
      const [tail, head] = [String(source), String(target)]
      if (hidden) return [{ tail, head, attributes: { style: 'invis', minlen: label === undefined ? 1 : 2 } }]
      if (label === undefined) return [{ tail, head, attributes: { id: String(id) } }]
      return [
        { tail, head: labelName(id), attributes: { id: `${id} before`, headport: before, arrowhead: 'none' } },
        { tail: labelName(id), head, attributes: { id: String(id), tailport: behind } },
      ]
    }),
    subgraphs: [column('input', 'min'), column('output', 'max')],
  }
}

type DotEdge = NonNullable<Graph['edges']>[number]

function labelName(edge: number): string {
  return `label ${edge}`
}

/** A label in which Graphviz sees no escape sequence. */
function literal(label: string): string {
  return printable(label).replaceAll('\\', '\\\\')
}
