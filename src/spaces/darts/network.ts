/**
 * The network of one genotype, to be trained from scratch: NetworkCIFAR of DARTS (Liu, Simonyan and Yang, ICLR 2019).
 * Unlike in the supernet, batch norms have parameters and running statistics, and no norm follows pools. Tensors have
 * the names, shapes and order of the authors' state dict.
 */
import { expected } from '../../base/errors.js'
import type { Program, Shape, Value } from '../../programs/program.js'
import { checkPath } from '../path.js'
import type { BufferSpec, SearchSpace } from '../space.js'
import { checkGenotype, decodeGenotype, edgesInto, encodeGenotype, type Genotype, OPERATIONS } from './genotype.js'
import { auxiliaryCell, DartsLayers, type NodeTerms, networkSize, strideOf } from './layers.js'

/** Size of a network, and its regularization. */
export interface DartsNetworkOptions {
  /** Channels C of nodes in the first cells; the published networks have 36. */
  readonly channels?: number
  /** The published networks have 20. */
  readonly cells?: number
  /** One image; height and width must be multiples of 4, because two cells halve them. */
  readonly input?: Shape
  readonly classes?: number
  /** Adds an auxiliary head, which needs images of 32 to 40 pixels. Default: false. */
  readonly auxiliary?: boolean
  /**
   * Probability, in [0, 1), with which a step drops the output of an edge, drawn for each image. Skip connections of
   * stride 1 are never dropped. Default 0. Published trainings raise it linearly to 0.2, by the `pathScale` of a step.
   */
  readonly dropPath?: number
}

/** A space of a single path, `[]`. */
export interface DartsNetwork extends SearchSpace {
  buffers(): readonly BufferSpec[]
  /**
   * The program of the auxiliary head: logits from the output of the second reduction cell. A training adds its loss,
   * times 0.4, to the loss of {@link program}; nothing else uses it. Absent without the option `auxiliary`.
   *
   * A program has one output, so this second program computes the cells up to there again, with the same weights. It
   * begins with the same instructions, so steps of the same seed drop the same images. If the gradients of both
   * programs are accumulated, the running statistics of those cells move twice.
   */
  auxiliaryProgram?(): Program
}

const NAME = 'darts-network'

/**
 * Heights and widths, after two reductions, for which the pool of the auxiliary head has two positions in each
 * direction.
 */
const AUXILIARY_EXTENTS = [8, 9, 10]

/** The network as a space. Throws a UserError for an invalid genotype, and for options that describe no network. */
export function dartsNetwork(genotype: Genotype, options: DartsNetworkOptions = {}): DartsNetwork {
  checkGenotype(genotype)
  const size = networkSize(NAME, options, { channels: 36, cells: 20 })
  const { auxiliary = false, dropPath = 0 } = options
  if (!(dropPath >= 0 && dropPath < 1)) {
    throw expected('0 or more and less than 1', `dropPath of ${NAME}`, dropPath, 2)
  }
  const { input, classes } = size
  const text = encodeGenotype(genotype)

  const termsIn = (layers: DartsLayers): NodeTerms => {
    return (cell, node, before) => {
      const edges = cell.reduction ? genotype.reduce : genotype.normal
      return edgesInto(edges, node).map(([operation, from], side) => {
        const stride = strideOf(cell, from)
        const name = `${cell.name}._ops.${2 * (node - 2) + side}`
        const value = layers.operation(before[from], operation, name, stride)
        const isIdentity = operation === 'skip_connect' && stride === 1
        return dropPath === 0 || isIdentity ? value : layers.builder.dropPath(value, { p: dropPath })
      })
    }
  }
  const main = new DartsLayers({ alone: true })
  const program = main.classify(main.body(size, termsIn(main)), classes)
  const auxiliaryLayers = new DartsLayers({ alone: true })
  const auxiliaryProgram = auxiliary
    ? auxiliaryHead(
        auxiliaryLayers,
        auxiliaryLayers.body(size, termsIn(auxiliaryLayers), auxiliaryCell(size.cells)),
        classes,
      )
    : undefined

  const isNew = ({ name }: { name: string }) => name.startsWith(AUXILIARY)
  const [weight, bias] = main.parameters.slice(-2)
  const parameters = [...main.parameters.slice(0, -2), ...auxiliaryLayers.parameters.filter(isNew), weight, bias]
  const buffers = [...main.buffers, ...auxiliaryLayers.buffers.filter(isNew)]
  const space: DartsNetwork = {
    name: NAME,
    operations: OPERATIONS,
    choices: [],
    input,
    classes,
    parameters: () => parameters,
    buffers: () => buffers,
    program(path) {
      checkPath(space, path)
      return program
    },
    ...(auxiliaryProgram && { auxiliaryProgram: () => auxiliaryProgram }),
    /** The genotype of the network. */
    encode(path) {
      checkPath(space, path)
      return text
    },
    decode(written) {
      if (encodeGenotype(decodeGenotype(written)) === text) return []
      throw expected(text, `the one path of ${NAME}`, `"${written}"`, 2)
    },
  }
  return space
}

const AUXILIARY = 'auxiliary_head'

/** ReLU, pooling to 2×2, then two convolutions with norms and ReLUs; the second convolution leaves one pixel. */
function auxiliaryHead(layers: DartsLayers, x: Value, classes: number): Program {
  const { height, width } = x.shape
  if (!AUXILIARY_EXTENTS.includes(height) || !AUXILIARY_EXTENTS.includes(width)) {
    const wanted = `${AUXILIARY_EXTENTS.join(', ')} pixels after two reductions`
    throw expected(wanted, 'the auxiliary head', `${height}×${width}`, 2)
  }
  const pooled = layers.builder.avgPool2d(layers.relu(x), { kernel: 5, stride: 3, padding: 0 })
  const features = `${AUXILIARY}.features`
  const narrow = layers.norm(layers.conv(pooled, `${features}.2`, 128, 1), `${features}.3`)
  const wide = layers.conv(layers.relu(narrow), `${features}.5`, 768, 2, { padding: 0 })
  return layers.linear(layers.relu(layers.norm(wide, `${features}.6`)), `${AUXILIARY}.classifier`, classes)
}
