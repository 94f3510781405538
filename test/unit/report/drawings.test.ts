import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import sharp from 'sharp'
import { describe, expect, it } from 'vitest'
import { parseConfig, parseRetrainConfig } from '../../../src/config/index.js'
import { drawArchitecture } from '../../../src/report/drawings/architecture.js'
import { writePicture } from '../../../src/report/write-picture.js'
import {
  createNetwork,
  createSpace,
  DARTS_V2,
  darts,
  encodeGenotype,
  type GenotypeCell,
  nasBench1Shot1,
  nasBench201,
  nasBenchMacro,
  optionsOf,
  type Path,
  proxylessNas,
  type SearchSpace,
  SPACES,
} from '../../../src/spaces/index.js'
import { temporaryFolder } from '../../support/folders.js'

/** A group of a drawing: its classes and its elements. */
interface Group {
  readonly classes: readonly string[]
  readonly body: string
}

const groupsOf = (svg: string): Group[] =>
  [...svg.matchAll(/<g class="((?:node|edge|block)[^"]*)">(.*?)<\/g>/g)].map(([, classes, body]) => ({
    classes: classes.split(' '),
    body,
  }))
const only = (groups: readonly Group[], name: string) => groups.filter(({ classes }) => classes.includes(name))
const isDead = ({ classes }: Group) => classes.includes('dead')
const textOf = ({ body }: Group) => (/<text.*<\/text>/.exec(body)?.[0] ?? '').replaceAll(/<[^>]*>/g, '')
const attribute = (body: string, name: string) => new RegExp(` ${name}="([^"]*)"`).exec(body)?.[1] ?? ''
const cellsOf = (svg: string) => svg.split('<g class="cell"').slice(1)
const legendFree = (svg: string) => svg.split('<g class="legend">')[0]

/** Distance of a point from the frame of a node. */
function distance(node: Group, [px, py]: readonly number[]): number {
  const [x, y, width, height] = ['x', 'y', 'width', 'height'].map((name) => Number(attribute(node.body, name)))
  const [dx, dy] = [Math.abs(px - x - width / 2) - width / 2, Math.abs(py - y - height / 2) - height / 2]
  return Math.max(dx, dy) > 0 ? Math.hypot(Math.max(dx, 0), Math.max(dy, 0)) : -Math.max(dx, dy)
}

const ends = ({ body }: Group) => [
  /d="M([\d. -]+)C/.exec(body)![1].split(' ').map(Number),
  attribute(body, 'points').split(' ').slice(0, 2).map(Number),
]

/** True if an edge begins at the frame of a node and its arrow ends at another's. */
function joins(edge: Group, source: Group, target: Group): boolean {
  const [start, tip] = ends(edge)
  // Frames with round ends lie inside their boxes.
  return distance(source, start) < 3 && distance(target, tip) < 3
}

describe('DARTS', () => {
  const space = darts()
  const path = space.decode(encodeGenotype(DARTS_V2))

  it('DARTS_V2: both cells, with every operation between the nodes that it joins', async () => {
    const svg = await drawArchitecture(space, path)
    expect(svg).toContain('>Normal cell<')
    expect(svg).toContain('>Reduction cell<')
    const genotypes: GenotypeCell[] = [DARTS_V2.normal, DARTS_V2.reduce]
    for (const [i, cell] of cellsOf(svg).entries()) {
      const groups = groupsOf(cell)
      const nodes = only(groups, 'node')
      const edges = only(groups, 'edge')
      expect(nodes.map(textOf)).toEqual(['ck-2', 'ck-1', '0', '1', '2', '3', 'ck'])
      expect(edges).toHaveLength(12)
      for (const [position, [operation, from]] of genotypes[i].entries()) {
        const target = 2 + Math.floor(position / 2)
        const same = edges.filter((edge) => textOf(edge) === operation && joins(edge, nodes[from], nodes[target]))
        expect(same, `${operation} ${from} to ${target}`).toHaveLength(1)
      }
      for (const node of nodes.slice(2, 6)) {
        expect(edges.filter((edge) => textOf(edge) === '' && joins(edge, node, nodes[6]))).toHaveLength(1)
      }
      expect(groups.some(isDead)).toBe(false)
    }
    expect(svg).not.toContain('Grey')
    expect(svg).toContain('<desc>Normal cell: sep_conv_3x3 from ck-2 to 0; sep_conv_3x3 from ck-1 to 0; ')
  })

  it('deep cells go from top to bottom, so that text stays legible at 600 pixels', async () => {
    const chain = [1, 5, 9, 3, 3, 3, 3, 3, 3, 3, 3]
    const svg = await drawArchitecture(space, [...chain, ...chain])
    const [width] = /width="[\d.]+"/.exec(svg)!
    expect((12 * 600) / Number(width.slice(7, -1))).toBeGreaterThan(9)
    const [inputs, output] = [cellsOf(svg)[0], cellsOf(svg)[0]].map((cell) => only(groupsOf(cell), 'node'))
    expect(Number(attribute(output[6].body, 'y'))).toBeGreaterThan(Number(attribute(inputs[0].body, 'y')) + 200)
  })

  it('the network of a retraining is drawn as its path', async () => {
    const network = createNetwork(parseRetrainConfig({ network: { space: 'darts', path: [...path] } }).network)
    const body = (svg: string) => svg.slice(svg.indexOf('<rect'))
    expect(body(await drawArchitecture(network, []))).toBe(body(await drawArchitecture(space, path)))
  })
})

describe('dead edges', () => {
  it('NAS-Bench-201: grey and dashed, and no edge for none', async () => {
    const space = nasBench201()
    const path = space.decode('|nor_conv_3x3~0|+|none~0|avg_pool_3x3~1|+|skip_connect~0|nor_conv_1x1~1|none~2|')
    const svg = await drawArchitecture(space, path)
    const groups = groupsOf(svg)
    const edges = only(groups, 'edge')
    expect(edges.map(textOf)).toEqual(['nor_conv_3x3', 'avg_pool_3x3', 'skip_connect', 'nor_conv_1x1'])
    expect(edges.filter(isDead).map(textOf)).toEqual(['avg_pool_3x3'])
    expect(only(groups, 'node').filter(isDead).map(textOf)).toEqual(['2'])
    for (const group of groups.filter((group) => !group.classes.includes('block'))) {
      expect(group.body.includes('#6e7781'), group.body).toBe(isDead(group))
      expect(group.body.includes('dasharray'), group.body).toBe(isDead(group))
    }
    expect(svg).toContain('Grey and dashed: cannot change the output')
    expect(svg).toContain('avg_pool_3x3 from 1 to 2, dead')
  })

  it.each<[string, SearchSpace]>([
    ['NAS-Bench-201', nasBench201()],
    ['NAS-Bench-1Shot1, space 1', nasBench1Shot1('nasbench1shot1-1')],
    ['NAS-Bench-1Shot1, space 3', nasBench1Shot1('nasbench1shot1-3')],
  ])('%s: what is dead does not change withoutDeadEdges', (_, space) => {
    let dead = 0
    for (let i = 0; i < 400; i++) {
      let rest = 37 * i
      const path = space.choices.map((choice) => {
        const option = rest % optionsOf(choice)
        rest = Math.floor(rest / optionsOf(choice))
        return option
      })
      const outline = space.outline!(path)
      if (outline.kind !== 'cells') throw new Error('cells')
      const [{ nodes, edges }] = outline.cells
      const live = (other: Path) => space.withoutDeadEdges!(other).join()
      // The last choices are operations: of the edges, or of the nodes between input and output.
      const parts =
        space.name === 'nasbench201'
          ? edges.map(({ state }) => state === 'dead')
          : nodes.slice(1, -1).map(({ dead }) => dead === true)
      const first = path.length - parts.length
      for (const [part, isDead] of parts.entries()) {
        const c = first + part
        if (space.name === 'nasbench201' && path[c] === 0) continue
        const other = path.with(c, (path[c] % 2) + 1)
        if (other[c] === path[c]) continue
        expect(live(other) === live(path), `${path} at ${c}`).toBe(isDead)
        if (isDead) dead++
      }
    }
    expect(dead).toBeGreaterThan(20)
  })

  it('NAS-Bench-1Shot1: nodes have the operations, and loose ends are grey', async () => {
    const space = nasBench1Shot1('nasbench1shot1-3')
    const svg = await drawArchitecture(
      space,
      space.decode('maxpool3x3~0|conv3x3~1|conv1x1~0|conv3x3~03|maxpool3x3~12|output~24'),
    )
    const groups = groupsOf(svg)
    const [nodes, edges] = [only(groups, 'node'), only(groups, 'edge')]
    expect(nodes.map(textOf)).toEqual(['input', 'maxpool3x3', 'conv3x3', 'conv1x1', 'conv3x3', 'maxpool3x3', 'output'])
    expect(nodes.map(isDead)).toEqual([false, false, false, false, false, true, false])
    const joined = [
      [0, 1],
      [1, 2],
      [0, 3],
      [0, 4],
      [3, 4],
      [1, 5],
      [2, 5],
      [2, 6],
      [4, 6],
    ]
    expect(edges).toHaveLength(joined.length)
    for (const [i, [source, target]] of joined.entries()) {
      expect(joins(edges[i], nodes[source], nodes[target]), `${source} to ${target}`).toBe(true)
      expect(isDead(edges[i])).toBe(target === 5)
    }
  })
})

describe('rows of blocks', () => {
  /** By part of the notation: hue of the fill, and height. */
  const fills: Record<string, string> = { k3: '#5bbb8d', k5: '#2a6db0', k7: '#f2cf3b', id: '#c0272d' }
  const heights: Record<string, number> = { e3: 48, e6: 96 }

  it('ProxylessNAS: colours by kernel, lengths by expansion, strides and widths below', async () => {
    const space = proxylessNas()
    const arch = 'k5e3|k3e3|id|id|k7e3|k3e3|k5e3|k5e6|k7e6|k5e3|k5e3|k5e3|k5e6|k5e3|id|k5e3|k7e6|k7e6|k7e6|id|k7e6'
    const svg = await drawArchitecture(space, space.decode(arch))
    const blocks = only(groupsOf(legendFree(svg)), 'block')
    const chosen = blocks.filter(({ classes }) => !classes.includes('fixed'))
    expect(blocks).toHaveLength(24)
    for (const [i, name] of arch.split('|').entries()) {
      const { body } = chosen[i]
      expect(textOf(chosen[i])).toBe(name.slice(0, 2))
      expect(attribute(body, 'fill')).toBe(fills[name.slice(0, 2)])
      expect(Number(attribute(body, 'height'))).toBe(name === 'id' ? 20 : heights[name.slice(2)])
    }
    const numbers = (name: string) =>
      [...(new RegExp(`<g class="${name}">.*?</g>`).exec(svg)?.[0] ?? '').matchAll(/>(\d+)<\/text>/g)].map(
        ([, n]) => +n,
      )
    expect(numbers('widths')).toEqual([32, 16, 24, 40, 80, 96, 192, 320, 1280])
    const strides = numbers('strides')
    expect(strides).toHaveLength(24)
    expect(strides.flatMap((stride, i) => (stride === 2 ? [i] : []))).toEqual([0, 2, 6, 10, 18])
    const legend = svg.slice(svg.indexOf('<g class="legend">'))
    for (const words of ['kernel 3', 'kernel 5', 'kernel 7', 'identity', 'expansion 3', 'expansion 6', 'fixed'])
      expect(legend).toContain(`>${words}<`)
  })

  it('NAS-Bench-Macro: identities with a stride are convolutions; the legend has only what is there', async () => {
    const svg = await drawArchitecture(nasBenchMacro(), [0, 2, 0, 1, 2, 1, 0, 0])
    const blocks = only(groupsOf(legendFree(svg)), 'block')
    expect(blocks.map(textOf)).toEqual(['3×3', '1×1', 'k5', '1×1', 'k3', 'k5', 'k3', 'id', 'id', '1×1'])
    expect(only(blocks, 'identity').map(({ body }) => attribute(body, 'fill'))).toEqual(Array(4).fill(fills.id))
    expect(svg).toContain('>identity, as a convolution<')
    expect(svg).not.toContain('>kernel 7<')
    expect(await drawArchitecture(nasBenchMacro(), [2, 2, 2, 2, 2, 2, 2, 2])).not.toMatch(/identity|expansion 3</)
  })

  it.each<[string, SearchSpace, Path]>([
    ['ProxylessNAS', proxylessNas({ width: 0.5, layers: [2, 3, 1, 1, 2, 1] }), [0, 6, 1, 2, 6, 3, 4, 5, 0, 1]],
    ['NAS-Bench-Macro', nasBenchMacro({ channels: 8 }), [0, 2, 1, 0, 2, 1, 0, 2]],
  ])('%s: widths and strides are those of the program', (_, space, path) => {
    const outline = space.outline!(path)
    if (outline.kind !== 'layers') throw new Error('layers')
    // Blocks end in a projection without an activation: what the program computes last before the next block.
    const { instructions } = space.program(path)
    const shapes = instructions.filter(({ op }) => op === 'conv2d').map(({ output }) => output)
    const stride = outline.stages.flatMap(({ layers }) => layers).reduce((product, layer) => product * layer.stride, 1)
    expect(space.input.height / shapes.at(-1)!.height).toBe(stride)
    let at = 0
    for (const { channels, layers } of outline.stages) {
      for (const { block } of layers) {
        if (block.kind === 'identity' && block.kernel === undefined) continue
        at += block.kind === 'inverted residual' ? (block.expansion === 1 ? 2 : 3) : 1
        expect(shapes[at - 1].channels).toBe(channels)
        if (block.kind !== 'inverted residual' || block.expansion === 1) continue
        expect(shapes[at - 2].channels).toBe(block.expansion * (shapes[at - 4]?.channels ?? 0))
      }
    }
    expect(at).toBe(shapes.length)
  })

  it('letters contrast with their blocks at 4.5 and more', async () => {
    const space = proxylessNas()
    const svg = await drawArchitecture(
      space,
      space.choices.map((_, i) => i % 6),
    )
    const channel = (hex: string) => {
      const value = Number.parseInt(hex, 16) / 255
      return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4
    }
    const luminance = (color: string) => {
      const hex = color === 'white' ? '#ffffff' : color
      const [r, g, b] = [1, 3, 5].map((at) => channel(hex.slice(at, at + 2)))
      return 0.2126 * r + 0.7152 * g + 0.0722 * b
    }
    for (const { body } of only(groupsOf(svg), 'block')) {
      const [fill, ink] = [...body.matchAll(/ fill="([^"]+)"/g)].map(([, color]) => luminance(color))
      expect((Math.max(fill, ink) + 0.05) / (Math.min(fill, ink) + 0.05), body).toBeGreaterThan(4.5)
    }
  })
})

describe('any drawing', () => {
  it.each(SPACES)('%s: whole SVG with a text alternative and without ids, which sharp draws', async (name) => {
    const space = createSpace(parseConfig({ space: { name } }).space)
    const path = space.choices.map((choice) => optionsOf(choice) - 1)
    const svg = await drawArchitecture(space, path)
    expect(svg).toMatch(/^<svg [^>]*role="img"[^>]*>\n<title>[^<]+<\/title>\n<desc>[^<]+<\/desc>\n<rect /)
    expect(svg).not.toMatch(/ id="|NaN|undefined/)
    const file = join(temporaryFolder(), 'picture.PNG')
    await writePicture(file, svg)
    const { format, width, height } = await sharp(readFileSync(file)).metadata()
    expect(format).toBe('png')
    const size = /width="([\d.]+)" height="([\d.]+)"/.exec(svg)!.slice(1).map(Number)
    expect(Math.abs(width - 2 * size[0])).toBeLessThanOrEqual(1)
    expect(Math.abs(height - 2 * size[1])).toBeLessThanOrEqual(1)
  })

  it('escapes what a space says, for XML and for Graphviz', async () => {
    const label = `<b a="1">&\\N\u0001`
    const space: SearchSpace = {
      ...nasBench201(),
      outline: () => ({
        kind: 'cells',
        cells: [
          {
            title: label,
            nodes: [
              { label, role: 'input' },
              { label: 'y', role: 'output' },
            ],
            edges: [{ source: 0, target: 1, label }],
          },
        ],
      }),
    }
    const svg = await drawArchitecture(space, [0, 0, 0, 0, 0, 0])
    const escaped = '&lt;b a=&quot;1&quot;&gt;&amp;\\N?'
    expect(groupsOf(svg).map(textOf)).toEqual([escaped, escaped, 'y'])
    expect(svg).toContain(`aria-label="${escaped}"`)
    await expect(sharp(Buffer.from(svg)).metadata()).resolves.toMatchObject({ format: 'svg' })
  })

  it('refuses a path outside the space, a space without an outline, and other endings', async () => {
    await expect(drawArchitecture(nasBench201(), [9, 0, 0, 0, 0, 0])).rejects.toThrow('Expected 0…4 for 1<-0')
    const { outline: _, ...without } = nasBench201()
    await expect(drawArchitecture(without, [0, 0, 0, 0, 0, 0])).rejects.toThrow(
      'Expected a space with `outline` for drawing but received nasbench201',
    )
    await expect(writePicture('a.pdf', '<svg/>')).rejects.toThrow(
      'Expected a name that ends in .svg or .png for a picture but received a.pdf',
    )
  })
})
