/**
 * The network of one cell of NAS-Bench-1Shot1, as NAS-Bench-101 trains it (Ying et al., ICML 2019). Other than in the
 * supernet, loose ends are pruned, and the intermediates that feed the output share its width, so that a cell is as wide
 * as its stack says. A node that feeds several others may have one channel more than they read; the last one is left
 * out. Every batch norm has parameters and running statistics.
 *
 * The benchmark's code is TensorFlow's. Tensors have the names of its port to PyTorch (romulus0914/NASBench-PyTorch),
 * and their initial values have the variance of the original. Two constants differ: running statistics move by 0.1 per
 * step instead of 0.003, and initial weights are uniform instead of normal.
 */
import { expected } from '../../base/errors.js'
import type { Value } from '../../programs/program.js'
import { NetworkWriter } from '../network-writer.js'
import type { NetworkParts } from '../standalone.js'
import { OPERATIONS } from './cell.js'
import { type Module, pruneModule } from './nasbench101.js'
import { type NetworkSize, STACKS } from './network.js'

/** The network of NAS-Bench-101 that repeats a module. Throws a RangeError for a module without a path to its output. */
export function nasBench101Network(
  module: Module,
  { channels, cellsPerStage, input, classes }: NetworkSize,
): NetworkParts {
  const pruned = pruneModule(module)
  if (pruned === undefined) throw new RangeError('Expected a module with a path from input to output but received none')
  const writer = new NetworkWriter(Math.sqrt(3))
  let x = convNormRelu(writer, writer.builder.input(input), 'layers.0', { channels, kernel: 3 })
  let layer = 1
  for (let stack = 0; stack < STACKS; stack++) {
    if (stack > 0) {
      x = writer.builder.maxPool2d(x, { kernel: 2, stride: 2, padding: 0 })
      layer++
    }
    for (let i = 0; i < cellsPerStage; i++) x = cell(writer, x, `layers.${layer++}`, pruned, channels << stack)
  }
  // TensorFlow's default for linear layers: Glorot's uniform weights, and biases that begin at zero.
  const bound = Math.sqrt(6 / (x.shape.channels + classes))
  const program = writer.classify(x, classes, { weight: { kind: 'uniform', bound }, bias: { kind: 'zeros' } })
  return { parameters: writer.parameters, buffers: writer.buffers, program }
}

function cell(writer: NetworkWriter, x: Value, name: string, { matrix, operations }: Module, channels: number): Value {
  const { builder } = writer
  const output = operations.length - 1
  const widths = vertexChannels(matrix, channels)
  const feeding = widths.slice(1, output).filter((_, i) => matrix[i + 1][output] === 1)
  if (feeding.includes(0)) {
    throw expected(`at least ${feeding.length} channels`, 'the network of this cell', channels, 2)
  }
  const project = (vertex: number) =>
    convNormRelu(writer, x, `${name}.input_op.${vertex}`, { channels: widths[vertex], kernel: 1 })
  const values: Value[] = []
  for (let vertex = 1; vertex < output; vertex++) {
    const terms = [...values.keys()]
      .filter((source) => source > 0 && matrix[source][vertex] === 1)
      .map((source) => firstChannels(writer, values[source], widths[vertex]))
    if (matrix[0][vertex] === 1) terms.push(project(vertex))
    const sum = builder.add(terms)
    values[vertex] = operate(writer, sum, `${name}.vertex_op.${vertex}`, operations[vertex])
  }
  const sides = [...values.keys()].filter((source) => source > 0 && matrix[source][output] === 1)
  const joined = sides.length > 0 ? [builder.concat(sides.map((source) => values[source]))] : []
  return builder.add(matrix[0][output] === 1 ? [...joined, project(output)] : joined)
}

function operate(writer: NetworkWriter, x: Value, name: string, operation: Module['operations'][number]): Value {
  if (operation === 'maxpool3x3') return writer.builder.maxPool2d(x, { kernel: 3 })
  const [part, kernel] = operation === 'conv3x3-bn-relu' ? (['conv3x3', 3] as const) : (['conv1x1', 1] as const)
  const index = OPERATIONS.indexOf(operation as (typeof OPERATIONS)[number])
  return convNormRelu(writer, x, `${name}.${part}`, { channels: x.shape.channels, kernel, operation: index })
}

function convNormRelu(
  writer: NetworkWriter,
  x: Value,
  name: string,
  options: { channels: number; kernel: number; operation?: number },
): Value {
  const convolved = writer.conv(x, `${name}.conv_bn_relu.0`, options)
  return writer.builder.relu(writer.norm(convolved, `${name}.conv_bn_relu.1`, options.operation))
}

function firstChannels(writer: NetworkWriter, x: Value, channels: number): Value {
  return x.shape.channels === channels ? x : writer.builder.crop2d(x, { channels })
}

/**
 * Channels of every vertex but the input, as the benchmark's `compute_vertex_channels` divides them. Vertices that feed
 * the output share its channels, the first ones with one more if a remainder is left. Any other vertex is as wide as the
 * widest that it feeds.
 */
export function vertexChannels(matrix: Module['matrix'], channels: number): number[] {
  const output = matrix.length - 1
  const feeding = [...matrix.keys()].filter((vertex) => vertex > 0 && matrix[vertex][output] === 1)
  const widths = new Array<number>(output + 1).fill(0)
  widths[output] = channels
  for (const [i, vertex] of feeding.entries()) {
    widths[vertex] = Math.floor(channels / feeding.length) + (i < channels % feeding.length ? 1 : 0)
  }
  for (let vertex = output - 1; vertex > 0; vertex--) {
    if (matrix[vertex][output] === 1) continue
    for (let target = vertex + 1; target < output; target++) {
      if (matrix[vertex][target] === 1) widths[vertex] = Math.max(widths[vertex], widths[target])
    }
  }
  return widths
}
