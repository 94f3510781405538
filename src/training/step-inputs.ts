/** What the steps of an epoch compute with: learning rate, noise, and batches with their augmentation. */
import type { Random } from '../base/random.js'
import type { TrainingConfig } from '../config/schema.js'
import { drawAugmentation } from '../data/augmentation.js'
import { candidateIndices } from '../methods/candidate-parameters.js'
import type { Method } from '../methods/method.js'
import type { Batch, ImageSource, StepOptions } from '../native/index.js'
import { drawMixup } from '../sampling/mixup.js'
import type { SearchSpace } from '../spaces/space.js'
import { averageDecay } from './averaging.js'
import { dropPathScale } from './drop-path.js'
import { learningRateOf, type StepPosition } from './learning-rate.js'

/** The parts of a training that its steps are made from. */
interface StepSources {
  readonly space: Pick<SearchSpace, 'parameters'>
  readonly data: ImageSource
  readonly method: Pick<Method, 'scheduleRestarts'>
  readonly random: Random
  readonly settings: TrainingConfig
}

/** An epoch, and what its learning rates depend on. */
type EpochOfSteps = Omit<StepPosition, 'step' | 'restarts'>

export class StepInputs {
  readonly #sources: StepSources
  readonly #epoch: EpochOfSteps
  readonly #candidates: Int32Array

  constructor(sources: StepSources, epoch: EpochOfSteps) {
    this.#sources = sources
    this.#epoch = epoch
    this.#candidates = candidateIndices(sources.space.parameters())
  }

  /** Learning rate of a step, which counts from 0. */
  learningRate(step: number): number {
    const { settings, method } = this.#sources
    return learningRateOf(settings, { ...this.#epoch, step, restarts: method.scheduleRestarts })
  }

  /** Options of a step. Draws a seed, if the settings have noise. */
  options(step: number): StepOptions {
    const { optimizer, unsampled, averaging, gradientNoise, clipNorm } = this.#sources.settings
    const { epoch, steps } = this.#epoch
    const options = {
      learningRate: this.learningRate(step),
      optimizer,
      unsampled,
      clipNorm: clipLimit({ clipNorm }),
      ...(averaging && { averageDecay: averageDecay(averaging, epoch * steps + step) }),
    }
    if (gradientNoise === 0) return options
    const seed = this.#sources.random.noise.integer(2 ** 32)
    return { ...options, noise: { deviation: gradientNoise, seed, parameters: this.#candidates } }
  }

  /** A batch of these images. Draws its augmentation, its mixup and the seed of drop path and dropout. */
  batch(indices: Int32Array): Batch {
    const { data: dataset, random, settings } = this.#sources
    const { labelSmoothing, microBatchSize } = settings
    const augmentation = drawAugmentation(settings.augmentation, random.augmentation)
    const mixup = drawMixup(settings.augmentation, random.augmentation, indices.length)
    const drop = { seed: random.drop.integer(2 ** 32), pathScale: dropPathScale(settings, this.#epoch.epoch) }
    const batch = { dataset, indices, augmentation, mixup, labelSmoothing, drop }
    return { ...batch, ...(microBatchSize && { microBatchSize }) }
  }
}

/** Largest norm of gradients, as steps take it: Infinity for no limit. */
export function clipLimit({ clipNorm }: Pick<TrainingConfig, 'clipNorm'>): number {
  return clipNorm === 0 ? Number.POSITIVE_INFINITY : clipNorm
}
