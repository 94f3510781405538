import { describe, expect, it } from 'vitest'
import { RandomStream } from '../../../../src/base/random.js'
import { logitsOf } from '../../../../src/programs/outputs.js'
import { inputsOf, type Program, parametersOf } from '../../../../src/programs/program.js'
import {
  CELL_SPACES,
  type Cell,
  type CellSpace,
  enumerateConnectivities,
  liveNodes,
  OPERATIONS,
} from '../../../../src/spaces/nasbench1shot1/cell.js'
import { nasBench1Shot1Network } from '../../../../src/spaces/nasbench1shot1/network.js'
import { decodeCell } from '../../../../src/spaces/nasbench1shot1/notation.js'
import { Expressions, interpret } from '../../../support/expressions.js'

const SMALL = { channels: 4, cellsPerStage: 1, input: { channels: 1, height: 16, width: 12 }, classes: 3 }
const spaces = Object.values(CELL_SPACES)

/** Every connectivity, or every 29th of space 3, with random operations. */
function someCells(space: CellSpace): Cell[] {
  const random = RandomStream.named(space.number, 'operations')
  const step = space.number === 3 ? 29 : 1
  return [...enumerateConnectivities(space)]
    .filter((_, i) => i % step === 0)
    .map((parents) => ({
      parents,
      operations: Array.from({ length: space.intermediates }, () => random.integer(OPERATIONS.length)),
    }))
}

/** What the small network computes, written down recursively from the output. */
function reference(cell: Cell, e: Expressions): number {
  const last = cell.parents.length - 1
  const convBnRelu = (x: number, weight: string, kernel: number) =>
    e.of('relu', e.of('batchNorm', e.of('conv2d', x, weight, kernel, 1, kernel >> 1)))
  const sum = (terms: number[]) => (terms.length === 1 ? terms[0] : e.of('add', ...terms))
  let x = convBnRelu(e.of('input'), 'stem.op.0.weight', 3)
  for (let i = 0; i < 3; i++) {
    if (i > 0) x = e.of('maxPool2d', x, 2, 2, 0)
    const input = x
    const project = (node: number) => convBnRelu(input, `cells.${i}._input_projections.${node - 1}.op.0.weight`, 1)
    const value = (node: number): number => {
      const terms = cell.parents[node].map((parent) => (parent === 0 ? project(node) : value(parent)))
      const operation = cell.operations[node - 1]
      if (operation === 0) return e.of('maxPool2d', sum(terms), 3, 1, 1)
      const weight = `cells.${i}._choice_blocks.${node - 1}.mixed_op._ops.${operation}.op.op.0.weight`
      return convBnRelu(sum(terms), weight, operation === 1 ? 3 : 1)
    }
    const feeding = cell.parents[last]
    const side = cell.operations.map((_, block) =>
      feeding.includes(block + 1) ? value(block + 1) : e.of('zeros', 4 << i, 16 >> i, 12 >> i),
    )
    const joined = e.of('concat', ...side)
    x = feeding.includes(0) ? sum([project(last), joined]) : joined
  }
  const mixed = e.of('batchNorm', e.of('conv2d', e.of('relu', x), 'postprocess.op.1.weight', 1, 1, 0))
  return e.of('linear', e.of('globalAvgPool', mixed), 'classifier.weight', 'classifier.bias')
}

/** The intermediate that a candidate or a projection belongs to; undefined for stem, head and the cell's output. */
function nodeOf(name: string, space: CellSpace): number | undefined {
  const block = Number(/(?:_choice_blocks|_input_projections)\.(\d)\./.exec(name)?.[1] ?? Number.NaN)
  return block < space.intermediates ? block + 1 : undefined
}

/** Whether the choice of `cell` samples the parameter called `name`. */
function samples(cell: Cell, name: string): boolean {
  const candidate = /_choice_blocks\.(\d)\.mixed_op\._ops\.(\d)\./.exec(name)
  if (candidate !== null) return cell.operations[Number(candidate[1])] === Number(candidate[2])
  const projection = /_input_projections\.(\d)\./.exec(name)
  return projection === null || cell.parents[Number(projection[1]) + 1].includes(0)
}

const used = (program: Program) => program.instructions.flatMap(parametersOf)

describe('parameters', () => {
  it('of space 1 are those of the authors’ network, in order', () => {
    const specs = nasBench1Shot1Network(CELL_SPACES[1]).parameters()
    const shapes = new Map(specs.map((spec) => [spec.name, spec.shape]))
    // Stem, head, linear; 9 cells with 8 candidates and 5 projections.
    expect(shapes.size).toBe(1 + 1 + 2 + 9 * 13)
    expect(specs).toHaveLength(shapes.size)
    expect(specs.slice(0, 15).map(({ name, shape, operation }) => [name, shape, operation])).toEqual([
      ['stem.op.0.weight', [16, 3, 3, 3], undefined],
      ['cells.0._choice_blocks.0.mixed_op._ops.1.op.op.0.weight', [16, 16, 3, 3], 1],
      ['cells.0._choice_blocks.0.mixed_op._ops.2.op.op.0.weight', [16, 16, 1, 1], 2],
      ['cells.0._choice_blocks.1.mixed_op._ops.1.op.op.0.weight', [16, 16, 3, 3], 1],
      ['cells.0._choice_blocks.1.mixed_op._ops.2.op.op.0.weight', [16, 16, 1, 1], 2],
      ['cells.0._choice_blocks.2.mixed_op._ops.1.op.op.0.weight', [16, 16, 3, 3], 1],
      ['cells.0._choice_blocks.2.mixed_op._ops.2.op.op.0.weight', [16, 16, 1, 1], 2],
      ['cells.0._choice_blocks.3.mixed_op._ops.1.op.op.0.weight', [16, 16, 3, 3], 1],
      ['cells.0._choice_blocks.3.mixed_op._ops.2.op.op.0.weight', [16, 16, 1, 1], 2],
      ['cells.0._input_projections.0.op.0.weight', [16, 16, 1, 1], undefined],
      ['cells.0._input_projections.1.op.0.weight', [16, 16, 1, 1], undefined],
      ['cells.0._input_projections.2.op.0.weight', [16, 16, 1, 1], undefined],
      ['cells.0._input_projections.3.op.0.weight', [16, 16, 1, 1], undefined],
      ['cells.0._input_projections.4.op.0.weight', [64, 16, 1, 1], undefined],
      ['cells.1._choice_blocks.0.mixed_op._ops.1.op.op.0.weight', [16, 16, 3, 3], 1],
    ])
    expect(shapes.get('cells.1._input_projections.0.op.0.weight')).toEqual([16, 64, 1, 1])
    expect(shapes.get('cells.3._input_projections.0.op.0.weight')).toEqual([32, 64, 1, 1])
    expect(shapes.get('cells.4._input_projections.4.op.0.weight')).toEqual([128, 128, 1, 1])
    expect(shapes.get('cells.8._choice_blocks.3.mixed_op._ops.1.op.op.0.weight')).toEqual([64, 64, 3, 3])
    expect(specs.slice(-3)).toEqual([
      { name: 'postprocess.op.1.weight', shape: [64, 256, 1, 1], init: { kind: 'uniform', bound: 1 / 16 } },
      { name: 'classifier.weight', shape: [10, 64], init: { kind: 'uniform', bound: 1 / 8 } },
      { name: 'classifier.bias', shape: [10], init: { kind: 'uniform', bound: 1 / 8 } },
    ])
  })

  it.each(spaces)('of $name are as many as the network’s description gives', (space) => {
    const specs = nasBench1Shot1Network(space).parameters()
    const n = space.intermediates
    let expected = 3 * 16 * 9 + n * 64 * 64 + 64 * 10 + 10
    let input = 16
    for (const width of [16, 16, 16, 32, 32, 32, 64, 64, 64]) {
      expected += n * width * width * (9 + 1) + 2 * n * input * width
      input = n * width
    }
    expect(specs.reduce((sum, spec) => sum + spec.shape.reduce((a, b) => a * b, 1), 0)).toBe(expected)
  })
})

describe.each(spaces)('the program of $name', (space) => {
  const network = nasBench1Shot1Network(space, SMALL)
  const cells = someCells(space)

  it('computes what the description says', () => {
    const e = new Expressions()
    for (const cell of cells) expect(interpret(network.program(cell), e)).toBe(reference(cell, e))
  })

  it('samples stem, head, chosen operations and chosen projections, those of loose ends idle', () => {
    const names = network.parameters().map((spec) => spec.name)
    for (const cell of cells) {
      const program = network.program(cell)
      const sampled = names.filter((name) => samples(cell, name))
      const live = liveNodes(cell.parents)
      const idle = sampled.filter((name) => live[nodeOf(name, space) ?? 0] === false)
      expect([...program.idle].sort()).toEqual(idle.sort())
      expect([...used(program), ...program.idle].sort()).toEqual(sampled.sort())
    }
  })

  it('has no instruction that nothing reads', () => {
    for (const cell of cells) {
      const program = network.program(cell)
      const read = new Set(program.instructions.flatMap(inputsOf)).add(logitsOf(program))
      expect(read.size).toBe(program.instructions.length)
    }
  })

  it('gives every convolution the shape of its parameter, and every cell the same width', () => {
    const full = nasBench1Shot1Network(space)
    const shapes = new Map(full.parameters().map((spec) => [spec.name, spec.shape]))
    for (const cell of cells.slice(0, 60)) {
      const { instructions } = full.program(cell)
      for (const step of instructions) {
        if (step.op !== 'conv2d') continue
        const inChannels = instructions[step.input].output.channels
        expect(shapes.get(step.weight)).toEqual([step.output.channels, inChannels, step.kernel, step.kernel])
      }
      const widths = instructions.filter((step) => step.op === 'concat').map((step) => step.output.channels)
      expect(widths).toEqual([16, 16, 16, 32, 32, 32, 64, 64, 64].map((width) => width * space.intermediates))
      expect(instructions.at(-1)?.output).toEqual({ channels: 10, height: 1, width: 1 })
    }
  })
})

describe('a loose end', () => {
  it('is idle with its operation, and with its projection where it reads the input', () => {
    const cell = decodeCell(CELL_SPACES[1], 'conv3x3~0|conv1x1~01|conv3x3~12|maxpool3x3~02|output~02')
    const { idle } = nasBench1Shot1Network(CELL_SPACES[1], { cellsPerStage: 1 }).program(cell)
    expect(idle.slice(0, 2)).toEqual([
      'cells.0._choice_blocks.2.mixed_op._ops.1.op.op.0.weight',
      'cells.0._input_projections.3.op.0.weight',
    ])
    expect(idle).toHaveLength(6)
  })
})

describe('what is not of the space', () => {
  it('is refused: options and cells', () => {
    const [space, other] = [CELL_SPACES[1], CELL_SPACES[2]]
    expect(() => nasBench1Shot1Network(space, { cellsPerStage: 0 })).toThrow(
      'Expected a positive whole number for cellsPerStage of nasbench1shot1-1 but received 0',
    )
    expect(() => nasBench1Shot1Network(space, { input: { channels: 1, height: 28, width: 30 } })).toThrow(
      'Expected multiples of 4 for height and width of nasbench1shot1-1 images but received 28×30',
    )
    const [cell] = someCells(other)
    expect(() => nasBench1Shot1Network(space).program(cell)).toThrow('as parents of node 2 of nasbench1shot1-1')
  })
})
