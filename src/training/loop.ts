/**
 * Trains a supernet from the first step to the last. Each epoch has an order of images. Each step has a learning rate,
 * a batch, one or more paths, and an update. The method samples; the addon computes.
 */
import { type Random, type RandomState, randomState, restoreRandom } from '../base/random.js'
import type { TrainingConfig } from '../config/schema.js'
import type { World } from '../distributed/world.js'
import type { Engine, Method, StepOutcome, Verbs } from '../methods/method.js'
import type { ImageSource, Supernet } from '../native/index.js'
import type { SearchSpace } from '../spaces/space.js'
import { Clock, WaitingShare } from './clock.js'
import { checkFiniteWeights, diverged } from './divergence.js'
import { endEpoch } from './epoch-end.js'
import type { EpochEvent, TrainEvent } from './events.js'
import { fixedGradientVariance } from './fixed-variance.js'
import { stepsPerEpoch } from './learning-rate.js'
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
import { StepInputs } from './step-inputs.js'
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
 * @throws UserError if the loss is no longer finite, or a weight at an epoch's end; the reason of an aborted signal,
 *   after saving.
 */
export async function* train(options: TrainOptions): AsyncGenerator<TrainEvent> {
  const { space, supernet, method, settings, signal, world } = options
  using plans = new PlanCache({ program: (path) => method.program?.(path) ?? space.program(path) }, supernet)
  const engine = { supernet, plan: plans.get.bind(plans) }
  const progress = await begin(options)
  using stopping = new Stopping(signal, world)
  const training = new Training(options, engine, plans, progress, stopping)
  while (progress.epoch < settings.epochs) yield* training.epoch()
}

/** Puts supernet, method and streams into the state that training begins or continues with. */
async function begin({ supernet, method, random, settings, from }: TrainOptions): Promise<Progress> {
  if (from === undefined) {
    await initialise(supernet, random)
    if (settings.averaging !== undefined) await supernet.restartAverages()
  } else {
    restoreRandom(random, from.random)
    await restoreSnapshot(from, supernet, method, settings)
  }
  return structuredClone({ ...START, ...from?.progress })
}

/** A step that the method has begun. */
interface StepUnderWay {
  readonly images: number
  readonly record: Promise<StepOutcome>
}

/** A training in progress, with the times of its last report, save and step. */
class Training {
  readonly #options: TrainOptions
  readonly #engine: Engine
  readonly #plans: PlanCache
  readonly #progress: Progress
  readonly #stopping: Stopping
  /** Steps per epoch. */
  readonly #steps: number
  readonly #clock = new Clock()
  readonly #waiting: WaitingShare
  #lastSave = this.#clock.total
  #lastReport = Number.NEGATIVE_INFINITY
  /** Images that were trained on since training began or was resumed. */
  #images = 0
  /** Seconds that the previous step took; infinity before the first. */
  #stepSeconds = Number.POSITIVE_INFINITY
  /** Seconds of all steps. */
  #stepping = 0
  /** State of the stream `data` before the epoch drew the order of its images. */
  #beforeOrder: RandomState['data']

  /** `progress` moves on with every step. */
  constructor(options: TrainOptions, engine: Engine, plans: PlanCache, progress: Progress, stopping: Stopping) {
    const { data, settings, random } = options
    this.#options = options
    this.#engine = engine
    this.#plans = plans
    this.#progress = progress
    this.#stopping = stopping
    this.#steps = stepsPerEpoch(data.count, settings.batchSize)
    this.#waiting = new WaitingShare(data)
    this.#beforeOrder = random.data.state()
  }

  /** Trains to the end of the epoch, from its first step or that of the snapshot. */
  async *epoch(): AsyncGenerator<TrainEvent> {
    const { method, random } = this.#options
    const { epoch, step, losses } = this.#progress
    this.#beforeOrder = random.data.state()
    if (step === 0) {
      // Nothing of the epoch is done yet: a resumed run begins it again.
      if (this.#stopping.isDue) await this.#stop()
      if (method.beginEpoch) {
        await method.beginEpoch(epoch, this.#engine)
        this.#plans.clear()
      }
    }
    const order = method.epochIndices()
    const inputs = new StepInputs(this.#options, { epoch, steps: this.#steps, losses })
    yield* this.#takeSteps(order, inputs)
    yield* this.#end(order.length, inputs)
  }

  async *#takeSteps(order: Int32Array, inputs: StepInputs): AsyncGenerator<TrainEvent> {
    const { data, method, random, settings, world } = this.#options
    const { batchSize } = settings
    const { augmentation: stream } = random
    const lookAhead = new LookAhead({ data, order, settings, step: this.#progress.step, stream, ranked: world })
    const beginStep = (step: number): StepUnderWay => {
      lookAhead.advance(step)
      const indices = order.subarray(step * batchSize, (step + 1) * batchSize)
      const record = method.step(this.#engine, inputs.batch(indices), inputs.options(step))
      // It is awaited later, unless the previous step fails.
      record.catch(() => {})
      return { images: indices.length, record }
    }
    let underWay: StepUnderWay | undefined
    while (this.#progress.step < this.#steps) {
      const { step } = this.#progress
      if (underWay === undefined && step > 0 && this.#stopping.isDue) await this.#stop()
      const computing = underWay ?? beginStep(step)
      // The next step is queued while this one computes, except before a report, a save or the epoch's end: these need
      // a state with no step under way.
      const overlaps = method.overlapping && step + 1 < this.#steps && !this.#pauseIsDue()
      underWay = overlaps ? beginStep(step + 1) : undefined
      await this.#finish(computing)
      if (underWay === undefined) yield* this.#pause(order.length)
    }
  }

  /** True if a report, a save or a stop will be due when a step that begins now ends. */
  #pauseIsDue(): boolean {
    const end = this.#clock.total + this.#stepSeconds
    const reports = end - this.#lastReport >= PROGRESS_SECONDS
    return this.#stopping.isWished || reports || end - this.#lastSave >= this.#saveSeconds
  }

  /** Waits for the end of a step, and adds it to the progress. */
  async #finish({ images, record: outcome }: StepUnderWay): Promise<void> {
    const began = this.#clock.total
    const record = await outcome
    this.#stopping.note(record)
    this.#stepSeconds = this.#clock.total - began
    this.#stepping += this.#stepSeconds
    const progress = this.#progress
    if (!Number.isFinite(record.loss)) throw diverged(record.loss, progress.epoch, progress.step)
    progress.step++
    progress.lossSum += record.loss * images
    progress.correct += record.correct
    progress.correctTop5 += record.correctTop5
    this.#images += images
  }

  /** Between two steps of an epoch of `images` images: reports and saves if the time has come. */
  async *#pause(images: number): AsyncGenerator<TrainEvent> {
    const { epoch, step, lossSum } = this.#progress
    const steps = this.#steps
    if (this.#clock.total - this.#lastReport >= PROGRESS_SECONDS || step === steps) {
      const seconds = this.#clock.total
      this.#lastReport = seconds
      const loss = lossSum / Math.min(step * this.#options.settings.batchSize, images)
      const waiting = this.#waiting.sinceLastReport(this.#stepping)
      yield { event: 'step', epoch, step, steps, images: this.#images, seconds, loss, ...waiting }
    }
    if (step < steps && this.#clock.total - this.#lastSave >= this.#saveSeconds) {
      await this.#save()
      yield { event: 'checkpoint', epoch, step }
    }
  }

  /** After the last step of an epoch of `images` images: sums it up, measures, and saves. */
  async *#end(images: number, inputs: StepInputs): AsyncGenerator<TrainEvent> {
    const { data, method, settings, supernet } = this.#options
    const { epoch } = this.#progress
    this.#tick()
    await checkFiniteWeights(supernet, epoch)
    const measures = settings.varianceSteps > 0
    // The measurement may take long. A run that is stopped during it continues here.
    const beforeEnd = measures && this.#options.save !== undefined ? await this.#withinEpoch() : undefined
    const learningRate = inputs.learningRate(this.#steps - 1) * (method.learningRateFactor ?? 1)
    method.endEpoch(epoch)
    const event = {
      ...(await endEpoch(this.#options, this.#progress, { images, learningRate })),
      ...this.#waiting.sinceLastEpoch(this.#stepping),
      ...(data.damaged?.length && { damaged: data.damaged }),
    }
    if (measures) yield { event: 'measuring', epoch, what: 'gradientVariance' }
    const variance = measures ? await this.#fixedVariance(inputs, beforeEnd) : {}
    if (measures) {
      // The measurement is no training: its time does not count, nor what it waited for images.
      this.#clock.lap()
      this.#waiting.skip(this.#stepping)
    }
    yield { ...event, ...variance }
    // The receiver's time is not the next epoch's.
    this.#progress.seconds += this.#clock.lap()
    yield* this.#saveAfterEpoch()
  }

  /** Fields of the epoch's event. If training stops meanwhile, it saves `beforeEnd`. */
  async #fixedVariance(inputs: StepInputs, beforeEnd: Snapshot | undefined): Promise<Partial<EpochEvent>> {
    const { method, random, settings, space, supernet } = this.#options
    const variance = await fixedGradientVariance({
      supernet,
      engine: this.#engine,
      method,
      random,
      operations: space.operations,
      steps: settings.varianceSteps,
      batchSize: settings.batchSize,
      batch: (indices) => inputs.batch(indices),
      options: () => inputs.options(this.#steps - 1),
      stopping: this.#stopping,
    })
    if (variance === undefined) {
      if (beforeEnd !== undefined) await this.#options.save?.(beforeEnd)
      throw this.#stopping.reason
    }
    return { fixedGradientVariance: variance.all, fixedGradientVarianceCandidates: variance.candidates }
  }

  async *#saveAfterEpoch(): AsyncGenerator<TrainEvent> {
    const { method, random, settings, supernet } = this.#options
    const progress = this.#progress
    if (this.#options.save === undefined) return
    const recent = this.#clock.total - this.#lastSave < Math.min(RECENT_SECONDS, settings.checkpointSeconds)
    if (recent && progress.epoch < settings.epochs) return
    this.#tick()
    progress.epochSeconds = 0
    await this.#options.save(await takeSnapshot(progress, randomState(random), supernet, method, settings))
    this.#lastSave = this.#clock.total
    yield { event: 'checkpoint', epoch: progress.epoch, step: 0 }
  }

  get #saveSeconds(): number {
    return this.#options.save === undefined ? Number.POSITIVE_INFINITY : this.#options.settings.checkpointSeconds
  }

  /** The state between two steps of an epoch, which draws the order of its images again when it continues. */
  #withinEpoch(): Promise<Snapshot> {
    const { method, random, settings, supernet } = this.#options
    this.#tick()
    const streams = { ...randomState(random), data: this.#beforeOrder }
    return takeSnapshot(this.#progress, streams, supernet, method, settings)
  }

  async #save(): Promise<void> {
    await this.#options.save?.(await this.#withinEpoch())
    this.#lastSave = this.#clock.total
  }

  async #stop(): Promise<never> {
    if (this.#options.save !== undefined) await this.#save()
    throw this.#stopping.reason
  }

  /** Adds the seconds since the last lap to the progress. */
  #tick(): void {
    const seconds = this.#clock.lap()
    this.#progress.seconds += seconds
    this.#progress.epochSeconds += seconds
  }
}
