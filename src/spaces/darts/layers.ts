/**
 * Parts that the supernet of DARTS and its stand-alone networks share (Liu, Simonyan and Yang, ICLR 2019): stem,
 * operations and cells. {@link DartsLayers} writes a program, together with the specs of every tensor that the program
 * names. Names, shapes and order are the same as in the state dicts of the authors' PyTorch code.
 */
import { scalars } from '../../base/shapes.js'
import type { Shape, Value } from '../../programs/program.js'
import { ProgramBuilder } from '../../programs/program-builder.js'
import { checkNetworkOptions } from '../network-options.js'
import type { BufferSpec, ParameterSpec } from '../space.js'
import { type DartsOperation, NODES, OPERATIONS } from './genotype.js'

/** Channels of the stem per channel of a node in the first cells. */
export const STEM_MULTIPLIER = 3

/** Complete size of a network, and its task. */
export interface DartsNetworkSize {
  /** Channels C of every node in the first cells. */
  readonly channels: number
  readonly cells: number
  readonly input: Shape
  readonly classes: number
}

/** The place of one cell in the network. */
export interface DartsCell {
  /** `cells.{i}`, the prefix of the names of its tensors. */
  readonly name: string
  /** Channels of each of its nodes; its output has four times as many. */
  readonly channels: number
  /** True if it halves height and width and doubles the channels, as the cells at ⅓ and ⅔ of the depth do. */
  readonly reduction: boolean
  /**
   * True if the cell before it is a reduction cell. The output of the cell before that one has twice the extent then.
   */
  readonly afterReduction: boolean
}

/** The values whose sum is a node of a cell, given the nodes before it. */
export type NodeTerms = (cell: DartsCell, node: number, before: readonly Value[]) => readonly Value[]

export interface DartsLayersOptions {
  /**
   * True for a network that is trained alone: batch norms have parameters and running statistics. Otherwise they have
   * neither, and a norm follows each pool, so that paths with and without weights are of equal scale.
   */
  readonly alone: boolean
  /** True if the batch norm of the stem has parameters. Default: as all other norms. */
  readonly affineStem?: boolean
}

export class DartsLayers {
  readonly builder = new ProgramBuilder()
  readonly parameters: ParameterSpec[] = []
  readonly buffers: BufferSpec[] = []
  readonly #alone: boolean
  readonly #affineStem: boolean
  /** By id of a value: its ReLU. Operations on the same node share their first ReLU. */
  readonly #rectified: Value[] = []

  constructor({ alone, affineStem = alone }: DartsLayersOptions) {
    this.#alone = alone
    this.#affineStem = affineStem
  }

  /** From images to the outputs of all cells, by index. */
  body({ channels, cells, input }: DartsNetworkSize, terms: NodeTerms): Value[] {
    const image = this.builder.input(input)
    const convolved = this.conv(image, 'stem.0', STEM_MULTIPLIER * channels, 3)
    const stem = this.norm(convolved, 'stem.1', { affine: this.#affineStem })
    // The stem is both inputs of the first cell, and one input of the second.
    let previous = stem
    let last = stem
    const outputs: Value[] = []
    for (const cell of cellsOf(channels, cells)) {
      const nodes = [
        cell.afterReduction
          ? this.#factorizedReduce(previous, `${cell.name}.preprocess0`, cell.channels)
          : this.#reluConvBn(previous, `${cell.name}.preprocess0`, cell.channels),
        this.#reluConvBn(last, `${cell.name}.preprocess1`, cell.channels),
      ]
      for (const node of NODES) nodes.push(this.builder.add(terms(cell, node, nodes)))
      previous = last
      last = this.builder.concat(nodes.slice(2))
      outputs.push(last)
    }
    return outputs
  }

  /** Global pooling of the last cell's output, then logits. */
  classify(features: Value, classes: number): Value {
    return this.linear(this.builder.globalAvgPool(features), 'classifier', classes)
  }

  /** The operation of an edge. Its output is `stride` times smaller than `x` in height and width. */
  operation(x: Value, operation: DartsOperation, name: string, stride: 1 | 2): Value {
    const index = OPERATIONS.indexOf(operation)
    switch (operation) {
      case 'max_pool_3x3':
        return this.#pooled(this.builder.maxPool2d(x, { kernel: 3, stride }))
      case 'avg_pool_3x3':
        return this.#pooled(this.builder.avgPool2d(x, { kernel: 3, stride }))
      case 'skip_connect':
        return stride === 1 ? x : this.#factorizedReduce(x, name, x.shape.channels, index)
      case 'sep_conv_3x3':
        return this.#sepConv(x, name, 3, stride, index)
      case 'sep_conv_5x5':
        return this.#sepConv(x, name, 5, stride, index)
      case 'dil_conv_3x3':
        return this.#depthwise(x, `${name}.op`, 1, { kernel: 3, stride, dilation: 2 }, index)
      case 'dil_conv_5x5':
        return this.#depthwise(x, `${name}.op`, 1, { kernel: 5, stride, dilation: 2 }, index)
    }
  }

  /** A convolution without bias. */
  conv(
    x: Value,
    name: string,
    channels: number,
    kernel: number,
    options: { stride?: number; padding?: number; dilation?: number; groups?: number; operation?: number } = {},
  ): Value {
    const { stride, padding, dilation, groups = 1, operation } = options
    const weight = `${name}.weight`
    this.#parameter(weight, [channels, x.shape.channels / groups, kernel, kernel], operation)
    return this.builder.conv2d(x, { weight, channels, kernel, stride, padding, dilation, groups })
  }

  norm(
    x: Value,
    name: string,
    { operation, affine = this.#alone }: { operation?: number; affine?: boolean } = {},
  ): Value {
    if (!affine) return this.builder.batchNorm(x)
    const shape = [x.shape.channels]
    const names = { weight: `${name}.weight`, bias: `${name}.bias` }
    this.parameters.push({ name: names.weight, shape, init: { kind: 'ones' }, ...mark(operation) })
    this.parameters.push({ name: names.bias, shape, init: { kind: 'zeros' }, ...mark(operation) })
    if (!this.#alone) return this.builder.batchNorm(x, { affine: names })
    const running = { mean: `${name}.running_mean`, variance: `${name}.running_var` }
    this.buffers.push({ name: running.mean, shape, init: 0 }, { name: running.variance, shape, init: 1 })
    return this.builder.batchNorm(x, { affine: names, running })
  }

  relu(x: Value): Value {
    this.#rectified[x.id] ??= this.builder.relu(x)
    return this.#rectified[x.id]
  }

  /** Logits from a value of height and width 1. */
  linear(x: Value, name: string, classes: number): Value {
    const { channels } = x.shape
    const names = { weight: `${name}.weight`, bias: `${name}.bias` }
    this.#parameter(names.weight, [classes, channels])
    this.#parameter(names.bias, [classes], undefined, channels)
    return this.builder.linear(x, { ...names, features: classes })
  }

  #pooled(x: Value): Value {
    // In a network that is trained alone, nothing follows a pool.
    return this.#alone ? x : this.builder.batchNorm(x)
  }

  #reluConvBn(x: Value, name: string, channels: number): Value {
    return this.norm(this.conv(this.relu(x), `${name}.op.1`, channels, 1), `${name}.op.2`)
  }

  /** Halves the extent: the even rows and columns give one half of the channels, the odd ones the other half. */
  #factorizedReduce(x: Value, name: string, channels: number, operation?: number): Value {
    const rectified = this.relu(x)
    const odd = this.builder.crop2d(rectified, { top: 1, left: 1 })
    const halves = [rectified, odd].map((part, i) =>
      this.conv(part, `${name}.conv_${i + 1}`, channels / 2, 1, { stride: 2, operation }),
    )
    return this.norm(this.builder.concat(halves), `${name}.bn`, { operation })
  }

  #sepConv(x: Value, name: string, kernel: number, stride: number, operation: number): Value {
    const first = this.#depthwise(x, `${name}.op`, 1, { kernel, stride, dilation: 1 }, operation)
    return this.#depthwise(first, `${name}.op`, 5, { kernel, stride: 1, dilation: 1 }, operation)
  }

  /**
   * ReLU, depthwise convolution, 1×1 convolution and norm. `position` is the index of the first convolution in its
   * sequence.
   */
  #depthwise(
    x: Value,
    name: string,
    position: number,
    { kernel, stride, dilation }: { kernel: number; stride: number; dilation: number },
    operation: number,
  ): Value {
    const { channels } = x.shape
    const window = { stride, dilation, groups: channels, operation }
    const spatial = this.conv(this.relu(x), `${name}.${position}`, channels, kernel, window)
    const mixed = this.conv(spatial, `${name}.${position + 1}`, channels, 1, { operation })
    return this.norm(mixed, `${name}.${position + 2}`, { operation })
  }

  #parameter(name: string, shape: readonly number[], operation?: number, fanIn?: number): void {
    // PyTorch's default for weights and biases.
    const inputs = fanIn ?? scalars(shape.slice(1))
    this.parameters.push({ name, shape, init: { kind: 'uniform', bound: 1 / Math.sqrt(inputs) }, ...mark(operation) })
  }
}

function mark(operation: number | undefined): { operation?: number } {
  return operation === undefined ? {} : { operation }
}

/** Stride of an edge: 2 from the inputs of a reduction cell, otherwise 1. */
export function strideOf({ reduction }: DartsCell, predecessor: number): 1 | 2 {
  return reduction && predecessor < 2 ? 2 : 1
}

/** Indices of the reduction cells, at one and two thirds of the depth. In a network of one cell they coincide. */
export function reductionsOf(cells: number): ReadonlySet<number> {
  return new Set([Math.floor(cells / 3), Math.floor((2 * cells) / 3)])
}

function cellsOf(channels: number, count: number): DartsCell[] {
  const reductions = reductionsOf(count)
  let width = channels
  return Array.from({ length: count }, (_, i) => {
    const reduction = reductions.has(i)
    if (reduction) width *= 2
    return { name: `cells.${i}`, channels: width, reduction, afterReduction: reductions.has(i - 1) }
  })
}

/** Index of the cell whose output the auxiliary head reads: the second reduction. */
export function auxiliaryCell(cells: number): number {
  return Math.floor((2 * cells) / 3)
}

/** The size with published values for those that are missing. Throws a UserError for a size of no network. */
export function networkSize(
  name: string,
  { channels, cells, input, classes }: Partial<DartsNetworkSize>,
  published: Pick<DartsNetworkSize, 'channels' | 'cells'>,
): DartsNetworkSize {
  const size = {
    channels: channels ?? published.channels,
    cells: cells ?? published.cells,
    input: input ?? { channels: 3, height: 32, width: 32 },
    classes: classes ?? 10,
  }
  const counts = { channels: size.channels, cells: size.cells, classes: size.classes }
  checkNetworkOptions(name, counts, size.input, 2 ** reductionsOf(size.cells).size)
  return size
}
