/**
 * The inverted residual block (MobileNetV2: Sandler et al., CVPR 2018) with a kernel and an expansion to choose: a 1×1
 * convolution to `expansion` times the channels, a depthwise k×k one, and a 1×1 one to the block's width without
 * activation; each with a batch norm. The input is added where it has the output's shape.
 */
import { type Activation, type Block, type ConvNormOptions, convNorm } from './block.js'

export interface MbConvOptions {
  readonly names: MbConvNames
  readonly inChannels: number
  readonly channels: number
  /** Of the depthwise convolution, in pixels, odd. */
  readonly kernel: number
  /** Hidden width in units of `inChannels`; 1 leaves the first convolution out. */
  readonly expansion: number
  /** 1 or 2. */
  readonly stride: number
  readonly activation: Activation
  /** Index of the candidate operation that the block is; absent where there is no choice. */
  readonly operation?: number
}

/** Names of the modules of the three convolutions and of their norms. */
export interface MbConvNames {
  /** Not used for expansion 1. */
  readonly expand: ConvNormOptions['names']
  readonly depthwise: ConvNormOptions['names']
  readonly project: ConvNormOptions['names']
}

export function mbConv(options: MbConvOptions): Block {
  const { names, inChannels, channels, kernel, expansion, stride, activation, operation } = options
  const hidden = inChannels * expansion
  const shortcut = stride === 1 && inChannels === channels
  const steps: Block[] = []
  if (expansion !== 1) {
    steps.push(convNorm({ names: names.expand, inChannels, channels: hidden, kernel: 1, activation, operation }))
  }
  const depthwise = { inChannels: hidden, channels: hidden, kernel, stride, groups: hidden }
  steps.push(convNorm({ names: names.depthwise, ...depthwise, activation, operation }))
  steps.push(convNorm({ names: names.project, inChannels: hidden, channels, kernel: 1, operation }))
  return {
    parameters: steps.flatMap((step) => step.parameters),
    buffers: steps.flatMap((step) => step.buffers),
    apply(builder, x) {
      const y = steps.reduce((value, step) => step.apply(builder, value), x)
      return shortcut ? builder.add([x, y]) : y
    },
  }
}
