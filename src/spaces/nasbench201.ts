/**
 * NAS-Bench-201 (Dong and Yang, ICLR 2020) as a weight-sharing supernet, as PA&DA's released code builds it: three
 * stages of equal cells at C, 2C and 4C channels, a strided residual block between stages, every candidate convolution
 * with weights of its own. Batch normalisation has no parameters and uses batch statistics in evaluation too.
 * Parameters have the names, shapes and order of the reference's state dict.
 */
import { type Program, ProgramBuilder, type Shape, type Value } from '../program.js'
import {
  CONV_1X1,
  CONV_3X3,
  decodeArchitecture,
  EDGES,
  encodeArchitecture,
  isomorphismKey,
  NODES,
  NONE,
  OPERATIONS,
  POOL,
  SKIP,
  withoutDeadEdges,
} from './nasbench201-cell.js'
import { checkNetworkOptions } from './network-options.js'
import { checkPath, operationChoices } from './path.js'
import type { ParameterSpec, Path, SearchSpace } from './space.js'

const STAGES = 3

export interface NasBench201Options {
  /** Channels C of the stem and the first stage; the published space has 16. */
  readonly channels?: number
  /** Cells in each of the three stages; the published space has 5. */
  readonly cellsPerStage?: number
  /** One image; height and width must be multiples of 4, because two residual blocks halve them. */
  readonly input?: Shape
  readonly classes?: number
}

/** Names of one convolution's parameters. */
interface Convolution {
  readonly weight: string
  readonly bias: string
}

interface Cell {
  readonly kind: 'cell'
  readonly channels: number
  /** Per edge, by operation index; empty for operations without parameters. */
  readonly convolutions: readonly (readonly Convolution[])[]
}

interface Residual {
  readonly kind: 'residual'
  readonly inChannels: number
  readonly channels: number
  readonly a: Convolution
  readonly b: Convolution
  readonly downsample: string
}

export type NasBench201 = SearchSpace & Required<Pick<SearchSpace, 'published' | 'withoutDeadEdges' | 'isomorphismKey'>>

/** The space of 15,625 paths; throws a UserError for options that describe no network. */
export function nasBench201(options: NasBench201Options = {}): NasBench201 {
  const { channels = 16, cellsPerStage = 5, input = { channels: 3, height: 32, width: 32 }, classes = 10 } = options
  checkNetworkOptions('nasbench201', { channels, cellsPerStage, classes }, input, 2 ** (STAGES - 1))
  const layers = layersOf(channels, cellsPerStage)
  const parameters = parametersOf(layers, input, channels, classes)
  const fixed = parameters.filter((spec) => spec.operation === undefined && !spec.name.startsWith('classifier.'))
  const outside = fixed.map((spec) => spec.name)

  const space = {
    name: 'nasbench201',
    operations: OPERATIONS,
    choices: operationChoices(
      EDGES.map(({ target, source }) => `${target}<-${source}`),
      OPERATIONS.length,
    ),
    input,
    classes,
    parameters: () => parameters,
    program(path: Path): Program {
      checkPath(space, path)
      const live = withoutDeadEdges(path)
      const builder = new ProgramBuilder()
      const signal = live.some((operation) => operation !== NONE)
      const features = signal ? body(builder, layers, input, channels, live) : silence(builder, input, channels)
      if (!signal) builder.idle(outside)
      idleEdges(builder, layers, path, live)
      return head(builder, features, classes)
    },
    published(path: Path): Program {
      checkPath(space, path)
      const builder = new ProgramBuilder()
      return head(builder, body(builder, layers, input, channels, path), classes)
    },
    encode(path: Path): string {
      checkPath(space, path)
      return encodeArchitecture(path)
    },
    decode: decodeArchitecture,
    withoutDeadEdges(path: Path): Path {
      checkPath(space, path)
      return withoutDeadEdges(path)
    },
    isomorphismKey(path: Path): string {
      checkPath(space, path)
      return isomorphismKey(path)
    },
  }
  return space
}

function layersOf(channels: number, cellsPerStage: number): (Cell | Residual)[] {
  const layers: (Cell | Residual)[] = []
  for (let stage = 0; stage < STAGES; stage++) {
    const width = channels << stage
    if (stage > 0) layers.push(residual(`cells.${layers.length}`, width >> 1, width))
    for (let i = 0; i < cellsPerStage; i++) layers.push(cell(`cells.${layers.length}`, width))
  }
  return layers
}

function cell(name: string, channels: number): Cell {
  const convolutions = EDGES.map(({ target, source }) => {
    const edge: Convolution[] = []
    for (const operation of [CONV_1X1, CONV_3X3]) {
      edge[operation] = convolution(`${name}.edges.${target}<-${source}.${operation}`)
    }
    return edge
  })
  return { kind: 'cell', channels, convolutions }
}

function residual(name: string, inChannels: number, channels: number): Residual {
  return {
    kind: 'residual',
    inChannels,
    channels,
    a: convolution(`${name}.conv_a`),
    b: convolution(`${name}.conv_b`),
    downsample: `${name}.downsample.1.weight`,
  }
}

function convolution(name: string): Convolution {
  return { weight: `${name}.op.1.weight`, bias: `${name}.op.1.bias` }
}

function parametersOf(
  layers: readonly (Cell | Residual)[],
  input: Shape,
  channels: number,
  classes: number,
): ParameterSpec[] {
  const specs: ParameterSpec[] = []
  // PyTorch's defaults: weight and bias uniform in ±1/√(fan-in).
  const push = (names: { weight: string; bias?: string }, shape: readonly number[], operation?: number) => {
    const bound = 1 / Math.sqrt(shape.slice(1).reduce((product, extent) => product * extent, 1))
    const shared = { init: { kind: 'uniform', bound }, ...(operation === undefined ? {} : { operation }) } as const
    specs.push({ name: names.weight, shape, ...shared })
    if (names.bias !== undefined) specs.push({ name: names.bias, shape: [shape[0]], ...shared })
  }
  push({ weight: 'stem.0.weight' }, [channels, input.channels, 3, 3])
  for (const layer of layers) {
    const { channels: width } = layer
    if (layer.kind === 'residual') {
      push(layer.a, [width, layer.inChannels, 3, 3])
      push(layer.b, [width, width, 3, 3])
      push({ weight: layer.downsample }, [width, layer.inChannels, 1, 1])
    } else {
      for (const edge of layer.convolutions) {
        push(edge[CONV_1X1], [width, width, 1, 1], CONV_1X1)
        push(edge[CONV_3X3], [width, width, 3, 3], CONV_3X3)
      }
    }
  }
  push({ weight: 'classifier.weight', bias: 'classifier.bias' }, [classes, channels << (STAGES - 1)])
  return specs
}

/** Stem, cells and residual blocks. A `path` without dead edges that reaches node 3 needs no constant zeros. */
function body(
  builder: ProgramBuilder,
  layers: readonly (Cell | Residual)[],
  input: Shape,
  channels: number,
  path: Path,
): Value {
  const stem = builder.conv2d(builder.input(input), { weight: 'stem.0.weight', channels, kernel: 3 })
  // A value may be several nodes at once (through skips), even of consecutive cells: its ReLU is written once.
  const rectified: Value[] = []
  const relu = (x: Value) => (rectified[x.id] ??= builder.relu(x))
  // Options field by field: spreading `names` makes this, which runs at every training step, twenty times slower.
  const convBn = (x: Value, names: Convolution, width: number, kernel: number, stride = 1) =>
    builder.batchNorm(
      builder.conv2d(relu(x), { weight: names.weight, bias: names.bias, channels: width, kernel, stride }),
    )
  let x = builder.batchNorm(stem)
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
    // Only a dead edge reads a node that no edge arrives at.
    const valueAt = (node: number) => (nodes[node] ??= builder.zeros(shape))
    for (let node = 1; node < NODES; node++) {
      const terms: Value[] = []
      for (let edge = 0; edge < EDGES.length; edge++) {
        const operation = path[edge]
        if (EDGES[edge].target !== node || operation === NONE) continue
        const source = valueAt(EDGES[edge].source)
        if (operation === SKIP) terms.push(source)
        else if (operation === POOL) terms.push(builder.avgPool2d(source, { kernel: 3 }))
        else terms.push(convBn(source, layer.convolutions[edge][operation], width, operation === CONV_3X3 ? 3 : 1))
      }
      if (terms.length > 0) nodes[node] = builder.add(terms)
    }
    x = valueAt(NODES - 1)
  }
  return x
}

/** From the last cell's features to logits. */
function head(builder: ProgramBuilder, features: Value, classes: number): Program {
  const pooled = builder.globalAvgPool(builder.relu(builder.batchNorm(features)))
  return builder.finish(
    builder.linear(pooled, { weight: 'classifier.weight', bias: 'classifier.bias', features: classes }),
  )
}

/** What the last cell gives when no signal passes the cells: exactly zero. */
function silence(builder: ProgramBuilder, input: Shape, channels: number): Value {
  const shrink = 2 ** (STAGES - 1)
  return builder.zeros({
    channels: channels * shrink,
    height: input.height / shrink,
    width: input.width / shrink,
  })
}

function idleEdges(builder: ProgramBuilder, layers: readonly (Cell | Residual)[], path: Path, live: Path): void {
  for (let edge = 0; edge < EDGES.length; edge++) {
    if (path[edge] === live[edge] || (path[edge] !== CONV_1X1 && path[edge] !== CONV_3X3)) continue
    for (const layer of layers) {
      if (layer.kind === 'cell') builder.idle(Object.values(layer.convolutions[edge][path[edge]]))
    }
  }
}
