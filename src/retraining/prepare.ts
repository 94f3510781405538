/** Makes and checks everything that a retraining needs before its first step. */
import { expected } from '../base/errors.js'
import { createRandom, type Random } from '../base/random.js'
import type { RetrainConfig } from '../config/index.js'
import { checkAugmentation } from '../data/augmentation.js'
import { checkSplits } from '../data/check-splits.js'
import { describeOddities } from '../data/class-shares.js'
import { identifyImages } from '../data/images-identity.js'
import { openSplits } from '../data/index.js'
import type { AnySplits } from '../data/splits.js'
import type { Method } from '../methods/method.js'
import { Standalone } from '../methods/standalone.js'
import type { ProcessRank } from '../native/index.js'
import type { Identity } from '../runs/checkpoint.js'
import { identify } from '../search/prepare.js'
import { checkTrainingBatches } from '../search/small-batches.js'
import { createNetwork, type StandaloneNetwork } from '../spaces/index.js'
import { checkWarmup, stepsPerEpoch } from '../training/learning-rate.js'

export interface PreparedRetraining {
  readonly splits: AnySplits
  /** True for images of a script, which no reader prepared as the settings say. */
  readonly ownImages: boolean
  readonly network: StandaloneNetwork
  readonly random: Random
  readonly method: Method
  readonly identity: Identity
  /** What is odd in the classes of the images, one sentence each. */
  readonly warnings: readonly string[]
}

/**
 * Loads data, and makes network and streams. `data` takes the place of the images that the settings name.
 *
 * @throws UserError for settings or files that do not fit together; the reason of an aborted signal.
 */
export async function prepareRetraining(
  config: RetrainConfig,
  { data, signal, world }: { readonly data?: AnySplits; readonly signal?: AbortSignal; readonly world?: ProcessRank },
): Promise<PreparedRetraining> {
  signal?.throwIfAborted()
  const splits = data ?? (await openSplits(config.data, { signal }))
  checkSplits(splits)
  const { channels, height, width } = splits.train
  const network = createNetwork(config.network, { channels, height, width }, splits.classes)
  checkAugmentation(config.training.augmentation, network.input)
  const { imageCount = 0 } = config.evaluation
  const available = splits.test.labels.length
  if (imageCount > available) {
    throw expected(`at most ${available} test images`, 'evaluation.imageCount', imageCount, 2)
  }
  const random = createRandom(config.seed)
  const images = splits.train.labels.length
  const { epochs, learningRate } = config.training
  const method: Method = new Standalone([], { space: network, images, epochs, learningRate, random })
  const synchronised = config.distributed.batchNorm === 'synchronised'
  checkTrainingBatches(config, network, method, images, { processes: world?.size, synchronised })
  checkWarmup(config.training, images)
  const identityOfImages = identifyImages(splits)
  // Accuracies of all epochs are of the same images, so that the best epoch is the best.
  const identity = { ...identify(network, splits, identityOfImages, undefined), testImages: identityOfImages.test }
  return {
    splits,
    ownImages: data !== undefined && data.origin === undefined,
    network,
    random,
    method,
    identity,
    warnings: [...describeOddities(splits), ...describeAverages(config, images)],
  }
}

/** Share of the initial weights in the averages, above which averages are worth a word. */
const MUCH = 0.05

/** Averages that a short training cannot make forget their beginning. */
function describeAverages({ training: { averaging, epochs, batchSize } }: RetrainConfig, images: number): string[] {
  if (averaging === undefined || averaging.warmup) return []
  const share = averaging.decay ** (epochs * stepsPerEpoch(images, batchSize))
  if (share <= MUCH) return []
  const percent = Math.round(100 * share)
  return [
    `at the end ${percent} % of the averaged weights are still initial ones: lower training.averaging.decay, or set its warmup`,
  ]
}
