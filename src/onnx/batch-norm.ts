import type { Instruction } from '../programs/program.js'
import type { GraphBuilder } from './graph-builder.js'

/** Epsilon of every batch norm: PyTorch's default. */
const EPSILON = 1e-5

type BatchNorm = Extract<Instruction, { readonly op: 'batchNorm' }>

/** Adds the evaluation of a batch norm on the value `x`, [N, channels, height, width]; returns the output's name. */
export function addBatchNorm(id: number, instruction: BatchNorm, x: string, builder: GraphBuilder): string {
  return instruction.running === undefined
    ? addNormByBatch(id, instruction, x, builder)
    : addNormByRunning(id, instruction, instruction.running, x, builder)
}

function addNormByRunning(
  id: number,
  { affine, output: { channels } }: BatchNorm,
  running: NonNullable<BatchNorm['running']>,
  x: string,
  builder: GraphBuilder,
): string {
  const constant = (name: string, value: number) =>
    builder.floats(`${name}/${channels}`, Array<number>(channels).fill(value))
  const scale = affine === undefined ? constant('ones', 1) : builder.weight(affine.weight, [channels])
  const shift = affine === undefined ? constant('zeros', 0) : builder.weight(affine.bias, [channels])
  const statistics = [running.mean, running.variance].map((name) => builder.weight(name, [channels]))
  return builder.node(id, 'BatchNormalization', [x, scale, shift, ...statistics], { epsilon: { float: EPSILON } })
}

/**
 * Normalises by the mean and variance of the batch, in elementary operators. `BatchNormalization` uses these only in
 * its training mode, which few runtimes implement. `InstanceNormalization` uses the statistics of each image.
 */
function addNormByBatch(id: number, { affine, output }: BatchNorm, x: string, builder: GraphBuilder): string {
  const node = (opType: string, inputs: readonly string[]) => builder.node(id, opType, inputs)
  const mean = (value: string) => builder.node(id, 'ReduceMean', [value], { axes: [0, 2, 3], keepdims: 1 })
  const perChannel = (name: string) =>
    node('Unsqueeze', [builder.weight(name, [output.channels]), builder.integers('axes/channel', [1, 2])])

  const centred = node('Sub', [x, mean(x)])
  const variance = mean(node('Mul', [centred, centred]))
  const deviation = node('Sqrt', [node('Add', [variance, builder.floats('epsilon', [EPSILON], [])])])
  const normalised = node('Div', [centred, deviation])
  if (affine === undefined) return normalised
  return node('Add', [node('Mul', [normalised, perChannel(affine.weight)]), perChannel(affine.bias)])
}
