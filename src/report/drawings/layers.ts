/**
 * Draws layers as a row of blocks, as Figure 9 of PA&DA: short for expansion 3 and long for 6; green, blue and yellow for
 * kernels 3, 5 and 7; red for the identity. Blocks also say their kernel, for those who do not see the colours.
 */
import type { LayerOutline, LayersOutline } from '../../spaces/outline.js'
import { drawing, element, INK, type Svg, text } from '../svg.js'

type Block = LayerOutline['block']

/** Fill and text of a block. */
export interface BlockColors {
  readonly fill: string
  readonly ink: string
}

/** By kernel. */
const KERNELS: Readonly<Record<number, BlockColors>> = {
  3: { fill: '#5bbb8d', ink: INK },
  5: { fill: '#2a6db0', ink: 'white' },
  7: { fill: '#f2cf3b', ink: INK },
}
const IDENTITY: BlockColors = { fill: '#c0272d', ink: 'white' }
const FIXED: BlockColors = { fill: '#e6e8eb', ink: INK }

const MARGIN = 16
/** Room for the names of the rows below. */
const NAMES = 46
/** Width of the whole drawing, if its layers fit. */
const WIDTH = 640
/** Width of a column with a block, and the gap to the next block. */
const COLUMN = { least: 22, most: 38, fixed: 32, gap: 4 }
/** Height of a block per unit of its expansion; blocks without expansion have room for a line of text. */
const PER_EXPANSION = 16
const LEAST_HEIGHT = 20

/** The text of an SVG file. */
export function drawLayers({ stages }: LayersOutline, title: string): Svg {
  const layers = stages.flatMap((stage) => stage.layers)
  const columns = columnsOf(layers)
  const [left, right] = [columns[0].left, columns[columns.length - 1].right]
  const tallest = Math.max(...layers.map(({ block }) => heightOf(block)))
  const axis = MARGIN + tallest / 2
  const below = MARGIN + tallest + 22
  const legend = drawLegend(layers, below + 44)
  const size = { width: Math.max(right + 8, legend.right) + MARGIN, height: legend.bottom + MARGIN }
  const name = (label: string, y: number) => text(label, MARGIN, y, { 'text-anchor': 'start', 'font-size': 12 })
  return drawing({ ...size, title, description: describe(stages) }, [
    element('line', { x1: left, y1: axis, x2: right + 4, y2: axis, stroke: INK, 'stroke-width': 1.2 }),
    element('polygon', { points: `${right + 8},${axis} ${right},${axis - 4} ${right},${axis + 4}`, fill: INK }),
    ...layers.map((layer, i) => drawBlock(layer, columns[i], axis)),
    name('stride', below),
    element('g', { class: 'strides' }, drawStrides(layers, columns, below)),
    name('width', below + 25),
    element('g', { class: 'widths' }, drawWidths(stages, columns, below + 25)),
    ...legend.parts,
  ])
}

/** The horizontal place of a block. */
interface Column {
  readonly left: number
  readonly right: number
}

/** Layers without a choice are wider, because the widths of their stages stand below them alone. */
function columnsOf(layers: readonly LayerOutline[]): Column[] {
  const fixed = layers.filter((layer) => layer.fixed).length
  const room = WIDTH - NAMES - 2 * MARGIN - COLUMN.fixed * fixed
  const others = Math.min(COLUMN.most, Math.max(COLUMN.least, room / Math.max(1, layers.length - fixed)))
  let left = MARGIN + NAMES
  return layers.map((layer) => {
    const column = { left, right: left + (layer.fixed ? COLUMN.fixed : others) - COLUMN.gap }
    left = column.right + COLUMN.gap
    return column
  })
}

function middle({ left, right }: Column): number {
  return (left + right) / 2
}

function drawStrides(layers: readonly LayerOutline[], columns: readonly Column[], y: number): Svg[] {
  return layers.map(({ stride }, i) => {
    const weight = stride === 1 ? undefined : 'bold'
    return text(String(stride), middle(columns[i]), y, { 'font-size': 12, 'font-weight': weight })
  })
}

/** A number for each stage, below a line as long as the stage. */
function drawWidths(stages: LayersOutline['stages'], columns: readonly Column[], y: number): Svg[] {
  let first = 0
  return stages.flatMap(({ channels, layers }) => {
    const stage = { left: columns[first].left, right: columns[first + layers.length - 1].right }
    first += layers.length
    return [
      element('line', { x1: stage.left, y1: y - 15, x2: stage.right, y2: y - 15, stroke: INK, 'stroke-width': 1.2 }),
      text(String(channels), middle(stage), y, { 'font-size': layers.length > 1 ? 12 : 11 }),
    ]
  })
}

/** Colours of a block. Kernels other than 3, 5 and 7 have none of their own. */
function colorsOf({ block, fixed }: LayerOutline): BlockColors {
  if (fixed || block.kind === 'convolution') return FIXED
  return block.kind === 'identity' ? IDENTITY : (KERNELS[block.kernel] ?? FIXED)
}

function heightOf(block: Block): number {
  return Math.max(LEAST_HEIGHT, block.kind === 'inverted residual' ? PER_EXPANSION * block.expansion : 0)
}

function labelOf(block: Block): string {
  if (block.kind === 'inverted residual') return `k${block.kernel}`
  return block.kernel === undefined ? 'id' : `${block.kernel}×${block.kernel}`
}

function drawBlock(layer: LayerOutline, column: Column, y: number): Svg {
  const height = heightOf(layer.block)
  const { fill, ink } = colorsOf(layer)
  const label = labelOf(layer.block)
  const kind = layer.fixed ? 'fixed' : layer.block.kind.replace(' ', '-')
  const box = { x: column.left, y: y - height / 2, width: column.right - column.left, height, rx: 2 }
  const letters = label.length > 2 ? { 'font-size': 11 } : { 'font-size': 12, 'font-weight': 'bold' }
  return element('g', { class: `block ${kind}` }, [
    element('rect', { ...box, fill, stroke: INK, 'stroke-width': 0.8 }),
    text(label, middle(column), y + 4, { fill: ink, ...letters }),
  ])
}

/** Two lines: what colours and letters mean, and what lengths mean. Only what the picture has is explained. */
function drawLegend(layers: readonly LayerOutline[], top: number): Legend {
  const chosen = layers.filter(({ fixed }) => !fixed)
  const residuals = chosen.flatMap(({ block }) => (block.kind === 'inverted residual' ? [block] : []))
  const identities = chosen.flatMap(({ block }) => (block.kind === 'identity' ? [block] : []))
  const kernels = distinct(residuals.map(({ kernel }) => kernel)).map((kernel) =>
    example({ kind: 'inverted residual', kernel, expansion: 1 }, `kernel ${kernel}`),
  )
  const plain = identities.find(({ kernel }) => kernel === undefined)
  const shaped = identities.find(({ kernel }) => kernel !== undefined)
  const colors = [
    ...kernels,
    ...(plain ? [example(plain, 'identity')] : []),
    ...(shaped ? [example(shaped, 'identity, as a convolution')] : []),
  ]
  const lengths = [
    ...distinct(residuals.map(({ expansion }) => expansion)).map(lengthExample),
    ...(chosen.length < layers.length ? [example({ kind: 'convolution', kernel: 1 }, 'fixed', true)] : []),
  ]
  const lines = [colors, lengths].filter((items) => items.length > 0)
  const rights: number[] = []
  const parts = lines.flatMap((items, line) => {
    const y = top + 12 + 32 * line
    let x = MARGIN
    return items.flatMap(({ glyph, words, draw }) => {
      const drawn = draw({ left: x, right: x + glyph }, y)
      const label = text(words, x + glyph + 6, y + 4, { 'text-anchor': 'start', 'font-size': 12 })
      x += glyph + 6 + 6.6 * words.length
      rights.push(x)
      x += 16
      return [drawn, label]
    })
  })
  return {
    parts: [element('g', { class: 'legend' }, parts)],
    right: Math.max(...rights),
    bottom: top + 32 * lines.length - 8,
  }
}

/** An entry of the legend: `glyph` is the width of its picture. */
interface Entry {
  readonly glyph: number
  readonly words: string
  draw(place: Column, y: number): Svg
}

function example(block: Block, words: string, fixed = false): Entry {
  return { glyph: 26, words, draw: (place, y) => drawBlock({ block, stride: 1, fixed }, place, y) }
}

/** A block of an expansion, at a quarter of its size. */
function lengthExample(expansion: number): Entry {
  const height = (PER_EXPANSION * expansion) / 4
  return {
    glyph: 8,
    words: `expansion ${expansion}`,
    draw: ({ left, right }, y) =>
      element('rect', { x: left, y: y - height / 2, width: right - left, height, rx: 1, fill: 'white', stroke: INK }),
  }
}

interface Legend {
  readonly parts: readonly Svg[]
  readonly right: number
  readonly bottom: number
}

function distinct(numbers: readonly number[]): number[] {
  return [...new Set(numbers)].sort((a, b) => a - b)
}

/** The layers in words. */
function describe(stages: LayersOutline['stages']): string {
  const words = ({ block, stride }: LayerOutline) => {
    const strided = stride === 1 ? '' : `, stride ${stride}`
    if (block.kind === 'inverted residual') return `kernel ${block.kernel}, expansion ${block.expansion}${strided}`
    if (block.kind === 'convolution') return `convolution ${block.kernel}×${block.kernel}${strided}`
    return block.kernel === undefined
      ? `identity${strided}`
      : `identity by a convolution ${block.kernel}×${block.kernel}${strided}`
  }
  return stages.map(({ channels, layers }) => `${channels} channels: ${layers.map(words).join('; ')}.`).join(' ')
}
