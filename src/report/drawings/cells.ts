/** Draws cells as graphs: as Figure 8 of PA&DA and the pictures of DARTS. */
import type { CellOutline, CellsOutline, EdgeOutline, NodeOutline } from '../../spaces/outline.js'
import { drawing, element, GREY, INK, plain, type Svg, text } from '../svg.js'
import { type Direction, EDGE_TEXT, type Layout, layOut, type PlacedEdge, type Point } from './graph-layout.js'

const MARGIN = 16
/** Height of a line with a cell's title, or with the legend. */
const LINE = 28
const GAP = 24

/** Colours of nodes. The frames of inputs and outputs are round, and inner ones have corners. */
const FILLS: Readonly<Record<NodeOutline['role'], string>> = { input: '#d3ecd9', inner: '#d6e6f5', output: '#fbeec2' }

const LEGEND = 'Grey and dashed: cannot change the output'

/** Width, in pixels, up to which text of 12 pixels is legible in a picture that is shown at 600. */
const WIDEST = 740

/** Where cells stand. */
interface Arrangement {
  readonly layouts: readonly Layout[]
  /** True if they stand side by side; otherwise one below the other. */
  readonly beside: boolean
}

/** Resolves to the text of an SVG file. */
export async function drawCells({ cells }: CellsOutline, title: string): Promise<Svg> {
  const { layouts, beside } = await arrange(cells)
  const header = cells.length > 1 ? LINE : 0
  const parts: Svg[] = []
  let [x, y, right, bottom] = [MARGIN, MARGIN, 0, 0]
  for (const [i, layout] of layouts.entries()) {
    if (header > 0) parts.push(text(cells[i].title, x, y + 12, { 'text-anchor': 'start', 'font-weight': 'bold' }))
    parts.push(drawCell(cells[i], layout, { x, y: y + header }))
    right = Math.max(right, x + layout.width)
    bottom = Math.max(bottom, y + header + layout.height)
    if (beside) x = right + GAP
    else y = bottom + GAP
  }
  if (cells.some(hasDead)) {
    parts.push(text(LEGEND, MARGIN, bottom + LINE, { 'text-anchor': 'start', 'font-size': 12 }))
    bottom += LINE
    right = Math.max(right, MARGIN + 6.6 * LEGEND.length)
  }
  const size = { width: right + MARGIN, height: bottom + MARGIN }
  return drawing({ ...size, title, description: cells.map(describe).join(' ') }, parts)
}

/** Cells go from left to right. If that is too wide, they go from top to bottom, side by side if there is room. */
async function arrange(cells: CellsOutline['cells']): Promise<Arrangement> {
  const room = WIDEST - 2 * MARGIN
  const right = await place(cells, 'right')
  if (widest(right) <= room) return { layouts: right, beside: false }
  const down = await place(cells, 'down')
  if (widest(down) >= widest(right)) return { layouts: right, beside: false }
  const together = down.reduce((sum, { width }) => sum + width + GAP, -GAP)
  return { layouts: down, beside: together <= room }
}

function widest(layouts: readonly Layout[]): number {
  return Math.max(...layouts.map(({ width }) => width))
}

function place(cells: CellsOutline['cells'], direction: Direction): Promise<Layout[]> {
  const graphs = cells.map(({ nodes, edges }) => ({
    nodes: nodes.map(({ label, role }) => ({ label: plain(label), role })),
    edges: edges.map(({ state, ...edge }) => ({ ...edge, hidden: state === 'none' })),
  }))
  return Promise.all(graphs.map((graph) => layOut(graph, direction)))
}

function hasDead({ nodes, edges }: CellOutline): boolean {
  return nodes.some(({ dead }) => dead) || edges.some(({ state }) => state === 'dead')
}

function drawCell({ nodes, edges, title }: CellOutline, layout: Layout, { x, y }: Point): Svg {
  const drawn = [
    ...edges.flatMap((edge, i) => {
      const placed = layout.edges[i]
      return placed === undefined ? [] : [drawEdge(edge, placed)]
    }),
    ...nodes.map((node, i) => drawNode(node, layout.nodes[i])),
  ]
  const attributes = { class: 'cell', 'aria-label': title, transform: `translate(${x} ${y})` }
  return element('g', attributes, [`\n${drawn.join('\n')}\n`])
}

function drawNode({ label, role, dead }: NodeOutline, { x, y, width, height }: Layout['nodes'][number]): Svg {
  const box = element('rect', {
    x: x - width / 2,
    y: y - height / 2,
    width,
    height,
    // The ends of the cell are round.
    rx: role === 'inner' ? 4 : height / 2,
    fill: dead ? 'white' : FILLS[role],
    stroke: dead ? GREY : INK,
    'stroke-dasharray': dead ? '4 3' : undefined,
  })
  const attributes = { class: dead ? 'node dead' : 'node' }
  return element('g', attributes, [box, text(label, x, y + 4.5, { fill: dead ? GREY : INK })])
}

function drawEdge({ label, state }: EdgeOutline, { curves, tip, label: place }: PlacedEdge): Svg {
  const dead = state === 'dead'
  const color = dead ? GREY : INK
  const pair = ({ x, y }: Point) => `${x.toFixed(1)} ${y.toFixed(1)}`
  const chain = ([start, ...rest]: readonly Point[]) => `M${pair(start)}C${rest.map(pair).join(' ')}`
  const stroke = { stroke: color, 'stroke-width': 1.2, 'stroke-dasharray': dead ? '4 3' : undefined }
  const base = curves.at(-1)!.at(-1)!
  const [dx, dy] = [(tip.x - base.x) / 2, (tip.y - base.y) / 2]
  const corners = [tip, { x: base.x - dy, y: base.y + dx }, { x: base.x + dy, y: base.y - dx }]
  return element('g', { class: dead ? 'edge dead' : 'edge' }, [
    element('path', { d: curves.map(chain).join(''), fill: 'none', ...stroke }),
    element('polygon', { points: corners.map(pair).join(' '), fill: color }),
    ...(label === undefined || place === undefined
      ? []
      : [text(label, place.x, place.y + 4, { 'font-size': EDGE_TEXT, fill: color })]),
  ])
}

/** The cell in words. */
function describe({ title, nodes, edges }: CellOutline): string {
  const names = nodes.map(({ label }, node) => {
    const repeated = nodes.some((other, i) => i !== node && other.label === label)
    return repeated ? `${plain(label)} (node ${node})` : plain(label)
  })
  const phrases = edges.flatMap(({ source, target, label, state }) => {
    if (state === 'none') return []
    const edge = `${names[source]} to ${names[target]}`
    return [`${label === undefined ? edge : `${label} from ${edge}`}${state === 'dead' ? ', dead' : ''}`]
  })
  return `${title}: ${phrases.join('; ') || 'no edges'}.`
}
