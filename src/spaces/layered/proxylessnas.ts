/**
 * The search space of ProxylessNAS (Cai, Zhu and Han, ICLR 2019), as SPOS, FairNAS and PA&DA search it on ImageNet. It
 * is a MobileNetV2 of 21 layers in six stages. Every layer is an inverted residual block of kernel 3, 5 or 7 and
 * expansion 3 or 6. The 15 layers that are not the first of their stage may also be left out: 7¹⁵ · 6⁶ ≈ 2.2 · 10¹⁷
 * paths. Activations are ReLU6; batch norms have a scale, a shift and running statistics.
 *
 * Parameters are named as in timm's EfficientNets, `blocks.<stage>.<layer>.conv_pw.weight` and so on, with the
 * candidate before the name of its module: `blocks.1.0.k3e6.conv_pw.weight`. Stage 0 is the block without a choice.
 * Without the names of candidates, the parameters of a path have the names of the stand-alone network.
 */
import { expected } from '../../base/errors.js'
import type { ProxylessNasConfig } from '../../config/schema.js'
import type { Shape } from '../../programs/program.js'
import { checkNetworkOptions } from '../network-options.js'
import type { LayerOutline, LayersOutline } from '../outline.js'
import { checkPath } from '../path.js'
import type { Path, SearchSpace } from '../space.js'
import { type Block, classifier, convNorm, IDENTITY, type NamedBlock } from './block.js'
import { type Layer, layeredNetwork } from './layered.js'
import { type MbConvNames, mbConv } from './mbconv.js'

const NAME = 'proxylessnas'

/** As in timm, and with the same variances in the authors' code. */
const INITIAL = 'tensorflow'

/** Kernel and expansion of the inverted residual blocks, by operation index, in the order of the authors' code. */
export const MB_CONVS = [3, 5, 7].flatMap((kernel) => [3, 6].map((expansion) => ({ kernel, expansion })))

/** Operations by index: `k<kernel>e<expansion>`, and last the identity. */
const OPERATIONS: readonly string[] = [...MB_CONVS.map(({ kernel, expansion }) => `k${kernel}e${expansion}`), 'id']

export const STEM = 32
export const FIRST = 16
const HEAD = 1280
export const STAGES = [
  { channels: 24, layers: 4, stride: 2 },
  { channels: 40, layers: 4, stride: 2 },
  { channels: 80, layers: 4, stride: 2 },
  { channels: 96, layers: 4, stride: 1 },
  { channels: 192, layers: 4, stride: 2 },
  { channels: 320, layers: 1, stride: 1 },
] as const

const INPUT: Shape = { channels: 3, height: 224, width: 224 }
const CLASSES = 1000

/** Size of the supernet: settings of the space, and the shape and classes of its images. */
export interface ProxylessNasOptions extends Partial<Omit<ProxylessNasConfig, 'name'>> {
  /** One image of any extent. Five strides halve it, rounding up. Default 3×224×224. */
  readonly input?: Shape
  /** Default 1000. */
  readonly classes?: number
}

/** A space with running statistics. */
export type ProxylessNas = SearchSpace & Required<Pick<SearchSpace, 'buffers'>>

/** The space; throws a UserError for options that describe no network. */
export function proxylessNas(options: ProxylessNasOptions = {}): ProxylessNas {
  const { width = 1, input = INPUT, classes = CLASSES } = options
  const depths = options.layers ?? STAGES.map((stage) => stage.layers)
  checkOptions(width, depths, input, classes)
  const network = layeredNetwork(NAME, input, {
    stem: stem(input.channels, width),
    layers: layersOf(depths, width),
    head: head(width, classes),
  })
  const space = { name: NAME, choices: network.choices }
  return {
    ...network,
    name: NAME,
    operations: OPERATIONS,
    input,
    classes,
    /** The layers' operations joined by `|`, such as `k3e3|k5e6|id|…`: no commas, so that CSV needs no quotes. */
    encode(path: Path): string {
      checkPath(space, path)
      return path.map((operation) => OPERATIONS[operation]).join('|')
    },
    outline(path: Path): LayersOutline {
      checkPath(space, path)
      return outlineOf(path, depths, width)
    },
    decode(text: string): Path {
      const names = text.split('|')
      if (names.length !== space.choices.length) {
        const wanted = `${space.choices.length} operations joined by |`
        throw expected(wanted, `an architecture of ${NAME}`, `${names.length} in "${text}"`, 2)
      }
      return names.map((name, i) => {
        const known = space.choices[i].operations.map((operation) => OPERATIONS[operation])
        if (known.includes(name)) return known.indexOf(name)
        throw expected(known.join(', '), `${space.choices[i].name} of ${NAME}`, `"${name}"`, 2)
      })
    },
  }
}

function checkOptions(width: number, depths: readonly number[], input: Shape, classes: number): void {
  if (!(width > 0 && Number.isFinite(width))) {
    throw expected('a positive number', `width of ${NAME}`, width, 2)
  }
  if (depths.length !== STAGES.length) {
    const received = `${depths.length}: ${depths.join(', ')}`
    throw expected(`${STAGES.length} numbers`, `layers of ${NAME}`, received, 2)
  }
  const counts = Object.fromEntries(depths.map((depth, stage) => [`layers of stage ${stage + 1}`, depth]))
  checkNetworkOptions(NAME, { ...counts, classes }, input, 1)
}

/** Scales channels to a multiple of 8, at least 8, and never more than a tenth below the exact width. */
export function scaleWidth(channels: number, factor: number): number {
  const exact = channels * factor
  const rounded = Math.max(8, Math.floor((exact + 4) / 8) * 8)
  return rounded < 0.9 * exact ? rounded + 8 : rounded
}

/** Channels of the head, which never has fewer than at a factor of 1. */
export function scaleHead(factor: number): number {
  return scaleWidth(HEAD, Math.max(factor, 1))
}

/** Size of a network that is trained alone, and its regularization. */
interface ProxylessNasNetworkOptions extends Pick<Required<ProxylessNasOptions>, 'width' | 'layers'> {
  readonly input?: Shape
  readonly classes?: number
  /** Probability of dropping the residual of the block behind the last one; the first block has 0. */
  readonly dropPath: number
  readonly dropout: number
}

/** The blocks of one path. As in timm, blocks that the path leaves out do not count in the names. */
export function proxylessNasBlocks(
  path: Path,
  { width, layers, input = INPUT, classes = CLASSES, dropPath, dropout }: ProxylessNasNetworkOptions,
): NamedBlock[] {
  const shapes = layerShapes(layers, width)
  const chosen = [...shapes.entries()].filter(([i]) => path[i] < MB_CONVS.length)
  const position = layers.map(() => 0)
  const blocks = chosen.map(([i, { stage, index, ...shape }], n): NamedBlock => {
    const operation = path[i]
    const prefix = `blocks.${stage + 1}.${position[stage]++}`
    // The block without a choice comes first.
    const drop = (dropPath * (n + 1)) / (chosen.length + 1)
    return {
      block: mbConv({
        names: namesOf(prefix),
        ...shape,
        ...MB_CONVS[operation],
        operation,
        dropPath: drop,
        initial: INITIAL,
      }),
      renamed: { from: `${prefix}.`, supernet: `blocks.${stage + 1}.${index}.${OPERATIONS[operation]}.` },
    }
  })
  const fixed = (block: Block): NamedBlock => ({ block })
  return [...stem(input.channels, width).map(fixed), ...blocks, ...head(width, classes, dropout).map(fixed)]
}

/** The first convolution, and the one block that has no choice. */
function stem(inputChannels: number, factor: number): Block[] {
  const [inChannels, channels] = [scaleWidth(STEM, factor), scaleWidth(FIRST, factor)]
  const first = convNorm({
    names: ['conv_stem', 'bn1'],
    inChannels: inputChannels,
    channels: inChannels,
    kernel: 3,
    stride: 2,
    activation: 'relu6',
    initial: INITIAL,
  })
  const [prefix, kernel, expansion, stride] = ['blocks.0.0', 3, 1, 1] as const
  // timm numbers norms from 1 even if there is no expansion.
  const names: MbConvNames = {
    expand: ['', ''],
    depthwise: [`${prefix}.conv_dw`, `${prefix}.bn1`],
    project: [`${prefix}.conv_pw`, `${prefix}.bn2`],
  }
  return [
    first,
    mbConv({ names, inChannels, channels, kernel, expansion, stride, activation: 'relu6', initial: INITIAL }),
  ]
}

function head(factor: number, classes: number, dropout = 0): Block[] {
  const inChannels = scaleWidth(STAGES[STAGES.length - 1].channels, factor)
  const channels = scaleHead(factor)
  const convolution = { names: ['conv_head', 'bn2'], inChannels, channels, kernel: 1, activation: 'relu6' } as const
  return [convNorm({ ...convolution, initial: INITIAL }), classifier(channels, classes, { dropout, initial: INITIAL })]
}

/** The place of each layer, and the shape of its block. */
function layerShapes(depths: readonly number[], factor: number) {
  let inChannels = scaleWidth(FIRST, factor)
  return STAGES.flatMap(({ channels: width, stride }, stage) =>
    Array.from({ length: depths[stage] }, (_, index) => {
      const channels = scaleWidth(width, factor)
      const shape = { inChannels, channels, stride: index === 0 ? stride : 1, activation: 'relu6' } as const
      inChannels = channels
      return { stage, index, ...shape }
    }),
  )
}

function outlineOf(path: Path, depths: readonly number[], factor: number): LayersOutline {
  const shapes = layerShapes(depths, factor)
  const stages = STAGES.map(({ channels }, stage) => {
    const layers = [...shapes.entries()].filter(([, shape]) => shape.stage === stage)
    return { channels: scaleWidth(channels, factor), layers: layers.map(([i, shape]) => layerOutline(path[i], shape)) }
  })
  const fixed = (channels: number, layer: Omit<LayerOutline, 'fixed'>) => ({
    channels,
    layers: [{ ...layer, fixed: true }],
  })
  return {
    kind: 'layers',
    stages: [
      fixed(scaleWidth(STEM, factor), { block: { kind: 'convolution', kernel: 3 }, stride: 2 }),
      fixed(scaleWidth(FIRST, factor), { block: { kind: 'inverted residual', kernel: 3, expansion: 1 }, stride: 1 }),
      ...stages,
      fixed(scaleHead(factor), { block: { kind: 'convolution', kernel: 1 }, stride: 1 }),
    ],
  }
}

function layerOutline(operation: number, { stride }: { readonly stride: number }): LayerOutline {
  const conv = MB_CONVS[operation]
  return { block: conv === undefined ? { kind: 'identity' } : { kind: 'inverted residual', ...conv }, stride }
}

function layersOf(depths: readonly number[], factor: number): Layer[] {
  return layerShapes(depths, factor).map(({ stage, index, ...shape }, i) => {
    const candidates = MB_CONVS.map((block, operation) =>
      mbConv({
        names: namesOf(`blocks.${stage + 1}.${index}.${OPERATIONS[operation]}`),
        ...shape,
        ...block,
        operation,
        initial: INITIAL,
      }),
    )
    // The position decides, not the width, which scaling can make equal: the paths are the same at every width.
    if (index > 0) candidates.push(IDENTITY)
    return { name: `layer ${i + 1}`, candidates }
  })
}

function namesOf(prefix: string): MbConvNames {
  return {
    expand: [`${prefix}.conv_pw`, `${prefix}.bn1`],
    depthwise: [`${prefix}.conv_dw`, `${prefix}.bn2`],
    project: [`${prefix}.conv_pwl`, `${prefix}.bn3`],
  }
}
