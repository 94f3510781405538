/**
 * The network of one genotype, to be trained from scratch: NetworkCIFAR of DARTS (Liu, Simonyan and Yang, ICLR 2019).
 * Unlike those of the supernet its batch norms have parameters and running statistics, and no norm follows its pools.
 * Tensors have the names, shapes and order of the authors' state dict.
 */
import { UserError } from '../../base/errors.js'
import type { Program, Shape, Value } from '../../programs/program.js'
import { checkPath } from '../path.js'
import type { BufferSpec, SearchSpace } from '../space.js'
import { checkGenotype, decodeGenotype, edgesInto, encodeGenotype, type Genotype, OPERATIONS } from './genotype.js'
import { auxiliaryCell, DartsLayers, type NodeTerms, networkSize, strideOf } from './layers.js'

/** The size of a network, and how it is regularised. */
export interface DartsNetworkOptions {
  /** Channels C of nodes in the first cells; the published networks have 36. */
  readonly channels?: number
  /** The published networks have 20. */
  readonly cells?: number
  /** One image; height and width must be multiples of 4, because two cells halve them. */
  readonly input?: Shape
  readonly classes?: number
  /** Whether there is an auxiliary head; by default there is none. It needs images of 32 to 40 pixels. */
  readonly auxiliary?: boolean
  /**
   * Probability, in [0, 1), with which a step drops what an edge gives, per image, for all edges but skip connections
   * of stride 1; default 0. Published trainings let it rise linearly to 0.2, which a step's `pathScale` does.
   */
  readonly dropPath?: number
}

/** A space of one path, `[]`. */
export interface DartsNetwork extends SearchSpace {
  buffers(): readonly BufferSpec[]
  /**
   * What the auxiliary head says: logits from the output of the second reduction cell. A training adds its loss, times
   * 0.4, to that of {@link program}; nothing else uses it. Absent without the option `auxiliary`.
   *
   * A program has one output, so this is a second one that computes the cells up to there again: with the same weights,
   * and with the same images dropped in steps of the same seed, as it begins with the same instructions. Accumulating
   * the gradients of both moves the running statistics of those cells twice.
   */
  auxiliaryProgram?(): Program
}

const NAME = 'darts-network'

/** Extent of the images that the auxiliary head takes two positions of its pool from, in each direction. */
const AUXILIARY_EXTENTS = [8, 9, 10]

/** Throws a UserError for what is no genotype, and for options that describe no network. */
export function dartsNetwork(genotype: Genotype, options: DartsNetworkOptions = {}): DartsNetwork {
  checkGenotype(genotype)
  const size = networkSize(NAME, options, { channels: 36, cells: 20 })
  const { auxiliary = false, dropPath = 0 } = options
  if (!(dropPath >= 0 && dropPath < 1)) {
    throw new UserError(`Expected 0 or more and less than 1 for dropPath of ${NAME} but received ${dropPath}`, 2)
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
  const aside = new DartsLayers({ alone: true })
  const auxiliaryProgram = auxiliary
    ? auxiliaryHead(aside, aside.body(size, termsIn(aside), auxiliaryCell(size.cells)), classes)
    : undefined

  const isNew = ({ name }: { name: string }) => name.startsWith(AUXILIARY)
  const [weight, bias] = main.parameters.slice(-2)
  const parameters = [...main.parameters.slice(0, -2), ...aside.parameters.filter(isNew), weight, bias]
  const buffers = [...main.buffers, ...aside.buffers.filter(isNew)]
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
    /** The network's genotype. */
    encode(path) {
      checkPath(space, path)
      return text
    },
    decode(written) {
      if (encodeGenotype(decodeGenotype(written)) === text) return []
      throw new UserError(`Expected ${text} for the one path of ${NAME} but received "${written}"`, 2)
    },
  }
  return space
}

const AUXILIARY = 'auxiliary_head'

/** ReLU, pooling to 2×2, then two convolutions with norms and ReLUs, the second of which leaves one pixel. */
function auxiliaryHead(layers: DartsLayers, x: Value, classes: number): Program {
  const { height, width } = x.shape
  if (!AUXILIARY_EXTENTS.includes(height) || !AUXILIARY_EXTENTS.includes(width)) {
    const wanted = `${AUXILIARY_EXTENTS.join(', ')} pixels after two reductions for the auxiliary head`
    throw new UserError(`Expected ${wanted} but received ${height}×${width}`, 2)
  }
  const pooled = layers.builder.avgPool2d(layers.relu(x), { kernel: 5, stride: 3, padding: 0 })
  const features = `${AUXILIARY}.features`
  const narrow = layers.norm(layers.conv(pooled, `${features}.2`, 128, 1), `${features}.3`)
  const wide = layers.conv(layers.relu(narrow), `${features}.5`, 768, 2, { padding: 0 })
  return layers.linear(layers.relu(layers.norm(wide, `${features}.6`)), `${AUXILIARY}.classifier`, classes)
}
