/**
 * Blocks: parts of a network that hold parameters and running statistics together with the instructions that use them.
 * So the tensors that a space declares are the tensors that its programs use.
 */

import type { Value } from '../../programs/program.js'
import type { ProgramBuilder } from '../../programs/program-builder.js'
import type { BufferSpec, Initializer, ParameterSpec } from '../space.js'

export interface Block {
  /** In PyTorch's order: the weight of a convolution, then scale and shift of its norm. */
  readonly parameters: readonly ParameterSpec[]
  /** Running mean and variance of every batch norm. */
  readonly buffers: readonly BufferSpec[]
  /** Writes the instructions of the block, on the input `x`. */
  apply(builder: ProgramBuilder, x: Value): Value
}

/** Activation after the norm of a {@link convNorm}; absent for none. */
export type Activation = 'relu' | 'relu6'

/**
 * Initial weights: PyTorch's, uniform in ±1/√(fan-in) (default); or timm's for networks that TensorFlow trained first,
 * which are normal with the variance 2/(fan-out) in convolutions, and uniform in ±1/√classes in the classifier.
 */
export type InitialWeights = 'pytorch' | 'tensorflow'

export interface ConvNormOptions {
  /** Names of the two modules: convolution and batch norm. */
  readonly names: readonly [convolution: string, norm: string]
  readonly inChannels: number
  readonly channels: number
  /** In pixels, odd. Padding keeps the extent at stride 1, and halves it at stride 2, rounded up. */
  readonly kernel: number
  readonly stride?: number
  readonly groups?: number
  readonly activation?: Activation
  /** Index of the candidate operation that the block belongs to; absent for blocks that are no candidates. */
  readonly operation?: number
  readonly initial?: InitialWeights
}

/** A convolution without bias and a batch norm with scale, shift and running statistics, then the activation. */
export function convNorm(options: ConvNormOptions): Block {
  const { inChannels, channels, kernel, stride = 1, groups = 1, activation, operation, initial } = options
  const [convolution, norm] = options.names
  const weight = `${convolution}.weight`
  const affine = { weight: `${norm}.weight`, bias: `${norm}.bias` }
  const running = { mean: `${norm}.running_mean`, variance: `${norm}.running_var` }
  const members = inChannels / groups
  const fanOut = (channels / groups) * kernel ** 2
  const init = initial === 'tensorflow' ? normal(2 / fanOut) : uniform(members * kernel ** 2)
  const owner = operation === undefined ? {} : { operation }
  return {
    parameters: [
      { name: weight, shape: [channels, members, kernel, kernel], init, ...owner },
      { name: affine.weight, shape: [channels], init: { kind: 'ones' }, ...owner },
      { name: affine.bias, shape: [channels], init: { kind: 'zeros' }, ...owner },
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

/**
 * Mean over the image, then the linear layer `classifier`, which gives logits. `dropout` is the probability, in training,
 * of dropping a feature between them.
 */
export function classifier(
  inChannels: number,
  classes: number,
  { dropout = 0, initial }: { readonly dropout?: number; readonly initial?: InitialWeights } = {},
): Block {
  const names = { weight: 'classifier.weight', bias: 'classifier.bias' }
  const ofTensorFlow = initial === 'tensorflow'
  const init = uniform(ofTensorFlow ? classes : inChannels)
  return {
    parameters: [
      { name: names.weight, shape: [classes, inChannels], init },
      { name: names.bias, shape: [classes], init: ofTensorFlow ? { kind: 'zeros' } : init },
    ],
    buffers: [],
    apply(builder, x) {
      const pooled = builder.globalAvgPool(x)
      const kept = dropout === 0 ? pooled : builder.dropout(pooled, { p: dropout })
      return builder.linear(kept, { ...names, features: classes })
    },
  }
}

/** A block of a network, and the prefix of its names in the supernet by its prefix in the network. */
export interface NamedBlock {
  readonly block: Block
  /** Absent if both are the same. */
  readonly renamed?: { readonly from: string; readonly supernet: string }
}

/** A block that returns its input. */
export const IDENTITY: Block = { parameters: [], buffers: [], apply: (_, x) => x }

function uniform(fan: number): Initializer {
  return { kind: 'uniform', bound: 1 / Math.sqrt(fan) }
}

function normal(variance: number): Initializer {
  return { kind: 'normal', deviation: Math.sqrt(variance) }
}
