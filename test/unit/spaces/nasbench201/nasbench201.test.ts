import { describe, expect, it } from 'vitest'
import { logitsOf } from '../../../../src/programs/outputs.js'
import { inputsOf, type Program, parametersOf } from '../../../../src/programs/program.js'
import { enumeratePaths, nasBench201, type Path } from '../../../../src/spaces/index.js'
import { EDGES, withoutDeadEdges } from '../../../../src/spaces/nasbench201/cell.js'
import { Expressions, interpret } from '../../../support/expressions.js'

const published = nasBench201()
const size = { channels: 4, cellsPerStage: 1, input: { channels: 1, height: 16, width: 12 }, classes: 3 }
const small = nasBench201(size)
const affine = nasBench201({ ...size, affine: true })
const paths = [...enumeratePaths(small)]
const used = (program: Program) => program.instructions.flatMap(parametersOf)

/** What the reference computes on a path that carries a signal, written down recursively, for one cell per stage. */
function reference(path: Path, e: Expressions): number {
  const convBn = (x: number, name: string, kernel: number, stride = 1) => {
    const conv = e.of(
      'conv2d',
      e.of('relu', x),
      `${name}.op.1.weight`,
      `${name}.op.1.bias`,
      kernel,
      stride,
      kernel >> 1,
    )
    return e.of('batchNorm', conv)
  }
  const sum = (terms: number[]) => (terms.length === 1 ? terms[0] : e.of('add', ...terms))
  const node = (name: string, x: number, index: number): number | undefined => {
    if (index === 0) return x
    const terms = EDGES.flatMap(({ target, source }, edge) => {
      const value = target === index && path[edge] !== 0 ? node(name, x, source) : undefined
      if (value === undefined) return []
      if (path[edge] === 1) return [value]
      if (path[edge] === 4) return [e.of('avgPool2d', value, 3, 1, 1)]
      return [convBn(value, `${name}.edges.${target}<-${source}.${path[edge]}`, path[edge] === 3 ? 3 : 1)]
    })
    return terms.length === 0 ? undefined : sum(terms)
  }
  let x = e.of('batchNorm', e.of('conv2d', e.of('input'), 'stem.0.weight', 3, 1, 1))
  for (let index = 0; index < 5; index++) {
    const name = `cells.${index}`
    if (index % 2 === 0) x = node(name, x, 3) as number
    else {
      const deep = convBn(convBn(x, `${name}.conv_a`, 3, 2), `${name}.conv_b`, 3)
      const shortcut = e.of('conv2d', e.of('avgPool2d', x, 2, 2, 0), `${name}.downsample.1.weight`, 1, 1, 0)
      x = sum([deep, shortcut])
    }
  }
  const pooled = e.of('globalAvgPool', e.of('relu', e.of('batchNorm', x)))
  return e.of('linear', pooled, 'classifier.weight', 'classifier.bias')
}

describe('parameters', () => {
  it('are the 373 tensors of the published supernet, in order', () => {
    const specs = published.parameters()
    const shapes = new Map(specs.map((spec) => [spec.name, spec.shape]))
    expect(shapes.size).toBe(373)
    expect(specs.reduce((sum, spec) => sum + spec.shape.reduce((a, b) => a * b, 1), 0)).toBe(1_692_474)
    expect(specs.slice(0, 4).map((spec) => spec.name)).toEqual([
      'stem.0.weight',
      'cells.0.edges.1<-0.2.op.1.weight',
      'cells.0.edges.1<-0.2.op.1.bias',
      'cells.0.edges.1<-0.3.op.1.weight',
    ])
    expect(specs.filter((spec) => spec.name.startsWith('cells.11.')).map((spec) => [spec.name, spec.shape])).toEqual([
      ['cells.11.conv_a.op.1.weight', [64, 32, 3, 3]],
      ['cells.11.conv_a.op.1.bias', [64]],
      ['cells.11.conv_b.op.1.weight', [64, 64, 3, 3]],
      ['cells.11.conv_b.op.1.bias', [64]],
      ['cells.11.downsample.1.weight', [64, 32, 1, 1]],
    ])
    expect(shapes.get('cells.6.edges.3<-2.2.op.1.weight')).toEqual([32, 32, 1, 1])
    expect(shapes.get('cells.16.edges.3<-2.3.op.1.weight')).toEqual([64, 64, 3, 3])
    expect(specs.at(-1)).toEqual({ name: 'classifier.bias', shape: [10], init: { kind: 'uniform', bound: 1 / 8 } })
  })

  it('with affine have scales and shifts in stem, residual blocks and head, and no biases before them', () => {
    const specs = affine.parameters()
    const plain = new Set(small.parameters().map(({ name }) => name))
    const names = new Set(specs.map(({ name }) => name))
    const residual = ['cells.1.conv_a', 'cells.1.conv_b', 'cells.3.conv_a', 'cells.3.conv_b']
    expect([...plain].filter((name) => !names.has(name))).toEqual(residual.map((name) => `${name}.op.1.bias`))
    const norms = ['stem.1', ...residual.map((name) => `${name}.op.2`), 'lastact.0']
    expect([...names].filter((name) => !plain.has(name))).toEqual(
      norms.flatMap((name) => [`${name}.weight`, `${name}.bias`]),
    )
    for (const { name, init, operation } of specs) {
      if (!plain.has(name))
        expect([init.kind, operation]).toEqual([name.endsWith('weight') ? 'ones' : 'zeros', undefined])
    }
  })

  it('belong to operation 2 or 3 on edges and to none elsewhere', () => {
    for (const { name, operation } of published.parameters()) {
      const edge = /\.edges\.\d<-\d\.(\d)\./.exec(name)
      expect(operation).toBe(edge === null ? undefined : Number(edge[1]))
    }
  })
})

describe('program', () => {
  it('computes what the reference computes, on every path', () => {
    const e = new Expressions()
    for (const path of paths) {
      if (withoutDeadEdges(path).some((operation) => operation !== 0)) {
        expect(interpret(small.program(path), e)).toBe(reference(path, e))
      }
    }
  })

  it.each([
    ['plain', small],
    ['affine', affine],
  ])('samples stem, residual blocks, head and each chosen convolution, whether used or idle: %s', (_, space) => {
    const specs = space.parameters()
    for (const path of paths) {
      const program = space.program(path)
      const expected = specs.filter(({ name, operation }) => {
        const edge = EDGES.findIndex(({ target, source }) => name.includes(`.edges.${target}<-${source}.`))
        return operation === undefined || path[edge] === operation
      })
      const sampled = [...used(program), ...program.idle]
      expect(sampled.sort()).toEqual(expected.map((spec) => spec.name).sort())
    }
  })

  it('has no instruction that nothing reads, and rectifies no value twice', () => {
    for (const path of paths) {
      const program = small.program(path)
      const read = new Set(program.instructions.flatMap(inputsOf)).add(logitsOf(program))
      expect(read.size).toBe(program.instructions.length)
      const rectified = program.instructions.flatMap((step) => (step.op === 'relu' ? [step.input] : []))
      expect(new Set(rectified).size).toBe(rectified.length)
    }
  })

  it('is the classifier of zeros where no signal passes, all else idle', () => {
    const { instructions, idle } = published.program([3, 0, 0, 0, 0, 2])
    expect(instructions[0]).toEqual({ op: 'zeros', output: { channels: 64, height: 8, width: 8 } })
    expect(instructions.map((step) => step.op)).toEqual(['zeros', 'batchNorm', 'relu', 'globalAvgPool', 'linear'])
    expect(idle).toContain('stem.0.weight')
    expect(idle).toContain('cells.5.downsample.1.weight')
    expect(idle).toContain('cells.16.edges.3<-2.2.op.1.bias')
    expect(idle).not.toContain('classifier.weight')
  })

  it('is the classifier of the shift of the head where no signal passes, if norms have parameters', () => {
    const { instructions, idle } = affine.program([3, 0, 0, 0, 0, 2])
    expect(instructions.map((step) => step.op)).toEqual(['zeros', 'batchNorm', 'relu', 'globalAvgPool', 'linear'])
    expect(instructions[1]).toMatchObject({ affine: { weight: 'lastact.0.weight', bias: 'lastact.0.bias' } })
    expect(idle).toContain('cells.3.conv_b.op.2.bias')
  })

  it('gives every convolution the shape of its parameter', () => {
    const shapes = new Map(published.parameters().map((spec) => [spec.name, spec.shape]))
    const { instructions } = published.program([3, 2, 4, 1, 3, 2])
    for (const step of instructions) {
      if (step.op !== 'conv2d') continue
      const inChannels = instructions[step.input].output.channels
      expect(shapes.get(step.weight)).toEqual([step.output.channels, inChannels, step.kernel, step.kernel])
    }
    expect(instructions.at(-1)?.output).toEqual({ channels: 10, height: 1, width: 1 })
  })
})

describe('options', () => {
  it.each([
    [{ channels: 0 }, 'Expected a positive whole number for channels of nasbench201 but received 0'],
    [{ cellsPerStage: 1.5 }, 'Expected a positive whole number for cellsPerStage of nasbench201 but received 1.5'],
    [{ classes: -1 }, 'Expected a positive whole number for classes of nasbench201 but received -1'],
    [
      { input: { channels: 1, height: 28, width: 30 } },
      'Expected multiples of 4 for height and width of nasbench201 images but received 28×30',
    ],
  ])('%j are refused', (options, message) => {
    expect(() => nasBench201(options)).toThrow(message)
  })
})

describe('paths outside the space', () => {
  it.each(['program', 'encode', 'withoutDeadEdges', 'isomorphismKey'] as const)('are refused by %s', (method) => {
    expect(() => published[method]([0, 0, 0])).toThrow('Expected 6 numbers for a path of nasbench201')
    expect(() => published[method]([0, 0, 0, 0, 0, 5])).toThrow('Expected 0…4 for 3<-2 in a path of nasbench201')
  })
})
