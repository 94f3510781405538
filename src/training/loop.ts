/**
 * Trains a supernet from the first step to the last. Each epoch has an order of images. Each step has a learning rate,
 * a batch, one or more paths, and an update. The method samples; the addon computes.
 */

import { UserError } from '../base/errors.js'
import { type Random, randomState, restoreRandom } from '../base/random.js'
import type { TrainingConfig } from '../config/schema.js'
import { drawAugmentation } from '../data/augmentation.js'
import type { World } from '../distributed/world.js'
import { candidateIndices } from '../methods/candidate-parameters.js'
import type { Method, StepOutcome, Verbs } from '../methods/method.js'
import type { Batch, ImageSource, StepOptions, Supernet } from '../native/index.js'
import { drawMixup } from '../sampling/mixup.js'
import type { SearchSpace } from '../spaces/space.js'
import { averageDecay } from './averaging.js'
import { Clock, WaitingShare } from './clock.js'
import { dropPathScale } from './drop-path.js'
import type { EpochEvent, TrainEvent } from './events.js'
import { checkFiniteWeights } from './finite-weights.js'
import { fixedGradientVariance } from './fixed-variance.js'
import { type GradientVariance, gradientVariance } from './gradient-variance.js'
import { learningRateOf } from './learning-rate.js'
import { LookAhead } from './look-ahead.js'
import { PlanCache } from './plan-cache.js'
import {
  initialise,
  type Progress,
  type Restorable,
  restoreSnapshot,
  type Snapshot,
  START,
  takeSnapshot,
} from './snapshot.js'
import { Stopping } from './stopping.js'

const PROGRESS_SECONDS = 0.1
/** Training also saves after an epoch, unless the last save is more recent than this. */
const RECENT_SECONDS = 5

/** A supernet to train, its images, the method and the settings. */
export interface TrainOptions {
  readonly space: SearchSpace
  readonly supernet: Verbs & Restorable & Pick<Supernet, 'compile'>
  /** Training images. */
  readonly data: ImageSource
  readonly method: Method
  readonly random: Random
  readonly settings: TrainingConfig
  /** Snapshot to continue from; default: training starts with initial weights. */
  readonly from?: Snapshot
  /** Saves a snapshot; training waits for it. Default: training takes no snapshots. */
  save?(snapshot: Snapshot): Promise<void>
  /** When aborted, training saves between two steps and throws the signal's reason. */
  readonly signal?: AbortSignal
  /**
   * The processes that train together; {@link Supernet.distribute} has told the supernet. All of them draw the same
   * paths and batches, and stop at the same step if one of them is aborted. Default: this process trains alone.
   */
  readonly world?: World
}

/**
 * Trains a supernet and reports progress. No step is under way at a yield: supernet, method and streams are in the
 * state that the event reports.
 *
 * @throws UserError if the loss is no longer finite, or a weight at an epoch's end; the reason of an aborted signal, after saving.
 */
export async function* train(options: TrainOptions): AsyncGenerator<TrainEvent> {
  const { space, supernet, data, method, random, settings, from, signal, world } = options
  const { epochs, batchSize, microBatchSize, optimizer, averaging, unsampled } = settings
  const clipNorm = clipLimit(settings)
  const steps = stepsPerEpoch(data.count, batchSize)
  using plans = new PlanCache({ program: (path) => method.program?.(path) ?? space.program(path) }, supernet)
  const engine = { supernet, plan: plans.get.bind(plans) }
  const candidates = candidateIndices(space.parameters())

  const progress: Progress = structuredClone({ ...START, ...from?.progress })
  if (from === undefined) {
    await initialise(supernet, random)
    if (averaging !== undefined) await supernet.restartAverages()
  } else {
    restoreRandom(random, from.random)
    await restoreSnapshot(from, supernet, method, settings)
  }

  const saveSeconds = options.save === undefined ? Number.POSITIVE_INFINITY : settings.checkpointSeconds
  const clock = new Clock()
  let lastSave = clock.total
  let lastReport = Number.NEGATIVE_INFINITY
  const waiting = new WaitingShare(data)
  using stopping = new Stopping(signal, world)
  let images = 0
  // Seconds that the previous step took; infinity before the first.
  let stepSeconds = Number.POSITIVE_INFINITY
  // Seconds of all steps.
  let stepping = 0

  while (progress.epoch < epochs) {
    const { epoch } = progress
    const { losses } = progress
    const learningRateAt = (step: number) =>
      learningRateOf(settings, { epoch, step, steps, losses, restarts: method.scheduleRestarts })
    const optionsOfStep = (step: number): StepOptions => {
      const averages = averaging && { averageDecay: averageDecay(averaging, epoch * steps + step) }
      const options = { learningRate: learningRateAt(step), optimizer, unsampled, clipNorm, ...averages }
      if (settings.gradientNoise === 0) return options
      const noise = { deviation: settings.gradientNoise, seed: random.noise.integer(2 ** 32), parameters: candidates }
      return { ...options, noise }
    }
    const batchOf = (indices: Int32Array): Batch => {
      const augmentation = drawAugmentation(settings.augmentation, random.augmentation)
      const mixup = drawMixup(settings.augmentation, random.augmentation, indices.length)
      const drop = { seed: random.drop.integer(2 ** 32), pathScale: dropPathScale(settings, epoch) }
      const batch = { dataset: data, indices, augmentation, mixup, labelSmoothing: settings.labelSmoothing, drop }
      return { ...batch, ...(microBatchSize && { microBatchSize }) }
    }
    const dataStream = random.data.state()
    const withinEpoch = async () => {
      tick(progress, clock)
      const streams = { ...randomState(random), data: dataStream }
      return takeSnapshot(progress, streams, supernet, method, settings)
    }
    const save = async () => {
      await options.save?.(await withinEpoch())
      lastSave = clock.total
    }
    const stop = async () => {
      if (options.save !== undefined) await save()
      throw stopping.reason
    }

    if (progress.step === 0) {
      // An epoch that continues at its first step has not begun.
      if (stopping.isDue) await stop()
      await method.beginEpoch?.(epoch, engine)
    }
    const order = method.epochIndices()

    const { augmentation: stream } = random
    const lookAhead = new LookAhead({ data, order, settings, step: progress.step, stream, ranked: world })
    const begin = (step: number): StepUnderWay => {
      lookAhead.advance(step)
      const first = step * batchSize
      const indices = order.subarray(first, Math.min(first + batchSize, order.length))
      const record = method.step(engine, batchOf(indices), optionsOfStep(step))
      // It is awaited below, unless the previous step fails.
      record.catch(() => {})
      return { images: indices.length, record }
    }
    // True if a report, a save or a stop will be due when a step that begins now ends.
    const pauseIsDue = () => {
      const end = clock.total + stepSeconds
      return stopping.isWished || end - lastReport >= PROGRESS_SECONDS || end - lastSave >= saveSeconds
    }

    let underWay: StepUnderWay | undefined
    while (progress.step < steps) {
      if (underWay === undefined && progress.step > 0 && stopping.isDue) await stop()
      const step = underWay ?? begin(progress.step)
      // The next step is queued while this one computes, except before a report, a save or the epoch's end: these need
      // a state with no step under way.
      const overlaps = method.overlapping && progress.step + 1 < steps && !pauseIsDue()
      underWay = overlaps ? begin(progress.step + 1) : undefined
      const began = clock.total
      const record = await step.record
      stopping.note(record)
      stepSeconds = clock.total - began
      stepping += stepSeconds
      if (!Number.isFinite(record.loss)) throw diverged(record.loss, epoch, progress.step)
      progress.step++
      progress.lossSum += record.loss * step.images
      progress.correct += record.correct
      progress.correctTop5 += record.correctTop5
      images += step.images
      if (underWay !== undefined) continue

      if (clock.total - lastReport >= PROGRESS_SECONDS || progress.step === steps) {
        lastReport = clock.total
        const loss = progress.lossSum / Math.min(progress.step * batchSize, order.length)
        const shares = waiting.sinceLastReport(stepping)
        yield { event: 'step', epoch, step: progress.step, steps, images, seconds: clock.total, loss, ...shares }
      }
      if (progress.step < steps && clock.total - lastSave >= saveSeconds) {
        await save()
        yield { event: 'checkpoint', epoch, step: progress.step }
      }
    }

    tick(progress, clock)
    await checkFiniteWeights(supernet, epoch)
    const measures = settings.varianceSteps > 0
    // The measurement may take long. A run that is stopped during it continues here.
    const beforeEnd = measures && options.save !== undefined ? await withinEpoch() : undefined
    method.endEpoch(epoch)
    const event = {
      ...(await endEpoch(options, progress, order.length, learningRateAt(steps - 1))),
      ...waiting.sinceLastEpoch(stepping),
      ...(data.damaged?.length && { damaged: data.damaged }),
    }
    if (measures) {
      const { operations } = space
      const measured = { supernet, engine, method, random, operations, steps: settings.varianceSteps, batchSize }
      const variance = await fixedGradientVariance({
        ...measured,
        batch: batchOf,
        options: () => optionsOfStep(steps - 1),
        stopping,
      })
      if (variance === undefined) {
        if (beforeEnd !== undefined) await options.save?.(beforeEnd)
        throw stopping.reason
      }
      yield { ...event, ...fixedVarianceFields(variance) }
      // Do not count the measurement as training time.
      clock.lap()
    } else {
      yield event
      // The receiver's time is not the next epoch's.
      progress.seconds += clock.lap()
    }
    if (options.save === undefined) continue
    const recent = clock.total - lastSave < Math.min(RECENT_SECONDS, settings.checkpointSeconds)
    if (progress.epoch === epochs || !recent) {
      tick(progress, clock)
      progress.epochSeconds = 0
      await options.save(await takeSnapshot(progress, randomState(random), supernet, method, settings))
      lastSave = clock.total
      yield { event: 'checkpoint', epoch: progress.epoch, step: 0 }
    }
  }
}

/** A step that the method has begun. */
interface StepUnderWay {
  readonly images: number
  readonly record: Promise<StepOutcome>
}

/** Largest norm of gradients, as steps take it: Infinity for no limit. */
export function clipLimit({ clipNorm }: Pick<TrainingConfig, 'clipNorm'>): number {
  return clipNorm === 0 ? Number.POSITIVE_INFINITY : clipNorm
}

/** Number of batches in an epoch; the last one may be smaller. */
export function stepsPerEpoch(images: number, batchSize: number): number {
  return Math.ceil(images / batchSize)
}

/** Sums up the epoch and moves `progress` to the next one. */
async function endEpoch(
  { space, supernet, method }: TrainOptions,
  progress: Progress,
  images: number,
  learningRate: number,
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

function fixedVarianceFields(variance: GradientVariance): Partial<EpochEvent> {
  return { fixedGradientVariance: variance.all, fixedGradientVarianceCandidates: variance.candidates }
}

/** The error of a loss that is not finite. It counts epochs and steps from 1, as the progress that people see. */
export function diverged(loss: number, epoch: number, step: number): UserError {
  return new UserError(
    `Expected a finite loss but received ${loss} in epoch ${epoch + 1}, step ${step + 1}: try a lower training.learningRate`,
  )
}

/** Adds the seconds since the last lap to `progress`. */
function tick(progress: Progress, clock: Clock): void {
  const seconds = clock.lap()
  progress.seconds += seconds
  progress.epochSeconds += seconds
}
