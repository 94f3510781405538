/**
 * NAS-Bench-Macro (Su et al., CVPR 2021): a small MobileNet for CIFAR-10 whose 6,561 networks were all trained. It has
 * eight layers, in stages of two, three and three. The first layer of each stage halves the image and doubles the
 * width. A layer is the identity, an inverted residual block of kernel 3 and expansion 3, or one of kernel 5 and
 * expansion 6. The identity of a layer with a stride is a 1×1 convolution. Activations are ReLU; batch norms have a
 * scale, a shift and running statistics.
 *
 * Parameters are named as in the authors' network, `features.<layer>.conv.0.weight` and so on, with the index of the
 * candidate after the layer: `features.3.2.conv.0.weight`. The size of all parameters of a path is `params` in the
 * benchmark's table, and its multiply-adds are `flops`.
 */
import { expected } from '../../base/errors.js'
import type { NasBenchMacroConfig } from '../../config/schema.js'
import type { Shape } from '../../programs/program.js'
import { checkNetworkOptions } from '../network-options.js'
import type { LayerOutline, LayersOutline } from '../outline.js'
import { checkPath } from '../path.js'
import type { Path, SearchSpace } from '../space.js'
import { type Block, classifier, convNorm, IDENTITY, type NamedBlock } from './block.js'
import { type Layer, layeredNetwork } from './layered.js'
import { mbConv } from './mbconv.js'

const NAME = 'nasbench-macro'
const OPERATIONS = ['id', 'k3e3', 'k5e6'] as const
const ID = 0
const K3E3 = 1
const K5E6 = 2
/** Kernel and expansion of the inverted residual blocks, by operation index. */
const CONVS: Readonly<Record<number, { readonly kernel: number; readonly expansion: number }>> = {
  [K3E3]: { kernel: 3, expansion: 3 },
  [K5E6]: { kernel: 5, expansion: 6 },
}

/** Number of layers in each stage. */
const STAGES = [2, 3, 3]
const LAYERS = STAGES.reduce((sum, layers) => sum + layers)
/** The first layer of each stage, which has stride 2. */
const FIRST = new Set(STAGES.map((_, stage) => STAGES.slice(0, stage).reduce((sum, layers) => sum + layers, 0)))

/** Size of the supernet: settings of the space, and the shape and classes of its images. */
export interface NasBenchMacroOptions extends Partial<Omit<NasBenchMacroConfig, 'name'>> {
  /** One image; height and width must be multiples of 8, because three strides halve them. Default 3×32×32. */
  readonly input?: Shape
  /** Default 10. */
  readonly classes?: number
}

/** A space with running statistics and isomorphism classes. */
export type NasBenchMacro = SearchSpace & Required<Pick<SearchSpace, 'buffers' | 'isomorphismKey'>>

/** The space; throws a UserError for options that describe no network. */
export function nasBenchMacro(options: NasBenchMacroOptions = {}): NasBenchMacro {
  const { channels = 32, input = { channels: 3, height: 32, width: 32 }, classes = 10 } = options
  checkNetworkOptions(NAME, { channels, classes }, input, 2 ** STAGES.length)
  const network = layeredNetwork(NAME, input, {
    stem: [stem(input.channels, channels)],
    layers: layersOf(channels),
    head: head(channels, classes),
  })
  const space = { name: NAME, choices: network.choices }
  return {
    ...network,
    name: NAME,
    operations: OPERATIONS,
    input,
    classes,
    /** The table's notation: a digit per layer, such as `02012100`. */
    encode(path: Path): string {
      checkPath(space, path)
      return path.join('')
    },
    decode(text: string): Path {
      if (/^[012]+$/.test(text) && text.length === LAYERS) return [...text].map(Number)
      throw expected(`${LAYERS} digits 0…2`, `an architecture of ${NAME}`, `"${text}"`, 2)
    },
    outline(path: Path): LayersOutline {
      checkPath(space, path)
      return outlineOf(path, channels)
    },
    /**
     * Within a stage, the positions of identities do not matter, except in its first layer, whose identity is a
     * convolution: 3,969 classes.
     */
    isomorphismKey(path: Path): string {
      checkPath(space, path)
      return path.map((operation, i) => (FIRST.has(i) ? `|${operation}` : operation === ID ? '' : operation)).join('')
    },
  }
}

/** The blocks of one path, named as in the authors' code: without the index of the candidate. */
export function nasBenchMacroBlocks(
  path: Path,
  { channels, input, classes }: Required<NasBenchMacroOptions>,
): NamedBlock[] {
  const layers = layerShapes(channels).map((shape, i): NamedBlock => {
    const prefix = `features.${i}`
    const renamed = { from: `${prefix}.`, supernet: `${prefix}.${path[i]}.` }
    return { block: blockOf(path[i], prefix, shape), renamed }
  })
  return [{ block: stem(input.channels, channels) }, ...layers, ...head(channels, classes).map((block) => ({ block }))]
}

function stem(inChannels: number, channels: number): Block {
  return convNorm({ names: ['stem.0', 'stem.1'], inChannels, channels, kernel: 3, activation: 'relu' })
}

function head(channels: number, classes: number): Block[] {
  const [inChannels, wide] = [channels << STAGES.length, headWidth(channels)]
  const convolution = { names: ['out.0', 'out.1'], inChannels, channels: wide, kernel: 1, activation: 'relu' } as const
  return [convNorm(convolution), classifier(wide, classes)]
}

function headWidth(channels: number): number {
  return 40 * channels
}

/** Widths and stride of a layer. */
interface LayerShape {
  readonly inChannels: number
  readonly channels: number
  readonly stride: number
}

function layerShapes(channels: number): LayerShape[] {
  return STAGES.flatMap((depth, stage) => {
    const width = channels << (stage + 1)
    return Array.from({ length: depth }, (_, i) => ({
      inChannels: i === 0 ? width >> 1 : width,
      channels: width,
      stride: i === 0 ? 2 : 1,
    }))
  })
}

function layersOf(channels: number): Layer[] {
  return layerShapes(channels).map((shape, i) => ({
    name: `layer ${i + 1}`,
    candidates: [ID, K3E3, K5E6].map((operation) => blockOf(operation, `features.${i}.${operation}`, shape)),
  }))
}

function outlineOf(path: Path, channels: number): LayersOutline {
  const shapes = layerShapes(channels)
  const stages = [...FIRST].map((first, stage) => {
    const layers = shapes.slice(first, first + STAGES[stage])
    return {
      channels: shapes[first].channels,
      layers: layers.map(({ stride }, i) => layerOutline(path[first + i], stride)),
    }
  })
  const convolution = (kernel: number) => [{ block: { kind: 'convolution', kernel }, stride: 1, fixed: true } as const]
  return {
    kind: 'layers',
    stages: [
      { channels, layers: convolution(3) },
      ...stages,
      { channels: headWidth(channels), layers: convolution(1) },
    ],
  }
}

function layerOutline(operation: number, stride: number): LayerOutline {
  if (operation !== ID) return { block: { kind: 'inverted residual', ...CONVS[operation] }, stride }
  return { block: stride === 1 ? { kind: 'identity' } : { kind: 'identity', kernel: 1 }, stride }
}

function blockOf(operation: number, prefix: string, shape: LayerShape): Block {
  if (operation !== ID) {
    return mbConv({ names: namesOf(`${prefix}.conv`), ...shape, ...CONVS[operation], activation: 'relu', operation })
  }
  const down = `${prefix}.downsample`
  return shape.stride === 1
    ? IDENTITY
    : convNorm({ names: [`${down}.0`, `${down}.1`], ...shape, kernel: 1, operation: ID })
}

/** Names by position in the authors' sequence, in which activations have positions too. */
function namesOf(prefix: string) {
  return {
    expand: [`${prefix}.0`, `${prefix}.1`],
    depthwise: [`${prefix}.3`, `${prefix}.4`],
    project: [`${prefix}.6`, `${prefix}.7`],
  } as const
}
