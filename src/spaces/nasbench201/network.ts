/**
 * The layers of NAS-Bench-201's supernet, their parameters, and the program of a path. The function {@link Draw}
 * decides from which sets of candidate weights an edge draws its convolution. Every edge has its own set, or all edges
 * have the same sets.
 */
import { scalars } from '../../base/shapes.js'
import type { Program, Shape, Value } from '../../programs/program.js'
import { ProgramBuilder } from '../../programs/program-builder.js'
import type { ParameterSpec, Path } from '../space.js'
import { CONV_1X1, CONV_3X3, EDGES, NODES, NONE, POOL, SKIP } from './cell.js'

/** Number of stages. */
export const STAGES = 3
/** Height and width of images must be multiples of it, because two residual blocks halve them. */
export const STRIDE = 2 ** (STAGES - 1)

/** Names of a convolution's parameters, or of a batch norm's. */
interface WeightAndBias {
  readonly weight: string
  readonly bias: string
}

/** A convolution of a residual block: with a bias, or with a norm that has parameters instead. */
interface Convolution {
  readonly weight: string
  readonly bias?: string
  readonly norm?: WeightAndBias
}

interface Cell {
  readonly kind: 'cell'
  readonly channels: number
  /** Sets of candidate weights, each by operation index; empty for operations without parameters. */
  readonly sets: readonly (readonly WeightAndBias[])[]
}

interface Residual {
  readonly kind: 'residual'
  readonly inChannels: number
  readonly channels: number
  readonly a: Convolution
  readonly b: Convolution
  readonly downsample: string
}

/** The weights of a supernet: everything that its programs have in common. */
export interface Network {
  readonly layers: readonly (Cell | Residual)[]
  readonly parameters: readonly ParameterSpec[]
  /** The batch norm of the stem, if it has parameters. */
  readonly stemNorm?: WeightAndBias
  /** The batch norm of the head, if it has parameters. */
  readonly headNorm?: WeightAndBias
  readonly input: Shape
  readonly channels: number
  readonly classes: number
}

/**
 * Draws the convolution of an edge, from one set of candidate weights or from several. `apply(s)` applies the
 * convolution of set s to the input of the edge.
 */
export type Draw = (builder: ProgramBuilder, edge: number, apply: (set: number) => Value) => Value

export interface NetworkOptions extends Pick<Network, 'input' | 'channels' | 'classes'> {
  readonly cellsPerStage: number
  /** True if the batch norms of stem, residual blocks and head have parameters. */
  readonly affine: boolean
  /** By set of candidate weights of a cell: the part of its parameters' names between the cell and the operation. */
  readonly sets: readonly string[]
  /** True if the candidate weights of a set start at zero. By default they start as in PyTorch. */
  readonly startAtZero?: (set: number) => boolean
}

export function network(options: NetworkOptions): Network {
  const { affine, input, channels, classes } = options
  const layers = layersOf(options)
  const norms = affine ? { stemNorm: weightAndBias('stem.1'), headNorm: weightAndBias('lastact.0') } : {}
  return { layers, parameters: parametersOf(layers, norms, options), ...norms, input, channels, classes }
}

export interface ProgramOptions {
  /** The path with its dead edges; `live` is without them. */
  readonly path: Path
  readonly live: Path
  readonly draw: Draw
  /** Sets whose weights a dead edge samples without using them. */
  readonly idleSets: (edge: number) => readonly number[]
  /** Probability of dropping a feature before the classifier; default 0. */
  readonly dropout?: number
}

/** The program of a path. Parameters of dead edges are idle unless a live edge uses them. */
export function pathProgram(network: Network, options: ProgramOptions): Program {
  const { live, dropout = 0 } = options
  const builder = new ProgramBuilder()
  const signal = live.some((operation) => operation !== NONE)
  const features = signal ? body(builder, network, live, options.draw) : zeroFeatures(builder, network)
  if (!signal) builder.idle(parametersBeforeHead(network))
  idleEdges(builder, network, options)
  return head(builder, network, features, dropout)
}

/** The network of a path with its dead edges, as the benchmark publishes it. */
export function publishedProgram(network: Network, path: Path, draw: Draw): Program {
  const builder = new ProgramBuilder()
  return head(builder, network, body(builder, network, path, draw), 0)
}

function layersOf({ channels, cellsPerStage, sets, affine }: NetworkOptions): (Cell | Residual)[] {
  const layers: (Cell | Residual)[] = []
  for (let stage = 0; stage < STAGES; stage++) {
    const width = channels << stage
    if (stage > 0) layers.push(residual(`cells.${layers.length}`, width, affine))
    for (let i = 0; i < cellsPerStage; i++) layers.push(cell(`cells.${layers.length}`, width, sets))
  }
  return layers
}

function cell(name: string, channels: number, setNames: readonly string[]): Cell {
  const sets = setNames.map((set) => {
    const candidates: WeightAndBias[] = []
    for (const operation of [CONV_1X1, CONV_3X3]) {
      candidates[operation] = weightAndBias(`${name}.${set}.${operation}.op.1`)
    }
    return candidates
  })
  return { kind: 'cell', channels, sets }
}

function residual(name: string, channels: number, affine: boolean): Residual {
  const convolution = (part: string): Convolution =>
    affine
      ? { weight: `${name}.${part}.op.1.weight`, norm: weightAndBias(`${name}.${part}.op.2`) }
      : weightAndBias(`${name}.${part}.op.1`)
  return {
    kind: 'residual',
    inChannels: channels >> 1,
    channels,
    a: convolution('conv_a'),
    b: convolution('conv_b'),
    downsample: `${name}.downsample.1.weight`,
  }
}

function weightAndBias(name: string): WeightAndBias {
  return { weight: `${name}.weight`, bias: `${name}.bias` }
}

function parametersOf(
  layers: readonly (Cell | Residual)[],
  { stemNorm, headNorm }: Pick<Network, 'stemNorm' | 'headNorm'>,
  { input, channels, classes, startAtZero }: NetworkOptions,
): ParameterSpec[] {
  const specs: ParameterSpec[] = []
  const push = (
    names: { weight: string; bias?: string },
    shape: readonly number[],
    { operation, zero = false }: { operation?: number; zero?: boolean } = {},
  ) => {
    // PyTorch's defaults: weight and bias uniform in ±1/√(fan-in).
    const bound = 1 / Math.sqrt(scalars(shape.slice(1)))
    const init = zero ? ({ kind: 'zeros' } as const) : ({ kind: 'uniform', bound } as const)
    const shared = { init, ...(operation === undefined ? {} : { operation }) }
    specs.push({ name: names.weight, shape, ...shared })
    if (names.bias !== undefined) specs.push({ name: names.bias, shape: [shape[0]], ...shared })
  }
  const pushNorm = (names: WeightAndBias | undefined, width: number) => {
    if (names === undefined) return
    specs.push({ name: names.weight, shape: [width], init: { kind: 'ones' } })
    specs.push({ name: names.bias, shape: [width], init: { kind: 'zeros' } })
  }
  push({ weight: 'stem.0.weight' }, [channels, input.channels, 3, 3])
  pushNorm(stemNorm, channels)
  for (const layer of layers) {
    const { channels: width } = layer
    if (layer.kind === 'residual') {
      push(layer.a, [width, layer.inChannels, 3, 3])
      pushNorm(layer.a.norm, width)
      push(layer.b, [width, width, 3, 3])
      pushNorm(layer.b.norm, width)
      push({ weight: layer.downsample }, [width, layer.inChannels, 1, 1])
    } else {
      for (const [s, set] of layer.sets.entries()) {
        const zero = startAtZero?.(s)
        push(set[CONV_1X1], [width, width, 1, 1], { operation: CONV_1X1, zero })
        push(set[CONV_3X3], [width, width, 3, 3], { operation: CONV_3X3, zero })
      }
    }
  }
  pushNorm(headNorm, channels << (STAGES - 1))
  push({ weight: 'classifier.weight', bias: 'classifier.bias' }, [classes, channels << (STAGES - 1)])
  return specs
}

/** Stem, cells and residual blocks. A `path` without dead edges that reaches node 3 needs no constant zeros. */
function body(builder: ProgramBuilder, network: Network, path: Path, draw: Draw): Value {
  const { layers, stemNorm, input, channels } = network
  const stem = builder.conv2d(builder.input(input), { weight: 'stem.0.weight', channels, kernel: 3 })
  // Through skips, one value may be several nodes, even of consecutive cells: its ReLU is written once.
  const rectified: Value[] = []
  const relu = (x: Value) => (rectified[x.id] ??= builder.relu(x))
  // Options are written field by field: spreading `names` makes this code, which runs at every training step, twenty
  // times slower.
  const convBn = (x: Value, names: Convolution, width: number, kernel: number, stride = 1) =>
    builder.batchNorm(
      builder.conv2d(relu(x), { weight: names.weight, bias: names.bias, channels: width, kernel, stride }),
      { affine: names.norm },
    )
  let x = builder.batchNorm(stem, { affine: stemNorm })
  for (const layer of layers) {
    const { channels: width } = layer
    if (layer.kind === 'residual') {
      const deep = convBn(convBn(x, layer.a, width, 3, 2), layer.b, width, 3)
      const pooled = builder.avgPool2d(x, { kernel: 2, stride: 2 })
      x = builder.add([deep, builder.conv2d(pooled, { weight: layer.downsample, channels: width, kernel: 1 })])
      continue
    }
    const nodes = [x]
    const { shape } = x
    // Only a dead edge reads a node without incoming edges.
    const valueAt = (node: number) => (nodes[node] ??= builder.zeros(shape))
    for (let node = 1; node < NODES; node++) {
      const terms: Value[] = []
      for (let edge = 0; edge < EDGES.length; edge++) {
        const operation = path[edge]
        if (EDGES[edge].target !== node || operation === NONE) continue
        const source = valueAt(EDGES[edge].source)
        if (operation === SKIP) terms.push(source)
        else if (operation === POOL) terms.push(builder.avgPool2d(source, { kernel: 3 }))
        else {
          const kernel = operation === CONV_3X3 ? 3 : 1
          terms.push(draw(builder, edge, (set) => convBn(source, layer.sets[set][operation], width, kernel)))
        }
      }
      if (terms.length > 0) nodes[node] = builder.add(terms)
    }
    x = valueAt(NODES - 1)
  }
  return x
}

/** From the last cell's features to logits. */
function head(builder: ProgramBuilder, { headNorm, classes }: Network, features: Value, dropout: number): Program {
  const pooled = builder.globalAvgPool(builder.relu(builder.batchNorm(features, { affine: headNorm })))
  const kept = dropout > 0 ? builder.dropout(pooled, { p: dropout }) : pooled
  return builder.finish(
    builder.linear(kept, { weight: 'classifier.weight', bias: 'classifier.bias', features: classes }),
  )
}

/** The output of the last cell if no signal passes the cells: exactly zero. */
function zeroFeatures(builder: ProgramBuilder, { input, channels }: Network): Value {
  return builder.zeros({ channels: channels * STRIDE, height: input.height / STRIDE, width: input.width / STRIDE })
}

/** Parameters of stem and residual blocks, which every path samples. */
function parametersBeforeHead({ parameters }: Network): string[] {
  return parameters
    .filter(({ name, operation }) => operation === undefined && !/^(lastact|classifier)\./.test(name))
    .map(({ name }) => name)
}

function idleEdges(builder: ProgramBuilder, { layers }: Network, { path, live, idleSets }: ProgramOptions): void {
  for (let edge = 0; edge < EDGES.length; edge++) {
    const operation = path[edge]
    if (operation === live[edge] || (operation !== CONV_1X1 && operation !== CONV_3X3)) continue
    const sets = idleSets(edge)
    for (const layer of layers) {
      if (layer.kind !== 'cell') continue
      for (const set of sets) builder.idle(Object.values(layer.sets[set][operation]))
    }
  }
}
