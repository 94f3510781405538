/** Networks that are trained alone: their sizes as published, their names, and what the supernet can give them. */
import { describe, expect, it } from 'vitest'
import { scalars } from '../../../src/base/shapes.js'
import { type NetworkConfig, network as networkSchema } from '../../../src/config/network.js'
import { PUBLISHED_CONVENTION, programCost } from '../../../src/programs/cost.js'
import { costOf } from '../../../src/spaces/cost.js'
import { createNetwork, createSpace, DARTS_V2, encodeGenotype, SPACES } from '../../../src/spaces/index.js'
import { nasBench101Network, vertexChannels } from '../../../src/spaces/nasbench1shot1/nasbench101-network.js'

const CELL_1 = 'conv3x3~0|conv3x3~01|conv1x1~12|conv3x3~03|output~04'
const PATHS: Readonly<Record<string, string>> = {
  nasbench201: '|nor_conv_3x3~0|+|nor_conv_3x3~0|nor_conv_3x3~1|+|skip_connect~0|nor_conv_3x3~1|nor_conv_3x3~2|',
  'nasbench1shot1-1': CELL_1,
  'nasbench1shot1-2': 'conv3x3~0|conv1x1~0|maxpool3x3~02|conv3x3~13|output~124',
  'nasbench1shot1-3': 'conv3x3~0|conv1x1~1|maxpool3x3~0|conv3x3~13|conv1x1~02|output~45',
  darts: encodeGenotype(DARTS_V2),
  proxylessnas: 'k3e3|id|k5e6|k7e3|k3e6|k3e3|id|id|k5e3|k7e6|k5e6|id|k3e3|k3e3|k3e3|k5e3|k7e6|k7e6|k7e6|k7e3|k7e6',
  'nasbench-macro': '02012100',
}
const settingsOf = (space: string, changes: object = {}) =>
  networkSchema.parse({ space, path: PATHS[space], ...changes }) as NetworkConfig
const parametersOf = (network: { parameters(): readonly { readonly shape: readonly number[] }[] }) =>
  network.parameters().reduce((sum, { shape }) => sum + scalars(shape), 0)

describe('the parameters of a network are those that are published', () => {
  it.each([
    [PATHS.nasbench201, 1.289],
    ['|nor_conv_3x3~0|+|nor_conv_3x3~0|nor_conv_3x3~1|+|skip_connect~0|nor_conv_3x3~1|nor_conv_1x1~2|', 1.073],
    ['|nor_conv_1x1~0|+|nor_conv_3x3~0|nor_conv_3x3~1|+|skip_connect~0|nor_conv_3x3~1|nor_conv_1x1~2|', 0.858],
  ])('NAS-Bench-201: %s has %s million', (path, millions) => {
    expect(Math.round(parametersOf(createNetwork(settingsOf('nasbench201', { path }))) / 1e3) / 1e3).toBe(millions)
  })

  it('NAS-Bench-201: what is counted as published, with dead edges too', () => {
    const space = createSpace({
      name: 'nasbench201',
      channels: 16,
      cellsPerStage: 5,
      sharing: 'perOperation',
      affine: false,
    })
    const cost = costOf(space, { published: true })
    // Node 2 reaches nothing, node 1 has no signal, all none, a bit of everything.
    for (const path of [
      [3, 2, 3, 1, 2, 0],
      [0, 3, 2, 0, 3, 3],
      [0, 0, 0, 0, 0, 0],
      [4, 1, 2, 3, 0, 4],
    ]) {
      expect(parametersOf(createNetwork(settingsOf('nasbench201', { path })))).toBe(cost(path).parameters)
    }
  })

  it('NAS-Bench-101: 2,694,282 for the cell of its examples', () => {
    const vertices = [[1, 2, 3, 4], [6], [6], [6], [5], [6], []]
    const matrix = vertices.map((targets) => vertices.map((_, target) => (targets.includes(target) ? 1 : 0)))
    const operations = [
      'input',
      'conv3x3-bn-relu',
      'conv1x1-bn-relu',
      'maxpool3x3',
      'conv3x3-bn-relu',
      'conv3x3-bn-relu',
      'output',
    ] as const
    const input = { channels: 3, height: 32, width: 32 }
    const { parameters } = nasBench101Network(
      { matrix, operations },
      { channels: 128, cellsPerStage: 3, input, classes: 10 },
    )
    expect(parametersOf({ parameters: () => parameters })).toBe(2_694_282)
  })

  it('DARTS: 3,349,342 for DARTS_V2', () => {
    expect(parametersOf(createNetwork(settingsOf('darts')))).toBe(3_349_342)
  })

  it("NAS-Bench-Macro: its table's", () => {
    expect(parametersOf(createNetwork(settingsOf('nasbench-macro')))).toBe(890666)
  })

  it('elsewhere: those that are counted as published for the path', () => {
    const names = SPACES.filter((name) => name !== 'nasbench201')
    for (const name of names) {
      const { path, space, dropPath: _, dropout: _none, ...size } = settingsOf(name) as never as Record<string, never>
      const supernet = createSpace({ name: space, ...size } as never)
      const network = createNetwork(settingsOf(name))
      const shapes = new Map(network.parameters().map(({ name, shape }) => [name, shape]))
      expect(programCost(network.program([]), shapes, PUBLISHED_CONVENTION)).toEqual(
        costOf(supernet, { published: true })(supernet.decode(path)),
      )
    }
  })
})

it('ProxylessNAS drops residuals by their block’s place among those of the path, as timm does', () => {
  const { instructions } = createNetwork(settingsOf('proxylessnas', { dropPath: 0.36 })).program([])
  const dropped = instructions.flatMap((step) => (step.op === 'dropPath' ? [step.p] : []))
  // timm: the probability is 0.36 · block / blocks, counted from 0. The path leaves out 4 of its 21 layers, and the block
  // without a choice comes first, so there are 18: 1, 3, 2, 3, 4, 4 and 1 in the stages. The first block of a stage has
  // no residual.
  const blocks = [2, 3, 5, 7, 8, 10, 11, 12, 14, 15, 16]
  expect(dropped).toHaveLength(blocks.length)
  for (const [i, block] of blocks.entries()) expect(dropped[i]).toBeCloseTo((0.36 * block) / 18, 12)
})

it('the widths of a module of NAS-Bench-101 share those of the output, the first ones with the remainder', () => {
  // Vertices 1, 2 and 4 feed the output of 128 channels; 3 feeds 4.
  const matrix = [
    [0, 1, 1, 0, 0, 0],
    [0, 0, 0, 1, 0, 1],
    [0, 0, 0, 1, 0, 1],
    [0, 0, 0, 0, 1, 0],
    [0, 0, 0, 0, 0, 1],
    [0, 0, 0, 0, 0, 0],
  ]
  expect(vertexChannels(matrix, 128)).toEqual([0, 43, 43, 42, 42, 128])
})

it('a cell with more vertices at its output than channels is refused', () => {
  const path = 'conv3x3~0|conv1x1~0|maxpool3x3~02|conv3x3~13|output~124'
  const make = (channels: number) => createNetwork(settingsOf('nasbench1shot1-2', { path, channels }))
  expect(() => make(2)).toThrow('Expected at least 3 channels for the network of this cell but received 2')
  expect(parametersOf(make(3))).toBeGreaterThan(0)
})

describe.each(SPACES)('the network of %s', (name) => {
  const network = createNetwork(settingsOf(name))

  it('has one path, in the notation of its space', () => {
    expect(network.encode([])).toBe(PATHS[name])
    expect(network.decode(PATHS[name])).toEqual([])
    expect(() => network.decode('nonsense')).toThrow(/^Expected .* but received /)
  })

  it('names every tensor once, and its program uses or lists all parameters', () => {
    const names = [...network.parameters(), ...network.buffers()].map(({ name }) => name)
    expect(new Set(names).size).toBe(names.length)
    const { instructions, idle } = network.program([])
    const used = JSON.stringify(instructions)
    for (const { name } of network.parameters())
      expect(used.includes(`"${name}"`) || idle.includes(name), name).toBe(true)
  })

  it('refuses paths of another space in one sentence', () => {
    const other = name === 'darts' ? '02012100' : encodeGenotype(DARTS_V2)
    expect(() => createNetwork(settingsOf(name, { path: other }))).toThrow(/^Expected .* but received .*$/)
  })

  it.runIf(network.supernetNames)('finds every weight but those of norms in the supernet of its size', () => {
    const { path: _, space, dropPath: _1, dropout: _2, ...size } = settingsOf(name) as never as Record<string, never>
    const supernet = createSpace({ sharing: 'perOperation', affine: false, name: space, ...size } as never)
    const shapes = new Map(supernet.parameters().map(({ name, shape }) => [name, shape]))
    const weights = network.parameters().filter(({ shape, name }) => shape.length > 1 || name === 'classifier.bias')
    for (const { name, shape } of weights) {
      const found = network.supernetNames!(name).filter((theirs) => shapes.has(theirs))
      expect(found, name).toHaveLength(1)
      expect(shapes.get(found[0]), name).toEqual(shape)
    }
  })
})
