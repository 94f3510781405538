/**
 * What both sides of a benchmark compute: the supernet of a search, and networks that are trained alone by their recipes.
 * The PyTorch side has a file of the same name for each in `networks/`.
 */
import { createNetwork, DARTS_V2, dartsNetwork, nasBench201, parseConfig } from 'pada-native'

/** @typedef {'nasbench201' | 'darts' | 'proxylessnas'} NetworkName */
/** @typedef {Record<string, number | string | number[]>} Size The arguments of the network's class in PyTorch. */

/**
 * @typedef {{
 *   title: string
 *   image: import('pada-native').Shape
 *   classes: number
 *   batch: number
 *   evalBatch: number
 *   size: Size
 *   quick: { image: import('pada-native').Shape, size: Size }
 *   alone: boolean
 *   space: (size: any, image: import('pada-native').Shape) => import('pada-native').SearchSpace
 *   step: import('pada-native').StepOptions
 *   augmentation: import('pada-native').Config['training']['augmentation']
 *   drop: number
 * }} Network `alone`: it has one path, `[]`. `drop`: probability of drop path, and of dropout where the recipe has it.
 */

const CIFAR = { channels: 3, height: 32, width: 32 }
const CIFAR_CLASSES = 10
const IMAGENET_CLASSES = 1_000
const DROP = 0.2
const SGD = { kind: /** @type {const} */ ('sgd'), momentum: 0.9 }
/** A path of kernels and expansions of all kinds. */
const PROXYLESS =
  'k5e3|k3e3|id|k3e3|k7e3|k3e3|k5e3|k5e3|k7e6|k5e3|k5e3|k5e3|k5e6|k5e3|k5e3|k5e3|k7e6|k7e6|k7e3|k7e3|k7e6'

/** @type {Record<NetworkName, Network>} */
export const NETWORKS = {
  nasbench201: {
    title: 'NAS-Bench-201 supernet',
    image: CIFAR,
    classes: CIFAR_CLASSES,
    batch: 256,
    evalBatch: 512,
    size: { channels: 16, cells: 5 },
    quick: { image: CIFAR, size: { channels: 8, cells: 1 } },
    alone: false,
    space: ({ channels, cells }, input) => nasBench201({ channels, cellsPerStage: cells, input }),
    step: { learningRate: 0.05, optimizer: { ...SGD, weightDecay: 2.5e-4 }, clipNorm: 5, unsampled: 'skip' },
    augmentation: parseConfig({}).training.augmentation,
    drop: 0,
  },
  darts: {
    title: 'DARTS_V2 with its auxiliary head',
    image: CIFAR,
    classes: CIFAR_CLASSES,
    batch: 96,
    evalBatch: 96,
    size: { channels: 36, cells: 20 },
    quick: { image: CIFAR, size: { channels: 4, cells: 3 } },
    alone: true,
    space: ({ channels, cells }, input) =>
      dartsNetwork(DARTS_V2, { channels, cells, auxiliary: true, dropPath: DROP, input, classes: CIFAR_CLASSES }),
    step: { learningRate: 0.025, optimizer: { ...SGD, weightDecay: 3e-4 }, clipNorm: 5, unsampled: 'skip' },
    augmentation: [
      { kind: 'pad-crop', padding: 4 },
      { kind: 'flip', probability: 0.5 },
      { kind: 'cutout', size: 16 },
    ],
    drop: DROP,
  },
  proxylessnas: {
    title: 'a network of ProxylessNAS',
    image: { channels: 3, height: 224, width: 224 },
    classes: IMAGENET_CLASSES,
    batch: 32,
    evalBatch: 32,
    size: { width: 1, layers: [4, 4, 4, 4, 4, 1], arch: PROXYLESS },
    quick: {
      image: { channels: 3, height: 64, width: 64 },
      size: { width: 0.25, layers: [4, 4, 4, 4, 4, 1], arch: PROXYLESS },
    },
    alone: true,
    space({ width, layers, arch }, image) {
      const network = { width, layers, path: arch, dropPath: DROP, dropout: DROP }
      return createNetwork({ space: 'proxylessnas', ...network }, image, IMAGENET_CLASSES)
    },
    step: {
      learningRate: 0.016,
      optimizer: { ...SGD, weightDecay: 1e-5 },
      clipNorm: Number.POSITIVE_INFINITY,
      unsampled: 'skip',
    },
    augmentation: [{ kind: 'flip', probability: 0.5 }],
    drop: DROP,
  },
}
