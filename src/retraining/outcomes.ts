/** The events of an epoch of a retraining, and of its end. */
import { expected } from '../base/errors.js'
import type { Evaluation } from '../evaluation/evaluate.js'
import type { ImageSource } from '../native/index.js'
import type { EpochEvent } from '../training/events.js'
import type { RetrainEpochEvent, RetrainResult, RetrainStartEvent } from './events.js'

/** What evaluations found: of the weights and, if there are any, of the averaged ones. */
export type TestAccuracies = Pick<RetrainEpochEvent, 'testLoss' | 'top1' | 'top5' | 'top1Averaged' | 'top5Averaged'>

/** How the last epoch ended. */
export type Outcome = Pick<RetrainEpochEvent, 'epoch' | 'loss'> & TestAccuracies

/** An epoch that trained on and was evaluated on the images of `sources`. */
export function epochEvent(
  trained: EpochEvent,
  found: TestAccuracies,
  sources: readonly Pick<ImageSource, 'damaged'>[],
): RetrainEpochEvent {
  const damaged = sources.flatMap((images) => images.damaged ?? [])
  return {
    event: 'epoch',
    epoch: trained.epoch,
    loss: trained.loss,
    trainTop1: trained.accuracy,
    trainTop5: trained.accuracyTop5,
    ...found,
    learningRate: trained.learningRate,
    seconds: trained.seconds,
    imagesPerSecond: trained.imagesPerSecond,
    ...(trained.waiting !== undefined && { waiting: trained.waiting }),
    ...(damaged.length > 0 && { damaged }),
  }
}

/** TestAccuracies of evaluations of the weights, and of the averaged ones. */
export function accuracies({ correct, correctTop5, count, loss }: Evaluation, averaged?: Evaluation): TestAccuracies {
  return {
    testLoss: loss,
    top1: correct / count,
    top5: correctTop5 / count,
    ...(averaged && { top1Averaged: averaged.correct / count, top5Averaged: averaged.correctTop5 / count }),
  }
}

/** The result. Throws a UserError if no epoch was evaluated. */
export function resultOf(
  { space, arch, dataset, normalisation, parameters, epochs, run }: RetrainStartEvent,
  last: Outcome | undefined,
  best: RetrainResult['best'] | undefined,
  seconds: number,
): RetrainResult {
  if (last === undefined || best === undefined) throw expected('an evaluated epoch', `the run ${run}`, 'none')
  const { top1, top5, top1Averaged, top5Averaged, loss, testLoss } = last
  const about = { space, arch, dataset, normalisation, parameters, epochs, seconds, top1, top5 } as const
  const averaged = top1Averaged === undefined ? {} : { top1Averaged, top5Averaged }
  return { event: 'result', ...about, ...averaged, loss, testLoss, best, run }
}
