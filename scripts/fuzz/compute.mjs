/** Computes a little with what was read of a damaged file, so that it reaches the addon. All images are small. */
import { Dataset, evaluatePath, infer, parseConfig, Supernet, spaceOfCheckpoint, train } from 'pada-native'
import { setThreads } from '#dist/native/index.js'
import { prepareRetraining } from '#dist/retraining/prepare.js'
import { openCalibration, recalibrates, sharesWeights } from '#dist/search/evaluators.js'
import { prepare } from '#dist/search/prepare.js'
import { createNetwork, createSpace } from '#dist/spaces/index.js'
import { optionsOf } from '#dist/spaces/path.js'

const IMAGES = 8
const CLASSES = 2
const SHAPE = { channels: 3, height: 16, width: 16 }
/** Of all parameters of a network that is computed. */
const MOST_SCALARS = 1_000_000

// Several processes try cases at the same time.
await setThreads(1)

/** Settings of a small instance of every kind of search space. */
export const SMALL_SPACES = [
  { name: 'nasbench201', channels: 4, cellsPerStage: 1 },
  { name: 'nasbench201', channels: 4, cellsPerStage: 1, affine: true },
  { name: 'nasbench1shot1-3', channels: 4, cellsPerStage: 1 },
  { name: 'darts', channels: 4, cells: 3 },
  { name: 'proxylessnas', width: 0.25, layers: [2, 1, 1, 2, 1, 1] },
  { name: 'nasbench-macro', channels: 4 },
].map((space) => parseConfig({ space: /** @type {never} */ (space) }).space)

const split = {
  images: Uint8Array.from({ length: IMAGES * 3 * 16 * 16 }, (_, i) => (37 * i) % 256),
  labels: Int32Array.from({ length: IMAGES }, (_, i) => i % CLASSES),
  ...SHAPE,
  mean: [0.5, 0.5, 0.5],
  std: [0.25, 0.25, 0.25],
}
const data = { train: split, test: split, classes: CLASSES, name: 'fuzz' }

/**
 * Takes the first step of a search with these settings and evaluates a sub-model, unless its network is large.
 *
 * @param {import('pada-native').Config} config
 */
export async function searchALittle(config) {
  if (isLarge(createSpace(config.space, SHAPE, CLASSES)) || Number(config.ranking.subModels) > 1000) return
  const used = withoutFiles(config)
  const { space, method, random } = await prepare(used, { data })
  const { training: settings, ranking, precision } = used
  const dataset = new Dataset(split)
  const supernet = Supernet.of(space, { precision })
  const calibration = recalibrates(used, space, sharesWeights(space, method))
    ? openCalibration(used, data).images
    : undefined
  try {
    await firstStep({ space, supernet, data: dataset, method, random, settings })
    await evaluatePath({ space, supernet, data: dataset, calibration, ...ranking }, lastPath(space))
  } finally {
    for (const handle of [calibration?.dataset, supernet, dataset]) handle?.dispose()
  }
}

/**
 * Takes the first step of a retraining with these settings and evaluates the network, unless it is large.
 *
 * @param {import('pada-native').RetrainConfig} config
 */
export async function retrainALittle(config) {
  if (config.network.path === undefined || isLarge(createNetwork(config.network, SHAPE, CLASSES))) return
  const { network: space, method, random } = await prepareRetraining(config, { data })
  const { training: settings, evaluation, precision } = config
  const dataset = new Dataset(split)
  const supernet = Supernet.of(space, { precision })
  try {
    await firstStep({ space, supernet, data: dataset, method, random, settings })
    await evaluatePath({ space, supernet, data: dataset, ...evaluation }, [])
  } finally {
    for (const handle of [supernet, dataset]) handle.dispose()
  }
}

/**
 * Computes the logits of a path with weights whose names and shapes tell the space.
 *
 * @param {ReadonlyMap<string, import('pada-native').Tensor>} weights
 */
export async function inferALittle(weights) {
  const { space } = await spaceOfCheckpoint(weights, { images: { height: 16, width: 16 }, published: true })
  if (isLarge(space)) return
  const { channels } = space.input
  const images = Float32Array.from({ length: 2 * channels * 16 * 16 }, (_, i) => Math.sin(i))
  await infer({ space, weights, images: { images, ...space.input }, paths: [lastPath(space)] })
}

/**
 * Tensors of a supernet and its running statistics.
 *
 * @param {import('pada-native').Config['space']} settings
 */
export function weightsOf(settings) {
  const space = createSpace(settings, SHAPE, CLASSES)
  return [...space.parameters(), ...(space.buffers?.() ?? [])].map(({ name, shape }) => {
    const count = shape.reduce((product, extent) => product * extent, 1)
    const data = Float32Array.from({ length: count }, (_, i) => 0.3 + 0.1 * Math.cos(i))
    return /** @type {const} */ ([name, { shape, data }])
  })
}

/** @param {import('pada-native').TrainOptions} options */
async function firstStep(options) {
  for await (const _ of train(options)) return
}

/** @param {import('pada-native').SearchSpace} space */
function isLarge(space) {
  const scalars = space.parameters().map(({ shape }) => shape.reduce((product, extent) => product * extent, 1))
  return scalars.reduce((sum, count) => sum + count, 0) > MOST_SCALARS
}

/**
 * The path of the last options, which compute something in every space.
 *
 * @param {import('pada-native').SearchSpace} space
 */
function lastPath(space) {
  return space.choices.map((choice) => optionsOf(choice) - 1)
}

/**
 * @param {import('pada-native').Config} config
 * @returns {import('pada-native').Config}
 */
function withoutFiles({ groundTruth: _, ...config }) {
  const { ranking } = config
  const subModels = ranking.subModels === 'groundTruth' ? 2 : ranking.subModels
  return { ...config, device: 'cpu', ranking: { ...ranking, subModels } }
}
