/**
 * Blocks: pieces of a network that bring their parameters and running statistics along with the instructions that use
 * them, so that what a space declares and what its programs compute cannot differ.
 */
import type { ProgramBuilder, Value } from '../../programs/program.js'
import type { BufferSpec, ParameterSpec } from '../space.js'

export interface Block {
  /** In PyTorch's order: a convolution's weight, then scale and shift of its norm. */
  readonly parameters: readonly ParameterSpec[]
  /** Running mean and variance of every batch norm. */
  readonly buffers: readonly BufferSpec[]
  /** Writes what the block computes from `x`. */
  apply(builder: ProgramBuilder, x: Value): Value
}

/** What follows the norm of a {@link convNorm}; nothing where it is absent. */
export type Activation = 'relu' | 'relu6'

export interface ConvNormOptions {
  /** Names of the two modules: the convolution's and the batch norm's. */
  readonly names: readonly [convolution: string, norm: string]
  readonly inChannels: number
  readonly channels: number
  /** In pixels, odd: padding keeps the extent at stride 1, and halves it at stride 2, rounded up. */
  readonly kernel: number
  readonly stride?: number
  readonly groups?: number
  readonly activation?: Activation
  /** Index of the candidate operation that the block belongs to; absent outside of candidates. */
  readonly operation?: number
}

/** A convolution without bias and a batch norm with scale, shift and running statistics, then the activation. */
export function convNorm(options: ConvNormOptions): Block {
  const { inChannels, channels, kernel, stride = 1, groups = 1, activation, operation } = options
  const [convolution, norm] = options.names
  const weight = `${convolution}.weight`
  const affine = { weight: `${norm}.weight`, bias: `${norm}.bias` }
  const running = { mean: `${norm}.running_mean`, variance: `${norm}.running_var` }
  const members = inChannels / groups
  const of = operation === undefined ? {} : { operation }
  return {
    parameters: [
      { name: weight, shape: [channels, members, kernel, kernel], init: uniform(members * kernel ** 2), ...of },
      { name: affine.weight, shape: [channels], init: { kind: 'ones' }, ...of },
      { name: affine.bias, shape: [channels], init: { kind: 'zeros' }, ...of },
    ],
    buffers: [
      { name: running.mean, shape: [channels], init: 0 },
      { name: running.variance, shape: [channels], init: 1 },
    ],
    apply(builder, x) {
      const y = builder.batchNorm(builder.conv2d(x, { weight, channels, kernel, stride, groups }), { affine, running })
      return activation === undefined ? y : builder[activation](y)
    },
  }
}

/** Mean over the image and the linear layer `classifier`: logits. */
export function classifier(inChannels: number, classes: number): Block {
  const names = { weight: 'classifier.weight', bias: 'classifier.bias' }
  const init = uniform(inChannels)
  return {
    parameters: [
      { name: names.weight, shape: [classes, inChannels], init },
      { name: names.bias, shape: [classes], init },
    ],
    buffers: [],
    apply: (builder, x) => builder.linear(builder.globalAvgPool(x), { ...names, features: classes }),
  }
}

/** Nothing at all. */
export const IDENTITY: Block = { parameters: [], buffers: [], apply: (_, x) => x }

/** PyTorch's default for weights and biases. */
function uniform(fanIn: number) {
  return { kind: 'uniform', bound: 1 / Math.sqrt(fanIn) } as const
}
