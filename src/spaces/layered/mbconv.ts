/**
 * The inverted residual block (MobileNetV2: Sandler et al., CVPR 2018) with a kernel and an expansion to choose. Its
 * three convolutions are 1×1 to `expansion` times the channels, depthwise k×k, and 1×1 to the width of the block. Each
 * has a batch norm, and all but the last an activation. The input is added if it has the shape of the output.
 */
import { type Activation, type Block, type ConvNormOptions, convNorm, type InitialWeights } from './block.js'

export interface MbConvOptions {
  readonly names: MbConvNames
  readonly inChannels: number
  readonly channels: number
  /** Kernel of the depthwise convolution, in pixels, odd. */
  readonly kernel: number
  /** Hidden channels per input channel; 1 leaves the first convolution out. */
  readonly expansion: number
  /** 1 or 2. */
  readonly stride: number
  readonly activation: Activation
  /** Index of the candidate operation that the block is; absent if there is no choice. */
  readonly operation?: number
  /** Probability, in training, of dropping what is added to the input, drawn for each image. Default 0. */
  readonly dropPath?: number
  readonly initial?: InitialWeights
}

/** Names of the modules of the three convolutions and of their norms. */
export interface MbConvNames {
  /** Not used for expansion 1. */
  readonly expand: ConvNormOptions['names']
  readonly depthwise: ConvNormOptions['names']
  readonly project: ConvNormOptions['names']
}

export function mbConv(options: MbConvOptions): Block {
  const { names, inChannels, channels, kernel, expansion, stride, activation, dropPath = 0 } = options
  const shared = { operation: options.operation, initial: options.initial }
  const hidden = inChannels * expansion
  const shortcut = stride === 1 && inChannels === channels
  const steps: Block[] = []
  if (expansion !== 1) {
    steps.push(convNorm({ names: names.expand, inChannels, channels: hidden, kernel: 1, activation, ...shared }))
  }
  const depthwise = { inChannels: hidden, channels: hidden, kernel, stride, groups: hidden }
  steps.push(convNorm({ names: names.depthwise, ...depthwise, activation, ...shared }))
  steps.push(convNorm({ names: names.project, inChannels: hidden, channels, kernel: 1, ...shared }))
  return {
    parameters: steps.flatMap((step) => step.parameters),
    buffers: steps.flatMap((step) => step.buffers),
    apply(builder, x) {
      const y = steps.reduce((value, step) => step.apply(builder, value), x)
      if (!shortcut) return y
      return builder.add([x, dropPath === 0 ? y : builder.dropPath(y, { p: dropPath })])
    },
  }
}
