/**
 * The arithmetic of programs in plain float64 loops, one loop per letter of the formula: what the addon is compared
 * with. Gradients come from central differences, so they share nothing with the addon's backward pass.
 */
import type { Instruction, Program, Shape } from '../../src/program.js'

export interface ScalarBatch {
  /** count × channels × height × width. */
  readonly images: Float32Array
  readonly labels: readonly number[]
  /** Factor on each sample's loss. */
  readonly weights?: readonly number[]
}

export type ScalarParameters = ReadonlyMap<string, Float64Array>

/** Value of an instruction for the whole batch, batch × channels × height × width. */
type Values = Float64Array

const EPSILON = 1e-5

/** Logits, batch × classes. */
export function scalarLogits(program: Program, parameters: ScalarParameters, { images, labels }: ScalarBatch): Values {
  const values: Values[] = []
  const shapes: Shape[] = []
  for (const instruction of program.instructions) {
    values.push(evaluate(instruction, values, shapes, parameters, images, labels.length))
    shapes.push(instruction.output)
  }
  return values[program.output]
}

export interface ScalarRecord {
  readonly loss: number
  readonly correct: number
  readonly importance: readonly number[]
}

/** Weighted cross-entropy over the batch size, hits, and ‖softmax − onehot‖₂ per sample. */
export function scalarRecord(program: Program, parameters: ScalarParameters, batch: ScalarBatch): ScalarRecord {
  const logits = scalarLogits(program, parameters, batch)
  const count = batch.labels.length
  const classes = logits.length / count
  let loss = 0
  let correct = 0
  const importance: number[] = []
  for (const [i, label] of batch.labels.entries()) {
    const row = logits.subarray(i * classes, (i + 1) * classes)
    const largest = Math.max(...row)
    const exponentials = Array.from(row, (value) => Math.exp(value - largest))
    const total = exponentials.reduce((sum, value) => sum + value, 0)
    loss += ((batch.weights?.[i] ?? 1) * (Math.log(total) + largest - row[label])) / count
    if (row.indexOf(largest) === label) correct++
    importance.push(Math.hypot(...exponentials.map((value, k) => value / total - (k === label ? 1 : 0))))
  }
  return { loss, correct, importance }
}

/** Central differences of the loss in every scalar of every parameter. */
export function scalarGradients(
  program: Program,
  parameters: ScalarParameters,
  batch: ScalarBatch,
  step = 1e-6,
): Map<string, Float64Array> {
  const gradients = new Map<string, Float64Array>()
  for (const [name, values] of parameters) {
    const gradient = values.map((_, i) => {
      const at = (offset: number) => {
        const moved = values.slice()
        moved[i] += offset
        return scalarRecord(program, new Map([...parameters, [name, moved]]), batch).loss
      }
      return (at(step) - at(-step)) / (2 * step)
    })
    gradients.set(name, gradient)
  }
  return gradients
}

function evaluate(
  instruction: Instruction,
  values: readonly Values[],
  shapes: readonly Shape[],
  parameters: ScalarParameters,
  images: Float32Array,
  batch: number,
): Values {
  const { channels, height, width } = instruction.output
  const result = new Float64Array(batch * channels * height * width)
  switch (instruction.op) {
    case 'input':
      return Float64Array.from(images)
    case 'zeros':
      return result
    case 'relu':
      return values[instruction.input].map((value) => Math.max(value, 0))
    case 'add':
      return result.map((_, i) => instruction.inputs.reduce((sum, input) => sum + values[input][i], 0))
    case 'batchNorm':
      return batchNorm(values[instruction.input], channels, height * width)
    case 'conv2d':
    case 'avgPool2d': {
      const input = shapes[instruction.input]
      const reduce = instruction.op === 'conv2d' ? convolve(parameters, instruction, input) : average
      return slide(values[instruction.input], input, instruction, batch, reduce)
    }
    case 'globalAvgPool': {
      const area = shapes[instruction.input].height * shapes[instruction.input].width
      const source = values[instruction.input]
      return result.map((_, i) => source.subarray(i * area, (i + 1) * area).reduce((sum, v) => sum + v, 0) / area)
    }
    case 'linear': {
      const inputs = shapes[instruction.input].channels
      const weight = get(parameters, instruction.weight)
      const bias = get(parameters, instruction.bias)
      return result.map((_, i) => {
        const sample = Math.floor(i / channels)
        const feature = i % channels
        let sum = bias[feature]
        for (let k = 0; k < inputs; k++) {
          sum += weight[feature * inputs + k] * values[instruction.input][sample * inputs + k]
        }
        return sum
      })
    }
  }
}

/** A read of the input at a channel, row and column of one sample; undefined in the padding. */
type Read = (channel: number, y: number, x: number) => number | undefined
type Reduce = (read: Read, channel: number, y: number, x: number, kernel: number) => number

function slide(
  source: Values,
  input: Shape,
  { output, kernel, stride, padding }: Extract<Instruction, { kernel: number }>,
  batch: number,
  reduce: Reduce,
): Values {
  const result = new Float64Array(batch * output.channels * output.height * output.width)
  let at = 0
  for (let sample = 0; sample < batch; sample++) {
    const read: Read = (channel, y, x) =>
      y < 0 || x < 0 || y >= input.height || x >= input.width
        ? undefined
        : source[((sample * input.channels + channel) * input.height + y) * input.width + x]
    for (let channel = 0; channel < output.channels; channel++) {
      for (let y = 0; y < output.height; y++) {
        for (let x = 0; x < output.width; x++) {
          result[at++] = reduce(read, channel, y * stride - padding, x * stride - padding, kernel)
        }
      }
    }
  }
  return result
}

const average: Reduce = (read, channel, top, left, kernel) => {
  let sum = 0
  let count = 0
  for (let dy = 0; dy < kernel; dy++) {
    for (let dx = 0; dx < kernel; dx++) {
      const value = read(channel, top + dy, left + dx)
      if (value === undefined) continue
      sum += value
      count++
    }
  }
  return sum / count
}

function convolve(
  parameters: ScalarParameters,
  instruction: Extract<Instruction, { op: 'conv2d' }>,
  input: Shape,
): Reduce {
  const weight = get(parameters, instruction.weight)
  const bias = instruction.bias === undefined ? undefined : get(parameters, instruction.bias)
  return (read, channel, top, left, kernel) => {
    let sum = bias?.[channel] ?? 0
    let at = channel * input.channels * kernel * kernel
    for (let c = 0; c < input.channels; c++) {
      for (let dy = 0; dy < kernel; dy++) {
        for (let dx = 0; dx < kernel; dx++) sum += weight[at++] * (read(c, top + dy, left + dx) ?? 0)
      }
    }
    return sum
  }
}

function batchNorm(source: Values, channels: number, area: number): Values {
  const result = new Float64Array(source.length)
  const members = source.length / channels
  for (let channel = 0; channel < channels; channel++) {
    const indices: number[] = []
    for (let i = 0; i < source.length; i++) if (Math.floor(i / area) % channels === channel) indices.push(i)
    const mean = indices.reduce((sum, i) => sum + source[i], 0) / members
    const variance = indices.reduce((sum, i) => sum + (source[i] - mean) ** 2, 0) / members
    for (const i of indices) result[i] = (source[i] - mean) / Math.sqrt(variance + EPSILON)
  }
  return result
}

function get(parameters: ScalarParameters, name: string): Float64Array {
  const values = parameters.get(name)
  if (!values) throw new Error(`Expected a parameter named ${name} but received none`)
  return values
}
