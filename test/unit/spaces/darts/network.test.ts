import { describe, expect, it } from 'vitest'
import { buffersOf, type Instruction, type Program, parametersOf } from '../../../../src/programs/program.js'
import { costOf } from '../../../../src/spaces/cost.js'
import { DARTS_V1, DARTS_V2, encodeGenotype } from '../../../../src/spaces/darts/genotype.js'
import { dartsNetwork } from '../../../../src/spaces/darts/network.js'
import { spaceSize } from '../../../../src/spaces/index.js'
import { alone, digest, fixture, fixtureImages, fixtureState } from '../../../support/darts-fixture.js'
import { scalarLogits } from '../../../support/scalar-reference.js'
import { size } from '../../../support/state.js'

const used = (program: Program) => program.instructions.flatMap(parametersOf)
const kept = (program: Program) => program.instructions.flatMap(buffersOf)
const names = (specs: readonly { name: string }[]) => specs.map(({ name }) => name)

describe.each([
  { name: 'DARTS_V1', genotype: DARTS_V1, published: fixture.published.DARTS_V1 },
  { name: 'DARTS_V2', genotype: DARTS_V2, published: fixture.published.DARTS_V2 },
])('the network of $name', ({ genotype, published }) => {
  const network = dartsNetwork(genotype)
  const auxiliary = dartsNetwork(genotype, { auxiliary: true })

  it('has as many parameters as published, the auxiliary head aside', () => {
    if (genotype === DARTS_V2) expect(published.count).toBe(3_349_342)
    expect(size(network.parameters())).toBe(published.count)
    expect(costOf(network)([]).parameters).toBe(published.count)
    expect(costOf(auxiliary)([]).parameters).toBe(published.count)
  })

  it('has the tensors of the authors’ state dict, by name, shape and order', () => {
    expect(digest(auxiliary.parameters())).toBe(published.parameters)
    expect(digest(auxiliary.buffers())).toBe(published.buffers)
    const withoutHead = (specs: readonly { name: string }[]) =>
      names(specs).filter((name) => !name.startsWith('auxiliary_head.'))
    expect(names(network.parameters())).toEqual(withoutHead(auxiliary.parameters()))
    expect(names(network.buffers())).toEqual(withoutHead(auxiliary.buffers()))
  })

  it('uses every tensor once; the auxiliary program those of its head and of the cells before it', () => {
    expect(used(network.program([])).sort()).toEqual(names(network.parameters()).sort())
    expect(kept(network.program([])).sort()).toEqual(names(network.buffers()).sort())
    const aside = auxiliary.auxiliaryProgram!()
    const both = [...used(network.program([])), ...used(aside)]
    expect([...new Set(both)].sort()).toEqual(names(auxiliary.parameters()).sort())
    expect([...new Set([...kept(network.program([])), ...kept(aside)])].sort()).toEqual(
      names(auxiliary.buffers()).sort(),
    )
    // After cell 13 of 20, the second reduction.
    const cells = new Set(used(aside).map((name) => /^cells\.(\d+)\./.exec(name)?.[1]))
    expect(cells).toEqual(new Set([undefined, ...Array.from({ length: 14 }, (_, i) => String(i))]))
  })

  it('is a space of one path', () => {
    expect(spaceSize(network)).toBe(1n)
    expect(network.encode([])).toBe(encodeGenotype(genotype))
    expect(network.decode(encodeGenotype(genotype))).toEqual([])
    const other = encodeGenotype(genotype === DARTS_V1 ? DARTS_V2 : DARTS_V1)
    expect(() => network.decode(other)).toThrow('for the one path of darts-network but received "Genotype(')
    expect(() => network.program([0])).toThrow('Expected 0 numbers for a path of darts-network but received 1: 0')
  })
})

describe('the auxiliary head', () => {
  it('pools 8×8 pixels to 2×2 and those to one', () => {
    const { instructions, output } = dartsNetwork(DARTS_V2, { auxiliary: true, classes: 7 }).auxiliaryProgram!()
    const shapes = instructions
      .slice(-9)
      .map(({ op, output: { channels, height, width } }) => [op, channels, height, width])
    expect(shapes).toEqual([
      ['relu', 576, 8, 8],
      ['avgPool2d', 576, 2, 2],
      ['conv2d', 128, 2, 2],
      ['batchNorm', 128, 2, 2],
      ['relu', 128, 2, 2],
      ['conv2d', 768, 1, 1],
      ['batchNorm', 768, 1, 1],
      ['relu', 768, 1, 1],
      ['linear', 7, 1, 1],
    ])
    expect(output).toBe(instructions.length - 1)
  })

  it('is there on request, for images of its extent', () => {
    expect(dartsNetwork(DARTS_V2).auxiliaryProgram).toBeUndefined()
    const input = { channels: 3, height: 32, width: 16 }
    expect(() => dartsNetwork(DARTS_V2, { auxiliary: true, input })).toThrow(
      'Expected 8, 9, 10 pixels after two reductions for the auxiliary head but received 8×4',
    )
  })

  it('follows the same instructions as the network, so that both drop the same', () => {
    const network = dartsNetwork(DARTS_V1, { auxiliary: true, dropPath: 0.2 })
    const head = network.auxiliaryProgram!().instructions
    const shared = head.slice(0, -9)
    expect(network.program([]).instructions.slice(0, shared.length)).toEqual(shared)
    expect(shared.filter(({ op }) => op === 'dropPath').length).toBeGreaterThan(50)
  })
})

describe('drop path', () => {
  const dropsOf = (instructions: readonly Instruction[]) => instructions.filter(({ op }) => op === 'dropPath')

  it('falls on every edge but skip connections of stride 1', () => {
    const { instructions } = dartsNetwork(DARTS_V1, { dropPath: 0.2 }).program([])
    // 18 normal cells with 3 skips of 8 edges, 2 reductions whose 3 skips are of stride 1 too.
    expect(dropsOf(instructions)).toHaveLength(18 * 5 + 2 * 5)
    expect(new Set(dropsOf(instructions).map((instruction) => 'p' in instruction && instruction.p))).toEqual(
      new Set([0.2]),
    )
    const strided = { ...DARTS_V1, reduce: DARTS_V1.reduce.with(0, ['skip_connect', 0]) }
    expect(dropsOf(dartsNetwork(strided, { dropPath: 0.2 }).program([]).instructions)).toHaveLength(18 * 5 + 2 * 5)
  })

  it('is absent by default, and a probability', () => {
    expect(dropsOf(dartsNetwork(DARTS_V1).program([]).instructions)).toEqual([])
    for (const dropPath of [-0.1, 1, Number.NaN]) {
      expect(() => dartsNetwork(DARTS_V1, { dropPath })).toThrow(
        `Expected 0 or more and less than 1 for dropPath of darts-network but received ${dropPath}`,
      )
    }
  })
})

it('refuses what is no genotype', () => {
  expect(() => dartsNetwork({ ...DARTS_V1, normal: [] })).toThrow(
    'Expected 8 operations for normal of a genotype but received 0',
  )
})

/** No addon here: in float64 loops, against PyTorch. */
describe('a small network means what PyTorch computes', () => {
  const specs = alone.parameters()
  const state = fixtureState(specs, alone.buffers())
  const parameters = new Map(specs.map(({ name }, i) => [name, Float64Array.from(state.parameters[i])]))
  const running = new Map(alone.buffers().map(({ name }, i) => [name, state.buffers[i]]))
  const batch = { images: fixtureImages(fixture.alone), labels: new Array(fixture.alone.batch).fill(0) }

  it('and names its tensors as PyTorch', () => {
    expect(digest(specs)).toBe(fixture.alone.parameters)
    expect(digest(alone.buffers())).toBe(fixture.alone.buffers)
  })

  it.each([
    ['by running statistics', alone.program([]), running, fixture.alone.running],
    ['by those of the batch', alone.program([]), undefined, fixture.alone.batchStatistics],
    ['from its auxiliary head', alone.auxiliaryProgram!(), running, fixture.alone.auxiliary],
  ])('%s', (_, program, statistics, values) => {
    const found = scalarLogits(program, parameters, { ...batch, running: statistics })
    expect(found).toHaveLength(values.length)
    for (const [i, value] of values.entries()) expect(Math.abs(found[i] - value)).toBeLessThan(1e-7)
  })
})
