/** The end of an epoch: its sums become an event, and training moves on to the next epoch. */
import type { Method } from '../methods/method.js'
import type { Supernet } from '../native/index.js'
import type { SearchSpace } from '../spaces/space.js'
import type { EpochEvent } from './events.js'
import { gradientVariance } from './gradient-variance.js'
import type { Progress } from './snapshot.js'

/** The parts of a training that its epochs are summed up from. */
interface Trained {
  readonly space: Pick<SearchSpace, 'operations'>
  readonly supernet: Pick<Supernet, 'specs' | 'moments' | 'resetMoments'>
  readonly method: Pick<Method, 'pathDistribution' | 'connectionDistribution'>
}

/**
 * Sums up an epoch of `images` images, whose last step had the learning rate. Resets the moments of its gradients, and
 * moves `progress` to the next epoch.
 */
export async function endEpoch(
  { space, supernet, method }: Trained,
  progress: Progress,
  { images, learningRate }: { readonly images: number; readonly learningRate: number },
): Promise<EpochEvent> {
  const variance = gradientVariance(supernet.specs, space.operations, await supernet.moments())
  await supernet.resetMoments()
  const { epoch, lossSum, correct, correctTop5, epochSeconds: seconds } = progress
  progress.gradientVariance.push(variance.all)
  progress.losses.push(lossSum / images)
  Object.assign(progress, { epoch: epoch + 1, step: 0, lossSum: 0, correct: 0, correctTop5: 0, epochSeconds: 0 })
  return {
    event: 'epoch',
    epoch,
    loss: lossSum / images,
    accuracy: correct / images,
    accuracyTop5: correctTop5 / images,
    gradientVariance: variance.all,
    gradientVarianceByOperation: variance.byOperation,
    gradientVarianceCandidates: variance.candidates,
    neverSampled: variance.neverSampled,
    pathDistribution: method.pathDistribution,
    ...(method.connectionDistribution && { connectionDistribution: method.connectionDistribution }),
    learningRate,
    seconds,
    imagesPerSecond: images / seconds,
  }
}
