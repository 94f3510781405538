/**
 * The network of one genotype, to be trained from scratch: NetworkCIFAR of DARTS (Liu, Simonyan and Yang, ICLR 2019).
 * Unlike in the supernet, batch norms have parameters and running statistics, and no norm follows pools. Tensors have
 * the names, shapes and order of the authors' state dict.
 */
import { expected } from '../../base/errors.js'
import type { Shape, Value } from '../../programs/program.js'
import { networkOf, type StandaloneNetwork } from '../standalone.js'
import { checkGenotype, decodeGenotype, edgesInto, encodeGenotype, type Genotype, OPERATIONS } from './genotype.js'
import { auxiliaryCell, DartsLayers, type NodeTerms, networkSize, strideOf } from './layers.js'
import { genotypeOutline } from './outline.js'

/** Size of a network, and its regularization. */
export interface DartsNetworkOptions {
  /** Channels C of nodes in the first cells; the published networks have 36. */
  readonly channels?: number
  /** The published networks have 20. */
  readonly cells?: number
  /** One image; height and width must be multiples of 4, because two cells halve them. */
  readonly input?: Shape
  readonly classes?: number
  /**
   * Adds the authors' auxiliary head: an auxiliary output of the program, which reads the second reduction cell. Only
   * training computes it. It needs images of 32 to 40 pixels. Default: false.
   */
  readonly auxiliary?: boolean
  /** Factor of the auxiliary head's loss, at least 0. Default: 0.4, as published. */
  readonly auxiliaryWeight?: number
  /**
   * Probability, in [0, 1), with which a step drops the output of an edge, drawn for each image. Skip connections of
   * stride 1 are never dropped. Default 0. Published trainings raise it linearly to 0.2; see
   * `training.dropPathSchedule`.
   */
  readonly dropPath?: number
}

const NAME = 'darts-network'

/**
 * Heights and widths, after two reductions, for which the pool of the auxiliary head has two positions in each
 * direction.
 */
const AUXILIARY_EXTENTS = [8, 9, 10]

/** The network as a space. Throws a UserError for an invalid genotype, and for options that describe no network. */
export function dartsNetwork(genotype: Genotype, options: DartsNetworkOptions = {}): StandaloneNetwork {
  checkGenotype(genotype)
  const size = networkSize(NAME, options, { channels: 36, cells: 20 })
  const { auxiliary = false, auxiliaryWeight = 0.4, dropPath = 0 } = options
  if (!(dropPath >= 0 && dropPath < 1)) {
    throw expected('0 or more and less than 1', `dropPath of ${NAME}`, dropPath, 2)
  }
  if (!(auxiliaryWeight >= 0 && auxiliaryWeight < Number.POSITIVE_INFINITY)) {
    throw expected('a number of at least 0', `auxiliaryWeight of ${NAME}`, auxiliaryWeight, 2)
  }
  const { input, classes } = size

  const layers = new DartsLayers({ alone: true })
  const terms: NodeTerms = (cell, node, before) => {
    const edges = cell.reduction ? genotype.reduce : genotype.normal
    return edgesInto(edges, node).map(([operation, from], side) => {
      const stride = strideOf(cell, from)
      const name = `${cell.name}._ops.${2 * (node - 2) + side}`
      const value = layers.operation(before[from], operation, name, stride)
      const isIdentity = operation === 'skip_connect' && stride === 1
      return dropPath === 0 || isIdentity ? value : layers.builder.dropPath(value, { p: dropPath })
    })
  }
  const cells = layers.body(size, terms)
  // The head comes before the classifier, as in the authors' state dict.
  const heads = auxiliary
    ? [{ value: auxiliaryHead(layers, cells[auxiliaryCell(size.cells)], classes), weight: auxiliaryWeight }]
    : []
  const program = layers.builder.finish(layers.classify(cells.at(-1)!, classes), heads)

  return networkOf(
    {
      ...{ name: NAME, operations: OPERATIONS, input, classes, arch: encodeGenotype(genotype) },
      archOf: (written) => encodeGenotype(decodeGenotype(written)),
      outline: () => genotypeOutline(genotype),
    },
    { parameters: layers.parameters, buffers: layers.buffers, program },
  )
}

const AUXILIARY = 'auxiliary_head'

/** ReLU, pooling to 2×2, then two convolutions with norms and ReLUs; the second convolution leaves one pixel. */
function auxiliaryHead(layers: DartsLayers, x: Value, classes: number): Value {
  const { height, width } = x.shape
  if (!AUXILIARY_EXTENTS.includes(height) || !AUXILIARY_EXTENTS.includes(width)) {
    const wanted = 'images of 32 to 40 pixels and two reductions before it'
    throw expected(wanted, 'the auxiliary head', `${height}×${width} pixels at its place`, 2)
  }
  const pooled = layers.builder.avgPool2d(layers.relu(x), { kernel: 5, stride: 3, padding: 0 })
  const features = `${AUXILIARY}.features`
  const narrow = layers.norm(layers.conv(pooled, `${features}.2`, 128, 1), `${features}.3`)
  const wide = layers.conv(layers.relu(narrow), `${features}.5`, 768, 2, { padding: 0 })
  return layers.linear(layers.relu(layers.norm(wide, `${features}.6`)), `${AUXILIARY}.classifier`, classes)
}
