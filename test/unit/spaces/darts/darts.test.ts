import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { logitsOf } from '../../../../src/programs/outputs.js'
import { type Program, parametersOf } from '../../../../src/programs/program.js'
import { costOf } from '../../../../src/spaces/cost.js'
import {
  DARTS_V1,
  DARTS_V2,
  decodeGenotype,
  encodeGenotype,
  OPERATIONS,
} from '../../../../src/spaces/darts/genotype.js'
import { createSpace, darts, optionsOf, type Path, parsePath, spaceSize } from '../../../../src/spaces/index.js'
import { digest, fixture, fixtureImages, fixtureState, supernet } from '../../../support/darts-fixture.js'
import { scalarLogits } from '../../../support/scalar-reference.js'
import { size } from '../../../support/state.js'

const space = darts()
const specs = space.parameters()
const path: fc.Arbitrary<Path> = fc.tuple(...space.choices.map((choice) => fc.nat(optionsOf(choice) - 1)))
const used = (program: Program) => program.instructions.flatMap(parametersOf)

describe('paths', () => {
  it('are (3 · 6 · 10)² · 7¹⁶', () => {
    expect(spaceSize(space)).toBe((3n * 6n * 10n) ** 2n * 7n ** 16n)
  })

  it('decide on the normal cell, then on the reduction cell: connections, then operations', () => {
    expect(space.choices.map(optionsOf)).toEqual([3, 6, 10, 7, 7, 7, 7, 7, 7, 7, 7, 3, 6, 10, 7, 7, 7, 7, 7, 7, 7, 7])
    expect(space.choices.map(({ name }) => name).slice(0, 5)).toEqual([
      'predecessors of node 3 (normal)',
      'predecessors of node 4 (normal)',
      'predecessors of node 5 (normal)',
      'first operation of node 2 (normal)',
      'second operation of node 2 (normal)',
    ])
    expect(space.choices[21].name).toBe('second operation of node 5 (reduce)')
  })

  it('are written as genotypes, each as another, and read back', () => {
    const text = space.encode([1, 5, 9, 0, 1, 2, 3, 4, 5, 6, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0])
    expect(decodeGenotype(text)).toEqual({
      normal: [
        ['max_pool_3x3', 0],
        ['avg_pool_3x3', 1],
        ['skip_connect', 0],
        ['sep_conv_3x3', 2],
        ['sep_conv_5x5', 2],
        ['dil_conv_3x3', 3],
        ['dil_conv_5x5', 3],
        ['max_pool_3x3', 4],
      ],
      reduce: [0, 1, 0, 1, 0, 1, 0, 1].map((from) => ['max_pool_3x3', from]),
    })
    fc.assert(
      fc.property(path, (any) => {
        expect(space.decode(space.encode(any))).toEqual(any)
        expect(parsePath(space, space.encode(any))).toEqual(any)
      }),
    )
  })

  it('are the same for either order within a node', () => {
    const swapped = { ...DARTS_V1, normal: DARTS_V1.normal.map((_, i) => DARTS_V1.normal[i ^ 1]) }
    const found = space.decode(encodeGenotype(DARTS_V1))
    expect(space.decode(encodeGenotype(swapped))).toEqual(found)
    expect(found).toEqual([0, 0, 1, 3, 3, 2, 3, 2, 3, 3, 2, 1, 1, 1, 0, 0, 0, 2, 0, 2, 1, 2])
  })

  it('outside the space are refused', () => {
    expect(() => space.program([0])).toThrow('Expected 22 numbers for a path of darts but received 1: 0')
    const beyond = new Array(22).fill(0).with(2, 10)
    expect(() => space.encode(beyond)).toThrow('Expected 0…9 for predecessors of node 5 (normal) in a path of darts')
    for (const [name, genotype] of Object.entries({ DARTS_V1, DARTS_V2 })) {
      expect(decodeGenotype(` ${name} `)).toBe(genotype)
    }
    expect(() => decodeGenotype('DARTS_V3')).toThrow(', DARTS_V1 or DARTS_V2 but received "DARTS_V3"')
    expect(() => space.decode('nonsense')).toThrow('Expected Genotype(normal=[')
  })
})

describe('parameters', () => {
  it('have the names, shapes and order of the authors’ network', () => {
    expect(size(specs)).toBe(fixture.published.supernet.count)
    expect(digest(specs)).toBe(fixture.published.supernet.parameters)
    expect(digest(supernet.parameters())).toBe(fixture.supernet.parameters)
    expect(specs.slice(0, 7).map(({ name, shape, operation }) => [name, shape, operation])).toEqual([
      ['stem.0.weight', [48, 3, 3, 3], undefined],
      ['cells.0.preprocess0.op.1.weight', [16, 48, 1, 1], undefined],
      ['cells.0.preprocess1.op.1.weight', [16, 48, 1, 1], undefined],
      ['cells.0._ops.0._ops.4.op.1.weight', [16, 1, 3, 3], OPERATIONS.indexOf('sep_conv_3x3')],
      ['cells.0._ops.0._ops.4.op.2.weight', [16, 16, 1, 1], OPERATIONS.indexOf('sep_conv_3x3')],
      ['cells.0._ops.0._ops.4.op.5.weight', [16, 1, 3, 3], OPERATIONS.indexOf('sep_conv_3x3')],
      ['cells.0._ops.0._ops.4.op.6.weight', [16, 16, 1, 1], OPERATIONS.indexOf('sep_conv_3x3')],
    ])
  })

  it('start as in PyTorch: uniform up to 1/√(inputs of an output)', () => {
    const byName = new Map(specs.map(({ name, init }) => [name, init]))
    expect(byName.get('cells.0._ops.0._ops.5.op.1.weight')).toEqual({ kind: 'uniform', bound: 1 / 5 })
    expect(byName.get('cells.2._ops.0._ops.3.conv_2.weight')).toEqual({ kind: 'uniform', bound: 1 / Math.sqrt(32) })
    expect(byName.get('classifier.bias')).toEqual({ kind: 'uniform', bound: 1 / 16 })
  })

  it('with affine are those, and scale and shift of the norm of the stem', () => {
    const [stem, ...rest] = darts({ affine: true }).parameters()
    expect(rest.slice(0, 2)).toEqual([
      { name: 'stem.1.weight', shape: [48], init: { kind: 'ones' } },
      { name: 'stem.1.bias', shape: [48], init: { kind: 'zeros' } },
    ])
    expect([stem, ...rest.slice(2)]).toEqual(specs)
  })

  it('belong to operations where their name says so', () => {
    for (const { name, operation } of specs) {
      const index = /^cells\.\d\._ops\.\d+\._ops\.(\d)\./.exec(name)?.[1]
      expect(operation, name).toBe(index === undefined ? undefined : Number(index) - 1)
    }
  })

  it('are all reached, and a path uses those of its edges alone', () => {
    const reached = new Set<string>()
    const names = new Set(specs.map(({ name }) => name))
    // Options in step: every pair of nodes meets every operation.
    for (let i = 0; i < 70; i++) {
      const program = space.program(space.choices.map((choice, c) => (i + (i < 35 ? 0 : c)) % optionsOf(choice)))
      expect(program.idle).toEqual([])
      const sampled = used(program)
      expect(new Set(sampled).size).toBe(sampled.length)
      for (const name of sampled) {
        expect(names.has(name), name).toBe(true)
        reached.add(name)
      }
    }
    expect(reached).toEqual(names)
  })
})

describe('the program', () => {
  it('halves twice, at one and two thirds of the depth, and doubles the channels', () => {
    const program = space.program(space.decode(encodeGenotype(DARTS_V1)))
    const { instructions } = program
    const cells = instructions.filter(({ op, output }) => op === 'concat' && output.channels % 64 === 0)
    // Four nodes at 16, 32 or 64 channels; what factorized reductions join has fewer.
    const outputs = cells.filter((instruction) => 'inputs' in instruction && instruction.inputs.length === 4)
    expect(outputs.map(({ output: { channels, height } }) => [channels, height])).toEqual([
      [64, 32],
      [64, 32],
      [128, 16],
      [128, 16],
      [128, 16],
      [256, 8],
      [256, 8],
      [256, 8],
    ])
    expect(instructions[logitsOf(program)].output).toEqual({ channels: 10, height: 1, width: 1 })
  })

  it('costs what its instructions say, all of which count', () => {
    const cost = costOf(space)(space.decode(encodeGenotype(DARTS_V1)))
    const shapes = new Map(specs.map((spec) => [spec.name, spec]))
    const sampled = used(space.program(space.decode(encodeGenotype(DARTS_V1)))).map((name) => shapes.get(name)!)
    expect(cost.parameters).toBe(size(sampled))
  })

  it.each([1, 2, 3, 4, 5])('has %i cells if asked to', (cells) => {
    const small = darts({ channels: 2, cells, input: { channels: 1, height: 8, width: 12 }, classes: 4 })
    const program = small.program(new Array(22).fill(2))
    expect(program.instructions[logitsOf(program)].output.channels).toBe(4)
    const names = new Set(small.parameters().map(({ name }) => name))
    expect(used(program).every((name) => names.has(name))).toBe(true)
  })

  it('is for images that halve twice', () => {
    expect(() => darts({ input: { channels: 3, height: 30, width: 32 } })).toThrow(
      'Expected multiples of 4 for height and width of darts images but received 30×32',
    )
    expect(() => darts({ channels: 0 })).toThrow(
      'Expected a positive whole number for channels of darts but received 0',
    )
    const made = createSpace(
      { name: 'darts', channels: 4, cells: 3, affine: false },
      { channels: 1, height: 8, width: 8 },
      7,
    )
    expect([made.name, made.classes, made.input.channels]).toEqual(['darts', 7, 1])
  })

  /** No addon here: in float64 loops, against PyTorch. */
  it.each(fixture.supernet.logits)('%#: means what PyTorch computes', ({ genotype, values }) => {
    const { parameters } = fixtureState(supernet.parameters())
    const named = new Map(supernet.parameters().map(({ name }, i) => [name, Float64Array.from(parameters[i])]))
    const { batch } = fixture.supernet
    const images = fixtureImages(fixture.supernet)
    const program = supernet.program(supernet.decode(genotype))
    const found = scalarLogits(program, named, { images, labels: new Array(batch).fill(0) })
    expect(found).toHaveLength(values.length)
    for (const [i, value] of values.entries()) expect(Math.abs(found[i] - value)).toBeLessThan(1e-7)
  })
})
