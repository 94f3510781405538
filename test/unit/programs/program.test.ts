import { describe, expect, it } from 'vitest'
import { encodeProgram } from '../../../src/programs/encode-program.js'
import { INSTRUCTIONS } from '../../../src/programs/instructions.js'
import { logitsOf } from '../../../src/programs/outputs.js'
import { buffersOf, inputsOf, parametersOf, sameShape } from '../../../src/programs/program.js'
import { ProgramBuilder } from '../../../src/programs/program-builder.js'

const IMAGE = { channels: 3, height: 8, width: 6 }

describe('ProgramBuilder', () => {
  it('numbers values in order and infers their shapes', () => {
    const builder = new ProgramBuilder()
    const input = builder.input(IMAGE)
    const conv = builder.conv2d(input, { weight: 'w', channels: 5, kernel: 3, stride: 2 })
    const normal = builder.relu(builder.batchNorm(conv))
    const pooled = builder.avgPool2d(input, { kernel: 2, stride: 2 })
    const logits = builder.linear(builder.globalAvgPool(normal), { weight: 'v', bias: 'b', features: 10 })
    expect(input).toEqual({ id: 0, shape: IMAGE })
    expect(conv).toEqual({ id: 1, shape: { channels: 5, height: 4, width: 3 } })
    expect(normal).toEqual({ id: 3, shape: conv.shape })
    expect(pooled.shape).toEqual({ channels: 3, height: 4, width: 3 })
    expect(logits.shape).toEqual({ channels: 10, height: 1, width: 1 })
    const program = builder.finish(logits)
    expect(logitsOf(program)).toBe(logits.id)
    expect(program.instructions.map((instruction) => instruction.op)).toEqual([
      'input',
      'conv2d',
      'batchNorm',
      'relu',
      'avgPool2d',
      'globalAvgPool',
      'linear',
    ])
  })

  it.each([
    [{ kernel: 3 }, 8, 6],
    [{ kernel: 1 }, 8, 6],
    [{ kernel: 5, stride: 2 }, 4, 3],
    [{ kernel: 3, padding: 0 }, 6, 4],
    [{ kernel: 4, stride: 3 }, 3, 2],
  ])('gives a window %j the extent that PyTorch gives it', (window, height, width) => {
    const builder = new ProgramBuilder()
    const input = builder.input(IMAGE)
    expect(builder.conv2d(input, { weight: 'w', channels: 1, ...window }).shape).toEqual({ channels: 1, height, width })
    expect(builder.avgPool2d(input, window).shape).toEqual({ channels: 3, height, width })
  })

  it('writes no instruction for the sum of one value', () => {
    const builder = new ProgramBuilder()
    const input = builder.input(IMAGE)
    expect(builder.add([input])).toBe(input)
    expect(builder.finish(builder.add([input, input])).instructions).toEqual([
      { op: 'input', output: IMAGE },
      { op: 'add', inputs: [0, 0], output: IMAGE },
    ])
  })

  it('leaves a finished program as it is', () => {
    const builder = new ProgramBuilder()
    const input = builder.input(IMAGE)
    const program = builder.finish(input)
    builder.relu(input)
    expect(program.instructions).toHaveLength(1)
  })

  it('refuses values that do not fit', () => {
    const builder = new ProgramBuilder()
    const input = builder.input(IMAGE)
    const zeros = builder.zeros({ ...IMAGE, channels: 4 })
    expect(() => builder.add([])).toThrow('Expected at least one value for add but received none')
    expect(() => builder.add([input, zeros])).toThrow('Expected equal shapes for add but received 3×8×6 and 4×8×6')
    expect(() => builder.linear(input, { weight: 'w', bias: 'b', features: 2 })).toThrow(
      'Expected a value of height and width 1 for linear but received 3×8×6',
    )
    for (const op of ['conv2d', 'avgPool2d'] as const) {
      expect(() => builder[op](input, { weight: 'w', channels: 1, kernel: 7, padding: 0 })).toThrow(
        `Expected an input of at least the kernel's extent for ${op} but received 3×8×6`,
      )
    }
  })

  it('gives a dilated window the extent that PyTorch gives it', () => {
    const builder = new ProgramBuilder()
    const input = builder.input(IMAGE)
    const conv = (options: object) => builder.conv2d(input, { weight: 'w', channels: 3, kernel: 3, ...options }).shape
    expect(conv({ dilation: 2 })).toEqual(IMAGE)
    expect(conv({ dilation: 2, kernel: 5, groups: 3 })).toEqual(IMAGE)
    expect(conv({ dilation: 2, stride: 2 })).toEqual({ channels: 3, height: 4, width: 3 })
    expect(conv({ dilation: 2, padding: 0 })).toEqual({ channels: 3, height: 4, width: 2 })
  })

  it('adds the channels of a concatenation, and crops to the end of the image', () => {
    const builder = new ProgramBuilder()
    const input = builder.input(IMAGE)
    expect(builder.concat([input])).toBe(input)
    expect(builder.concat([input, builder.relu6(input)]).shape).toEqual({ ...IMAGE, channels: 6 })
    expect(builder.crop2d(input, { top: 1, left: 2 }).shape).toEqual({ channels: 3, height: 7, width: 4 })
    expect(builder.crop2d(input, { top: 1, width: 2 }).shape).toEqual({ channels: 3, height: 7, width: 2 })
  })

  it('refuses attributes that mean nothing', () => {
    const builder = new ProgramBuilder()
    const input = builder.input(IMAGE)
    const conv = { weight: 'w', channels: 4, kernel: 3 }
    expect(() => builder.conv2d(input, { ...conv, groups: 2 })).toThrow(
      'Expected groups that divide the channels for conv2d but received 2 for 3 to 4 channels',
    )
    for (const [name, value, least] of [
      ['kernel', 0, 1],
      ['kernel', Number.NaN, 1],
      ['stride', 0, 1],
      ['stride', Number.NaN, 1],
      ['stride', 1.5, 1],
      ['padding', -1, 0],
    ] as const) {
      const problem = `Expected a whole number of at least ${least} for the ${name} of`
      expect(() => builder.conv2d(input, { ...conv, [name]: value })).toThrow(`${problem} conv2d but received ${value}`)
      const pool = { kernel: 3, [name]: value }
      expect(() => builder.maxPool2d(input, pool)).toThrow(`${problem} maxPool2d but received ${value}`)
    }
    expect(() => builder.conv2d(input, { ...conv, dilation: 0 })).toThrow(
      'Expected a whole number of at least 1 for the dilation of conv2d but received 0',
    )
    expect(() => builder.concat([])).toThrow('Expected at least one value for concat but received none')
    expect(() => builder.concat([input, builder.zeros({ ...IMAGE, height: 4 })])).toThrow(
      'Expected equal heights and widths for concat but received 3×8×6 and 3×4×6',
    )
    for (const part of [{ top: 8 }, { left: -1 }, { top: 1, height: 8 }]) {
      expect(() => builder.crop2d(input, part)).toThrow(/^Expected a part of the image for crop2d but received /)
    }
    for (const p of [1, -0.1, Number.NaN]) {
      expect(() => builder.dropout(input, { p })).toThrow(
        `Expected a probability below 1 for dropout but received ${p}`,
      )
    }
  })

  it('names each idle parameter once', () => {
    const builder = new ProgramBuilder()
    builder.idle(['a', 'b'])
    builder.idle(['b', 'c'])
    expect(builder.finish(builder.input(IMAGE)).idle).toEqual(['a', 'b', 'c'])
  })
})

describe('encodeProgram', () => {
  /** The float64 numbers as two words each, in the order of memory. */
  const words = (...numbers: number[]) => [...new Int32Array(Float64Array.from(numbers).buffer)]
  const ONE = words(1)

  it('writes the logits before auxiliary outputs, whatever their order', () => {
    const builder = new ProgramBuilder()
    const aside = builder.globalAvgPool(builder.input(IMAGE))
    const program = builder.finish(builder.relu(aside), [{ value: aside, weight: 0.4 }])
    const { code } = encodeProgram({ ...program, outputs: program.outputs.toReversed() })
    expect([...code.slice(0, 7)]).toEqual([2, 2, ...ONE, 1, ...words(0.4)])
  })

  it('refuses a fraction, which the addon would receive as another number', () => {
    const builder = new ProgramBuilder()
    const program = builder.finish(builder.avgPool2d(builder.input(IMAGE), { kernel: 3 }))
    const [input, pool] = program.instructions
    const wrong = { ...pool, stride: 1.5 } as typeof pool
    expect(() => encodeProgram({ ...program, instructions: [input, wrong] })).toThrow(
      'Expected a whole number for stride of avgPool2d but received 1.5',
    )
  })

  it('writes the outputs, then one record per instruction', () => {
    const builder = new ProgramBuilder()
    const input = builder.input(IMAGE)
    const conv = builder.conv2d(input, { weight: 'w', bias: 'b', channels: 3, kernel: 3 })
    const sum = builder.add([input, conv, conv])
    const again = builder.conv2d(sum, { weight: 'w', channels: 3, kernel: 1, stride: 2 })
    builder.idle(['z'])
    const { code, names, idle } = encodeProgram(builder.finish(again))
    const [opInput, opConv, opAdd] = ['input', 'conv2d', 'add'].map((op) => Object.keys(INSTRUCTIONS).indexOf(op))
    expect([...code]).toEqual([
      ...[1, again.id, ...ONE],
      ...[opInput, 0, 0, 0, 3, 8, 6, 0],
      ...[opConv, 1, 0, 2, 0, 1, 0, 3, 8, 6, 5, 3, 1, 1, 1, 1],
      ...[opAdd, 3, 0, 1, 1, 0, 0, 3, 8, 6, 0],
      ...[opConv, 1, 2, 1, 0, 0, 3, 4, 3, 5, 1, 2, 0, 1, 1],
    ])
    expect(names).toEqual(['w', 'b'])
    expect(idle).toEqual(['z'])
  })

  it('writes attributes and buffers', () => {
    const builder = new ProgramBuilder()
    const input = builder.input(IMAGE)
    const conv = builder.conv2d(input, { weight: 'w', channels: 3, kernel: 3, dilation: 2, groups: 3 })
    const running = { mean: 'm', variance: 'v' }
    const normal = builder.batchNorm(conv, { affine: { weight: 'g', bias: 'b' }, running })
    const cropped = builder.crop2d(normal, { top: 1, left: 2 })
    const dropped = builder.dropPath(builder.dropout(cropped, { p: 0.5 }), { p: 0.25 })
    const { code, names } = encodeProgram(builder.finish(builder.maxPool2d(dropped, { kernel: 2, stride: 2 })))
    const op = (name: keyof typeof INSTRUCTIONS) => Object.keys(INSTRUCTIONS).indexOf(name)
    expect([...code]).toEqual([
      ...[1, 6, ...ONE],
      ...[op('input'), 0, 0, 0, 3, 8, 6, 0],
      ...[op('conv2d'), 1, 0, 1, 0, 0, 3, 8, 6, 5, 3, 1, 2, 2, 3],
      ...[op('batchNorm'), 1, 1, 2, 1, 2, 2, 3, 4, 3, 8, 6, 0],
      ...[op('crop2d'), 1, 2, 0, 0, 3, 7, 4, 2, 1, 2],
      ...[op('dropout'), 1, 3, 0, 0, 3, 7, 4, 1, 2 ** 29],
      ...[op('dropPath'), 1, 4, 0, 0, 3, 7, 4, 1, 2 ** 28],
      ...[op('maxPool2d'), 1, 5, 0, 0, 3, 3, 2, 3, 2, 2, 0],
    ])
    expect(names).toEqual(['w', 'g', 'b', 'm', 'v'])
  })
})

describe('instructions', () => {
  it('tell what they read and which parameters they use, weight first', () => {
    const output = IMAGE
    const window = { kernel: 1, stride: 1, padding: 0, dilation: 1, groups: 1 }
    const conv = { op: 'conv2d', input: 4, output, weight: 'w', ...window } as const
    expect(inputsOf(conv)).toEqual([4])
    expect(inputsOf({ op: 'add', inputs: [1, 2], output })).toEqual([1, 2])
    expect(inputsOf({ op: 'zeros', output })).toEqual([])
    expect(parametersOf(conv)).toEqual(['w'])
    expect(parametersOf({ op: 'linear', input: 1, output, weight: 'w', bias: 'b' })).toEqual(['w', 'b'])
    expect(parametersOf({ op: 'relu', input: 1, output })).toEqual([])
    expect(inputsOf({ op: 'concat', inputs: [2, 0], output })).toEqual([2, 0])
    const affine = { weight: 'g', bias: 'b' }
    const norm = { op: 'batchNorm', input: 1, output, affine, running: { mean: 'm', variance: 'v' } } as const
    expect(parametersOf(norm)).toEqual(['g', 'b'])
    expect(buffersOf(norm)).toEqual(['m', 'v'])
    expect(parametersOf({ op: 'batchNorm', input: 1, output })).toEqual([])
    expect(buffersOf({ op: 'batchNorm', input: 1, output })).toEqual([])
    expect(buffersOf(conv)).toEqual([])
  })

  it('compare shapes by extent', () => {
    expect(sameShape(IMAGE, { ...IMAGE })).toBe(true)
    expect(sameShape(IMAGE, { ...IMAGE, width: 7 })).toBe(false)
  })
})
