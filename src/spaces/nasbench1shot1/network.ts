/**
 * The weight-sharing supernet over the cells of NAS-Bench-1Shot1 (Zela, Siems and Hutter, ICLR 2020). It has a 3×3
 * stem, three stacks of cells at C, 2C and 4C channels with max pooling between them, and a head. In every cell, each
 * intermediate has its own candidate operations, or shares them with the others (`sharing`). Each also has its own 1×1
 * projection of the cell's input, which has another width. The output of a cell is the concatenation of the
 * intermediates that feed it, with zeros in place of the others. So its width is the same for every connectivity: C
 * times the number of intermediates. If the input feeds the output, it is projected to that width and added, as in
 * NAS-Bench-101 (Ying et al., 2019).
 *
 * Parameters have the names, shapes and order of the authors' PyTorch network. Two things differ from it. Batch norms
 * have no parameters and use batch statistics in evaluation too, because paths share all weights but no statistics.
 * Pooling between stacks has no padding; with padding, 32×32 pixels would become 17×17.
 */
import type { NasBench1Shot1Config } from '../../config/schema.js'
import type { Program, Shape, Value } from '../../programs/program.js'
import { ProgramBuilder } from '../../programs/program-builder.js'
import { checkNetworkOptions } from '../network-options.js'
import type { ParameterSpec } from '../space.js'
import { type Cell, type CellSpace, CONV_1X1, CONV_3X3, checkCell, liveNodes, MAX_POOL_3X3 } from './cell.js'

/** Number of stacks. All have equally many cells. */
export const STACKS = 3

/** Size of the supernet: settings of the space, and the shape and classes of its images. */
export interface NasBench1Shot1Options extends Partial<Omit<NasBench1Shot1Config, 'name'>> {
  /** One image; height and width must be multiples of 4, because they are halved twice. */
  readonly input?: Shape
  readonly classes?: number
}

/** Channels of the first stack, cells of each stack, and the images. */
export type NetworkSize = Required<Pick<NasBench1Shot1Options, 'channels' | 'cellsPerStage' | 'input' | 'classes'>>

/** The supernet's parameters, and the program of each cell. */
export interface NasBench1Shot1Network {
  readonly input: Shape
  readonly classes: number
  /** Its settings, with defaults for those that were not given. */
  readonly size: NetworkSize
  parameters(): readonly ParameterSpec[]
  /** The program of the network whose cells are all `cell`; throws a UserError for a cell outside the space. */
  program(cell: Cell): Program
}

/** Names and widths of the parameters of one cell. */
interface Layer {
  /** True if the input of the cell is pooled to half its extent first. */
  readonly pooled: boolean
  readonly inChannels: number
  /** Channels of every intermediate. */
  readonly channels: number
  /**
   * By intermediate, then by operation: name of the weight; empty for operations without parameters. All intermediates
   * have the same names if they share weights.
   */
  readonly candidates: readonly (readonly string[])[]
  /** Names of the projections of the cell's input: one for each intermediate, then one for the output. */
  readonly projections: readonly string[]
}

/** The network of a space; throws a UserError for options that describe no network. */
export function nasBench1Shot1Network(space: CellSpace, options: NasBench1Shot1Options = {}): NasBench1Shot1Network {
  const { channels = 16, cellsPerStage = 3, input = { channels: 3, height: 32, width: 32 }, classes = 10 } = options
  checkNetworkOptions(space.name, { channels, cellsPerStage, classes }, input, 2 ** (STACKS - 1))
  const shared = options.sharing === 'perCell'
  const layers = layersOf(space.intermediates, channels, cellsPerStage, shared)
  const parameters = parametersOf(layers, space.intermediates, input, channels, classes)
  return {
    input,
    classes,
    size: { channels, cellsPerStage, input, classes },
    parameters: () => parameters,
    program(cell: Cell): Program {
      checkCell(space, cell)
      const live = liveNodes(cell.parents)
      const builder = new ProgramBuilder()
      let x = convBnRelu(builder, builder.input(input), 'stem.op.0.weight', channels, 3)
      for (const layer of layers) {
        if (layer.pooled) x = builder.maxPool2d(x, { kernel: 2, stride: 2 })
        x = cellOutput(builder, layer, x, cell, live)
        builder.idle(looseParameters(layer, cell, live, shared))
      }
      const width = layers[layers.length - 1].channels
      const mixed = builder.conv2d(builder.relu(x), { weight: 'postprocess.op.1.weight', channels: width, kernel: 1 })
      const pooled = builder.globalAvgPool(builder.batchNorm(mixed))
      return builder.finish(
        builder.linear(pooled, { weight: 'classifier.weight', bias: 'classifier.bias', features: classes }),
      )
    },
  }
}

function layersOf(intermediates: number, channels: number, cellsPerStage: number, shared: boolean): Layer[] {
  const layers: Layer[] = []
  for (let stack = 0; stack < STACKS; stack++) {
    for (let i = 0; i < cellsPerStage; i++) {
      const name = `cells.${layers.length}`
      const before = layers.at(-1)
      const candidates = Array.from({ length: intermediates }, (_, block) => {
        const names: string[] = []
        const place = shared ? 'blocks.0' : `_choice_blocks.${block}.mixed_op._ops`
        for (const operation of [CONV_3X3, CONV_1X1]) names[operation] = `${name}.${place}.${operation}.op.op.0.weight`
        return names
      })
      layers.push({
        pooled: stack > 0 && i === 0,
        inChannels: before === undefined ? channels : intermediates * before.channels,
        channels: channels << stack,
        candidates,
        projections: Array.from({ length: intermediates + 1 }, (_, i) => `${name}._input_projections.${i}.op.0.weight`),
      })
    }
  }
  return layers
}

function parametersOf(
  layers: readonly Layer[],
  intermediates: number,
  input: Shape,
  channels: number,
  classes: number,
): ParameterSpec[] {
  const specs: ParameterSpec[] = []
  const push = (name: string, shape: readonly number[], fanIn: number, operation?: number) => {
    // PyTorch's default for weights and biases.
    const init = { kind: 'uniform', bound: 1 / Math.sqrt(fanIn) } as const
    specs.push({ name, shape, init, ...(operation === undefined ? {} : { operation }) })
  }
  push('stem.op.0.weight', [channels, input.channels, 3, 3], input.channels * 9)
  for (const { inChannels, channels: width, candidates, projections } of layers) {
    // If weights are shared, all intermediates have the same names.
    const distinct = candidates.filter((names, block) => names[CONV_3X3] !== candidates[block - 1]?.[CONV_3X3])
    for (const names of distinct) {
      push(names[CONV_3X3], [width, width, 3, 3], width * 9, CONV_3X3)
      push(names[CONV_1X1], [width, width, 1, 1], width, CONV_1X1)
    }
    for (const [i, name] of projections.entries()) {
      push(name, [i < intermediates ? width : intermediates * width, inChannels, 1, 1], inChannels)
    }
  }
  const width = channels << (STACKS - 1)
  push('postprocess.op.1.weight', [width, intermediates * width, 1, 1], intermediates * width)
  push('classifier.weight', [classes, width], width)
  push('classifier.bias', [classes], width)
  return specs
}

function convBnRelu(builder: ProgramBuilder, x: Value, weight: string, channels: number, kernel: number): Value {
  return builder.relu(builder.batchNorm(builder.conv2d(x, { weight, channels, kernel })))
}

function cellOutput(builder: ProgramBuilder, layer: Layer, x: Value, cell: Cell, live: readonly boolean[]): Value {
  const { channels } = layer
  const output = cell.parents[cell.parents.length - 1]
  const project = (block: number, width: number) => convBnRelu(builder, x, layer.projections[block], width, 1)
  const nodes: Value[] = []
  for (let node = 1; node <= cell.operations.length; node++) {
    // Loose ends are not computed.
    if (!live[node]) continue
    const block = node - 1
    const sum = builder.add(
      cell.parents[node].map((parent) => (parent === 0 ? project(block, channels) : nodes[parent])),
    )
    const operation = cell.operations[block]
    nodes[node] =
      operation === MAX_POOL_3X3
        ? builder.maxPool2d(sum, { kernel: 3 })
        : convBnRelu(builder, sum, layer.candidates[block][operation], channels, operation === CONV_3X3 ? 3 : 1)
  }
  const { height, width } = x.shape
  const side = cell.operations.map((_, block) =>
    output.includes(block + 1) ? nodes[block + 1] : builder.zeros({ channels, height, width }),
  )
  const joined = builder.concat(side)
  if (!output.includes(0)) return joined
  return builder.add([project(cell.operations.length, joined.shape.channels), joined])
}

/** Parameters that the choice of the cell samples but that cannot change its output. */
function looseParameters(layer: Layer, cell: Cell, live: readonly boolean[], shared: boolean): string[] {
  const names: string[] = []
  const used = shared ? cell.operations.filter((_, block) => live[block + 1]) : []
  for (const [block, operation] of cell.operations.entries()) {
    if (live[block + 1]) continue
    if (operation !== MAX_POOL_3X3 && !used.includes(operation)) names.push(layer.candidates[block][operation])
    if (cell.parents[block + 1].includes(0)) names.push(layer.projections[block])
  }
  return names
}
