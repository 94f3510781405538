/**
 * Reference for the addon: computes programs by plain loops in float64, with one loop per index of the formula.
 * Gradients are central differences, so they share nothing with the addon's backward pass.
 */
import { logitsOf, outputsByRole } from '../../src/programs/outputs.js'
import type { Instruction, Program, Shape } from '../../src/programs/program.js'

export interface ScalarBatch {
  /** count × channels × height × width. */
  readonly images: Float32Array
  readonly labels: readonly number[]
  /** Factor on each sample's loss. */
  readonly weights?: readonly number[]
  /** Seed of dropouts, and factor on the probabilities of drop path. Without it, nothing is dropped. */
  readonly drop?: { readonly seed: number; readonly pathScale?: number }
  /** Coefficients of `mix` instructions. */
  readonly mixing?: ArrayLike<number>
  /** Running statistics by name, as in evaluation: batch norms that name them use them instead of the batch's. */
  readonly running?: ReadonlyMap<string, ArrayLike<number>>
}

export type ScalarParameters = ReadonlyMap<string, Float64Array>

/** Value of an instruction for the whole batch, batch × channels × height × width. */
type Values = Float64Array

const EPSILON = 1e-5

/** Logits, batch × classes. */
export function scalarLogits(program: Program, parameters: ScalarParameters, batch: ScalarBatch): Values {
  return scalarValues(program, parameters, batch)[logitsOf(program)]
}

/** The value of every instruction for the whole batch. */
export function scalarValues(program: Program, parameters: ScalarParameters, batch: ScalarBatch): Values[] {
  const values: Values[] = []
  const shapes: Shape[] = []
  for (const instruction of program.instructions) {
    values.push(evaluate(instruction, values, shapes, parameters, batch))
    shapes.push(instruction.output)
  }
  return values
}

export interface ScalarRecord {
  readonly loss: number
  /** Sum over the outputs, each times its weight. */
  readonly totalLoss: number
  readonly correct: number
  readonly importance: readonly number[]
}

/** Weighted cross-entropy divided by the batch size, number of hits, and ‖softmax − onehot‖₂ per sample. */
export function scalarRecord(program: Program, parameters: ScalarParameters, batch: ScalarBatch): ScalarRecord {
  const values = scalarValues(program, parameters, batch)
  const { logits, auxiliary } = outputsByRole(program.outputs)
  const record = recordOf(values[logits.value], batch)
  const totalLoss = auxiliary.reduce(
    (sum, { value, weight }) => sum + weight * recordOf(values[value], batch).loss,
    logits.weight * record.loss,
  )
  return { ...record, totalLoss }
}

function recordOf(logits: Values, batch: ScalarBatch): Omit<ScalarRecord, 'totalLoss'> {
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

/** Central differences of the total loss, for every scalar of every parameter. */
export function scalarGradients(
  program: Program,
  parameters: ScalarParameters,
  batch: ScalarBatch,
  step = 1e-6,
): Map<string, Float64Array> {
  return differences(parameters, (moved) => scalarRecord(program, moved, batch).totalLoss, step)
}

/** Central differences of any function of the parameters. */
export function differences(
  parameters: ScalarParameters,
  f: (parameters: ScalarParameters) => number,
  step = 1e-6,
): Map<string, Float64Array> {
  const gradients = new Map<string, Float64Array>()
  for (const [name, values] of parameters) {
    const gradient = values.map((_, i) => {
      const at = (offset: number) => {
        const moved = values.slice()
        moved[i] += offset
        return f(new Map([...parameters, [name, moved]]))
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
  { images, labels, drop, mixing, running }: ScalarBatch,
): Values {
  const batch = labels.length
  const { channels, height, width } = instruction.output
  const result = new Float64Array(batch * channels * height * width)
  switch (instruction.op) {
    case 'input':
      return Float64Array.from(images)
    case 'zeros':
      return result
    case 'tap':
      return values[instruction.input]
    case 'relu':
      return values[instruction.input].map((value) => Math.max(value, 0))
    case 'relu6':
      return values[instruction.input].map((value) => Math.min(Math.max(value, 0), 6))
    case 'add':
      return result.map((_, i) => instruction.inputs.reduce((sum, input) => sum + values[input][i], 0))
    case 'mix': {
      const { inputs, firstCoefficient } = instruction
      return result.map((_, i) => inputs.reduce((sum, x, k) => sum + mixing![firstCoefficient + k] * values[x][i], 0))
    }
    case 'batchNorm': {
      const { affine, running: names } = instruction
      const statistics = names && running && [running.get(names.mean)!, running.get(names.variance)!]
      const normal = batchNorm(values[instruction.input], channels, height * width, statistics)
      if (affine === undefined) return normal
      const weight = get(parameters, affine.weight)
      const bias = get(parameters, affine.bias)
      const channelOf = (i: number) => Math.floor(i / (height * width)) % channels
      return normal.map((value, i) => value * weight[channelOf(i)] + bias[channelOf(i)])
    }
    case 'conv2d':
    case 'avgPool2d':
    case 'maxPool2d': {
      const input = shapes[instruction.input]
      const pool = instruction.op === 'avgPool2d' ? average : maximum
      const reduce = instruction.op === 'conv2d' ? convolve(parameters, instruction, input) : pool
      return slide(values[instruction.input], input, instruction, batch, reduce)
    }
    case 'concat': {
      let at = 0
      for (let sample = 0; sample < batch; sample++) {
        for (const input of instruction.inputs) {
          const size = shapes[input].channels * height * width
          result.set(values[input].subarray(sample * size, (sample + 1) * size), at)
          at += size
        }
      }
      return result
    }
    case 'crop2d': {
      const { input, top, left } = instruction
      const from = shapes[input]
      return result.map((_, i) => {
        const y = (Math.floor(i / width) % height) + top
        const plane = Math.floor(i / (width * height))
        const image = Math.floor(plane / channels) * from.channels + (plane % channels)
        return values[input][(image * from.height + y) * from.width + (i % width) + left]
      })
    }
    case 'dropout':
    case 'dropPath': {
      const source = values[instruction.input]
      if (drop === undefined) return source
      const perSample = instruction.op === 'dropPath'
      const p = instruction.p * (perSample ? (drop.pathScale ?? 1) : 1)
      const draws = new Map<number, number>()
      return source.map((value, i) => {
        const sample = Math.floor(i / (channels * height * width))
        const channel = Math.floor(i / (height * width)) % channels
        // Draws are numbered in the order of the addon's memory, channels innermost.
        const position = perSample ? sample : (sample * height * width + (i % (height * width))) * channels + channel
        const draw = draws.get(position) ?? uniformDraw(drop.seed, values.length, position)
        draws.set(position, draw)
        return draw < p ? 0 : value / (1 - p)
      })
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

/** Reads the input of one sample at a channel, row and column; undefined in the padding. */
type Read = (channel: number, y: number, x: number) => number | undefined
type Reduce = (read: Read, channel: number, y: number, x: number, kernel: number) => number

function slide(
  source: Values,
  input: Shape,
  { output, stride, padding, ...window }: Extract<Instruction, { kernel: number }>,
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
          result[at++] = reduce(read, channel, y * stride - padding, x * stride - padding, window.kernel)
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

const maximum: Reduce = (read, channel, top, left, kernel) => {
  let largest = Number.NEGATIVE_INFINITY
  for (let dy = 0; dy < kernel; dy++) {
    for (let dx = 0; dx < kernel; dx++) largest = Math.max(largest, read(channel, top + dy, left + dx) ?? largest)
  }
  return largest
}

function convolve(
  parameters: ScalarParameters,
  instruction: Extract<Instruction, { op: 'conv2d' }>,
  input: Shape,
): Reduce {
  const weight = get(parameters, instruction.weight)
  const bias = instruction.bias === undefined ? undefined : get(parameters, instruction.bias)
  const { dilation, groups, output } = instruction
  const members = input.channels / groups
  return (read, channel, top, left, kernel) => {
    let sum = bias?.[channel] ?? 0
    let at = channel * members * kernel * kernel
    const first = Math.floor(channel / (output.channels / groups)) * members
    for (let c = first; c < first + members; c++) {
      for (let dy = 0; dy < kernel; dy++) {
        for (let dx = 0; dx < kernel; dx++)
          sum += weight[at++] * (read(c, top + dilation * dy, left + dilation * dx) ?? 0)
      }
    }
    return sum
  }
}

/** Normalises by the given means and variances, or else by the batch's. */
function batchNorm(
  source: Values,
  channels: number,
  area: number,
  statistics?: readonly (readonly number[] | ArrayLike<number>)[],
): Values {
  const result = new Float64Array(source.length)
  const members = source.length / channels
  for (let channel = 0; channel < channels; channel++) {
    const indices: number[] = []
    for (let i = 0; i < source.length; i++) if (Math.floor(i / area) % channels === channel) indices.push(i)
    const mean = statistics?.[0][channel] ?? indices.reduce((sum, i) => sum + source[i], 0) / members
    const variance = statistics?.[1][channel] ?? indices.reduce((sum, i) => sum + (source[i] - mean) ** 2, 0) / members
    for (const i of indices) result[i] = (source[i] - mean) / Math.sqrt(variance + EPSILON)
  }
  return result
}

/** splitmix64, as in native/runtime/random.h. */
function hash(value: bigint): bigint {
  const wrap = (x: bigint) => BigInt.asUintN(64, x)
  let x = wrap(value + GOLDEN)
  x = wrap((x ^ (x >> 30n)) * 0xbf58476d1ce4e5b9n)
  x = wrap((x ^ (x >> 27n)) * 0x94d049bb133111ebn)
  return x ^ (x >> 31n)
}

const GOLDEN = 0x9e3779b97f4a7c15n

/** The draw number `position` of an instruction in a step, in [0, 1). */
function uniformDraw(seed: number, instruction: number, position: number): number {
  const stream = hash(BigInt(seed) * GOLDEN + hash(BigInt(instruction)))
  return Number(hash(stream + BigInt(position) * GOLDEN) >> 11n) / 2 ** 53
}

function get(parameters: ScalarParameters, name: string): Float64Array {
  const values = parameters.get(name)
  if (!values) throw new Error(`Expected a parameter named ${name} but received none`)
  return values
}
