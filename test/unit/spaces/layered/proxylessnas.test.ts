import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { UserError } from '../../../../src/base/errors.js'
import { buffersOf, parametersOf } from '../../../../src/programs/program.js'
import { costOf } from '../../../../src/spaces/cost.js'
import { optionsOf, parsePath, proxylessNas, spaceSize } from '../../../../src/spaces/index.js'

const space = proxylessNas()
const shapes = new Map(space.parameters().map((spec) => [spec.name, spec.shape]))
/** The first layer of each stage. */
const FIRST = [0, 4, 8, 12, 16, 20]
const options = space.choices.map((_, layer) => (FIRST.includes(layer) ? 6 : 7))
const paths = fc.tuple(...options.map((count) => fc.integer({ min: 0, max: count - 1 })))

const outputs = (path: readonly number[], of = space) => of.program(path).instructions.map((step) => step.output)

describe('the space', () => {
  it('has 21 layers, 15 of which can be left out: 7¹⁵ · 6⁶ paths', () => {
    expect(space.operations).toEqual(['k3e3', 'k3e6', 'k5e3', 'k5e6', 'k7e3', 'k7e6', 'id'])
    expect(space.choices.map(optionsOf)).toEqual(options)
    expect(spaceSize(space)).toBe(7n ** 15n * 6n ** 6n)
    expect(Number(spaceSize(space))).toBeCloseTo(2.2e17, -16)
  })

  it('reads its notation and lists of options', () => {
    fc.assert(
      fc.property(paths, (path) => {
        expect(space.decode(space.encode(path))).toEqual(path)
        expect(parsePath(space, path.join())).toEqual(path)
        expect(space.encode(path)).not.toMatch(/[,"']/)
      }),
    )
    expect(space.encode([0, 6, ...new Array(19).fill(3)])).toBe(`k3e3|id|${new Array(19).fill('k5e6').join('|')}`)
  })

  it.each([
    ['k3e3|id', 'Expected 21 operations joined by | for an architecture of proxylessnas but received 2 in "k3e3|id"'],
    ['', 'Expected 21 operations joined by | for an architecture of proxylessnas but received 1 in ""'],
    [
      new Array(21).fill('k3e3').with(6, 'k4e3').join('|'),
      'Expected k3e3, k3e6, k5e3, k5e6, k7e3, k7e6, id for layer 7 of proxylessnas but received "k4e3"',
    ],
    [
      new Array(21).fill('k3e3').with(4, 'id').join('|'),
      'Expected k3e3, k3e6, k5e3, k5e6, k7e3, k7e6 for layer 5 of proxylessnas but received "id"',
    ],
  ])('refuses %s in one sentence', (text, message) => {
    expect(() => space.decode(text)).toThrow(new UserError(message, 2))
  })

  it('refuses paths that leave out the first layer of a stage', () => {
    expect(() => space.program(new Array(21).fill(0).with(8, 6))).toThrow(
      'Expected 0…5 for layer 9 in a path of proxylessnas but received 6 in',
    )
  })
})

describe('the network', () => {
  it('halves the image five times and ends in 1,280 channels', () => {
    const extents = outputs(new Array(21).fill(0)).map(({ channels, height }) => `${channels}@${height}`)
    for (const extent of ['32@112', '16@112', '24@56', '40@28', '80@14', '96@14', '192@7', '320@7', '1280@7']) {
      expect(extents).toContain(extent)
    }
    expect(extents.at(-1)).toBe('1000@1')
  })

  it('takes images of any extent', () => {
    const small = proxylessNas({ input: { channels: 1, height: 8, width: 28 }, classes: 10 })
    const extents = outputs(new Array(21).fill(5), small).map(({ height, width }) => `${height}×${width}`)
    expect([...new Set(extents)]).toEqual(['8×28', '4×14', '2×7', '1×4', '1×2', '1×1'])
  })

  it('names parameters as timm does, with the candidate, and gives each an operation', () => {
    const specs = space.parameters()
    expect(shapes.size).toBe(specs.length)
    expect(specs.slice(0, 16).map(({ name, shape, operation }) => [name, shape, operation])).toEqual([
      ['conv_stem.weight', [32, 3, 3, 3], undefined],
      ['bn1.weight', [32], undefined],
      ['bn1.bias', [32], undefined],
      ['blocks.0.0.conv_dw.weight', [32, 1, 3, 3], undefined],
      ['blocks.0.0.bn1.weight', [32], undefined],
      ['blocks.0.0.bn1.bias', [32], undefined],
      ['blocks.0.0.conv_pw.weight', [16, 32, 1, 1], undefined],
      ['blocks.0.0.bn2.weight', [16], undefined],
      ['blocks.0.0.bn2.bias', [16], undefined],
      ['blocks.1.0.k3e3.conv_pw.weight', [48, 16, 1, 1], 0],
      ['blocks.1.0.k3e3.bn1.weight', [48], 0],
      ['blocks.1.0.k3e3.bn1.bias', [48], 0],
      ['blocks.1.0.k3e3.conv_dw.weight', [48, 1, 3, 3], 0],
      ['blocks.1.0.k3e3.bn2.weight', [48], 0],
      ['blocks.1.0.k3e3.bn2.bias', [48], 0],
      ['blocks.1.0.k3e3.conv_pwl.weight', [24, 48, 1, 1], 0],
    ])
    expect(shapes.get('blocks.6.0.k7e6.conv_dw.weight')).toEqual([1152, 1, 7, 7])
    for (const { name, operation } of specs) {
      const candidate = /^blocks\.[1-6]\.\d\.(\w+)\./.exec(name)?.[1]
      expect(operation === undefined ? undefined : space.operations[operation], name).toBe(candidate)
    }
    const ofDepthwise = specs.find(({ name }) => name === 'blocks.1.0.k7e3.conv_dw.weight')
    expect(ofDepthwise?.init).toEqual({ kind: 'normal', deviation: Math.sqrt(2 / 49) })
  })

  it('uses every parameter and buffer in some path, and in each those of what it chose', () => {
    const used = new Set<string>()
    const moved = new Set<string>()
    for (let operation = 0; operation < 6; operation++) {
      const { instructions, idle } = space.program(new Array(21).fill(operation))
      expect(idle).toEqual([])
      for (const name of instructions.flatMap(parametersOf)) {
        expect(shapes.has(name), name).toBe(true)
        used.add(name)
      }
      for (const name of instructions.flatMap(buffersOf)) moved.add(name)
    }
    expect(used.size).toBe(shapes.size)
    const buffers = space.buffers().map((buffer) => buffer.name)
    expect([...moved].sort()).toEqual([...new Set(buffers)].sort())
    expect(buffers).toHaveLength(moved.size)
  })

  it('adds the input where stride and width allow it, and nothing for layers left out', () => {
    const adds = (path: readonly number[]) => space.program(path).instructions.filter(({ op }) => op === 'add').length
    const all = new Array(21).fill(0)
    expect(adds(all)).toBe(15)
    const shortest = all.map((operation, layer) => (FIRST.includes(layer) ? operation : 6))
    expect(adds(shortest)).toBe(0)
    const convolutions = space.program(shortest).instructions.filter(({ op }) => op === 'conv2d')
    expect(convolutions).toHaveLength(1 + 2 + 6 * 3 + 1)
  })

  it('has fewer layers and other widths on demand, with the same paths at every width', () => {
    const narrow = proxylessNas({ width: 0.25, layers: [1, 2, 1, 3, 1, 1] })
    expect(narrow.choices.map(optionsOf)).toEqual([6, 6, 7, 6, 6, 7, 7, 6, 6])
    const widths = new Map(narrow.parameters().map(({ name, shape }) => [name, shape[0]]))
    const named = (name: string) => widths.get(`${name}.weight`)
    // MobileNet's rounding: 4 → 8, 6 → 8, 10 → 16 rather than 8, 20 → 24.
    expect(named('blocks.0.0.conv_pw')).toBe(8)
    expect(named('blocks.1.0.k3e3.conv_pwl')).toBe(8)
    expect(named('blocks.2.0.k3e3.conv_pwl')).toBe(16)
    expect(named('blocks.3.0.k3e3.conv_pwl')).toBe(24)
    expect(named('conv_head')).toBe(1280)
    const wide = proxylessNas({ width: 1.3 }).parameters()
    expect(wide.find(({ name }) => name === 'conv_head.weight')?.shape).toEqual([1664, 416, 1, 1])
    const path = new Array(9).fill(2)
    expect(costOf(narrow)(path).parameters).toBeLessThan(costOf(space)(new Array(21).fill(2)).parameters)
  })

  it('begins with the weights of timm: variances of 2 over the fan-out', () => {
    const inits = new Map(space.parameters().map(({ name, init }) => [name, init]))
    const variance = (name: string) => {
      const init = inits.get(name)
      return init?.kind === 'normal' ? init.deviation ** 2 : undefined
    }
    expect(variance('conv_stem.weight')).toBeCloseTo(2 / (3 * 3 * 32), 12)
    expect(variance('blocks.1.1.k3e6.conv_pw.weight')).toBeCloseTo(2 / 144, 12)
    // A depthwise convolution has one output per group.
    expect(variance('blocks.1.1.k3e6.conv_dw.weight')).toBeCloseTo(2 / (3 * 3), 12)
    expect(variance('blocks.1.1.k3e6.conv_pwl.weight')).toBeCloseTo(2 / 24, 12)
    expect(variance('conv_head.weight')).toBeCloseTo(2 / 1280, 12)
    expect(inits.get('classifier.weight')).toEqual({ kind: 'uniform', bound: 1 / Math.sqrt(1000) })
    expect(inits.get('classifier.bias')).toEqual({ kind: 'zeros' })
  })

  it.each([
    [{ width: 0 }, 'Expected a positive number for width of proxylessnas but received 0'],
    [{ width: Number.NaN }, 'Expected a positive number for width of proxylessnas but received NaN'],
    [{ layers: [4, 4, 4] }, 'Expected 6 numbers for layers of proxylessnas but received 3: 4, 4, 4'],
    [
      { layers: [4, 4, 4, 4, 0, 1] },
      'Expected a positive whole number for layers of stage 5 of proxylessnas but received 0',
    ],
    [{ classes: 0 }, 'Expected a positive whole number for classes of proxylessnas but received 0'],
    [
      { input: { channels: 3, height: 0, width: 32 } },
      'Expected multiples of 1 for height and width of proxylessnas images but received 0×32',
    ],
  ])('refuses %j', (options, message) => {
    expect(() => proxylessNas(options)).toThrow(new UserError(message, 2))
  })
})
