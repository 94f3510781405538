import { describe, expect, it } from 'vitest'
import { logitsOf, neededFor, withoutAuxiliary } from '../../../../src/programs/outputs.js'
import { buffersOf, type Instruction, type Program, parametersOf } from '../../../../src/programs/program.js'
import { costOf } from '../../../../src/spaces/cost.js'
import { DARTS_V1, DARTS_V2, encodeGenotype } from '../../../../src/spaces/darts/genotype.js'
import { dartsNetwork } from '../../../../src/spaces/darts/genotype-network.js'
import { spaceSize } from '../../../../src/spaces/index.js'
import { alone, auxiliaryLogits, digest, fixture, fixtureImages, fixtureState } from '../../../support/darts-fixture.js'
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

  it('uses every tensor once; the auxiliary head those of its own and of the cells before it', () => {
    for (const { space, program } of [network, auxiliary].map((space) => ({ space, program: space.program([]) }))) {
      expect(used(program).sort()).toEqual(names(space.parameters()).sort())
      expect(kept(program).sort()).toEqual(names(space.buffers()).sort())
    }
    const { instructions, outputs } = auxiliaryLogits(auxiliary.program([]))
    const needed = neededFor(instructions, [outputs[0].value])
    const aside = instructions.filter((_, id) => needed[id]).flatMap(parametersOf)
    // After cell 13 of 20, the second reduction.
    const cells = new Set(aside.map((name) => /^cells\.(\d+)\./.exec(name)?.[1]))
    expect(cells).toEqual(new Set([undefined, ...Array.from({ length: 14 }, (_, i) => String(i))]))
  })

  it('is, without auxiliary outputs, the network without the head', () => {
    expect(withoutAuxiliary(auxiliary.program([]))).toEqual(network.program([]))
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
    const program = dartsNetwork(DARTS_V2, { auxiliary: true, classes: 7 }).program([])
    const { instructions, outputs } = program
    const [head] = outputs.filter(({ role }) => role === 'auxiliary')
    const shapes = instructions
      .slice(head.value - 7, head.value + 1)
      .map(({ op, output: { channels, height, width } }) => [op, channels, height, width])
    expect(shapes).toEqual([
      ['avgPool2d', 576, 2, 2],
      ['conv2d', 128, 2, 2],
      ['batchNorm', 128, 2, 2],
      ['relu', 128, 2, 2],
      ['conv2d', 768, 1, 1],
      ['batchNorm', 768, 1, 1],
      ['relu', 768, 1, 1],
      ['linear', 7, 1, 1],
    ])
    // It reads the ReLU that the next cells read too.
    const pool = instructions[head.value - 7]
    expect('input' in pool && instructions[pool.input]).toMatchObject({ op: 'relu', output: { channels: 576 } })
    // Only the classifier follows.
    expect(logitsOf(program)).toBe(head.value + 2)
  })

  it('has the published weight in the loss, or another one', () => {
    const weights = (options: { auxiliaryWeight?: number }) =>
      dartsNetwork(DARTS_V2, { auxiliary: true, ...options })
        .program([])
        .outputs.map(({ role, weight }) => [role, weight])
    expect(weights({})).toEqual([
      ['logits', 1],
      ['auxiliary', 0.4],
    ])
    expect(weights({ auxiliaryWeight: 0.7 })[1]).toEqual(['auxiliary', 0.7])
    for (const auxiliaryWeight of [-0.1, Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(() => weights({ auxiliaryWeight })).toThrow(
        `Expected a number of at least 0 for auxiliaryWeight of darts-network but received ${auxiliaryWeight}`,
      )
    }
  })

  it('is there on request, for images of its extent', () => {
    expect(dartsNetwork(DARTS_V2).program([]).outputs).toHaveLength(1)
    const input = { channels: 3, height: 32, width: 16 }
    expect(() => dartsNetwork(DARTS_V2, { auxiliary: true, input })).toThrow(
      'Expected images of 32 to 40 pixels and two reductions before it for the auxiliary head but received 8×4 pixels',
    )
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
    ['from its auxiliary head', auxiliaryLogits(alone.program([])), running, fixture.alone.auxiliary],
  ])('%s', (_, program, statistics, values) => {
    const found = scalarLogits(program, parameters, { ...batch, running: statistics })
    expect(found).toHaveLength(values.length)
    for (const [i, value] of values.entries()) expect(Math.abs(found[i] - value)).toBeLessThan(1e-7)
  })
})
