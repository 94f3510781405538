/** Writes the program of a network that is trained alone, together with the specs of every tensor that it names. */
import { scalars } from '../base/shapes.js'
import type { Program, Shape, Value } from '../programs/program.js'
import { ProgramBuilder } from '../programs/program-builder.js'
import type { BufferSpec, ParameterSpec } from './space.js'

/** A convolution without bias. */
interface ConvolutionOptions {
  readonly channels: number
  readonly kernel: number
  /** Default 1. */
  readonly stride?: number
  /** Index of the candidate operation that the convolution belongs to. */
  readonly operation?: number
}

export class NetworkWriter {
  readonly builder = new ProgramBuilder()
  readonly parameters: ParameterSpec[] = []
  readonly buffers: BufferSpec[] = []
  readonly #gain: number
  /** By id of a value: its ReLU, so that operations on the same value share it. */
  readonly #rectified: Value[] = []

  /**
   * @param gain Weights of convolutions are uniform in ±gain/√(fan-in) at first. The default 1 is PyTorch's; √3 gives
   *   them the variance 1/(fan-in).
   */
  constructor(gain = 1) {
    this.#gain = gain
  }

  relu(x: Value): Value {
    this.#rectified[x.id] ??= this.builder.relu(x)
    return this.#rectified[x.id]
  }

  /** A convolution with the parameter `name`.weight. */
  conv(x: Value, name: string, { operation, ...options }: ConvolutionOptions): Value {
    const weight = `${name}.weight`
    const shape = [options.channels, x.shape.channels, options.kernel, options.kernel]
    const bound = this.#gain / Math.sqrt(scalars(shape.slice(1)))
    this.parameters.push({ name: weight, shape, init: { kind: 'uniform', bound }, ...mark(operation) })
    return this.builder.conv2d(x, { weight, ...options })
  }

  /** A batch norm with scale, shift and running statistics. */
  norm(x: Value, name: string, operation?: number): Value {
    const shape = [x.shape.channels]
    const affine = { weight: `${name}.weight`, bias: `${name}.bias` }
    const running = { mean: `${name}.running_mean`, variance: `${name}.running_var` }
    this.parameters.push({ name: affine.weight, shape, init: { kind: 'ones' }, ...mark(operation) })
    this.parameters.push({ name: affine.bias, shape, init: { kind: 'zeros' }, ...mark(operation) })
    this.buffers.push({ name: running.mean, shape, init: 0 }, { name: running.variance, shape, init: 1 })
    return this.builder.batchNorm(x, { affine, running })
  }

  /** Declares tensors that belong to the network but cannot change its output. `write` names them, from a value of `shape`. */
  idle(shape: Shape, write: (writer: NetworkWriter, x: Value) => void): void {
    const side = new NetworkWriter(this.#gain)
    write(side, side.builder.input(shape))
    this.parameters.push(...side.parameters)
    this.buffers.push(...side.buffers)
    this.builder.idle(side.parameters.map(({ name }) => name))
  }

  /** Ends the program with the logits of a linear layer on the mean over the image, PyTorch's initial values by default. */
  classify(
    x: Value,
    classes: number,
    init: Record<'weight' | 'bias', ParameterSpec['init']> = linearInit(x.shape.channels),
  ): Program {
    const names = { weight: 'classifier.weight', bias: 'classifier.bias' }
    this.parameters.push({ name: names.weight, shape: [classes, x.shape.channels], init: init.weight })
    this.parameters.push({ name: names.bias, shape: [classes], init: init.bias })
    return this.builder.finish(this.builder.linear(this.builder.globalAvgPool(x), { ...names, features: classes }))
  }
}

function linearInit(fanIn: number): Record<'weight' | 'bias', ParameterSpec['init']> {
  const init = { kind: 'uniform', bound: 1 / Math.sqrt(fanIn) } as const
  return { weight: init, bias: init }
}

function mark(operation: number | undefined): { operation?: number } {
  return operation === undefined ? {} : { operation }
}
