/** Learning rates, as functions of the position of a step in training. */
import { expected } from '../base/errors.js'
import type { TrainingConfig } from '../config/schema.js'

/**
 * Learning rate annealed from `initial` towards `minimum`, m + ½ (lr − m) (1 + cos(π e/E)): PyTorch's
 * CosineAnnealingLR. `epoch` may be a fraction.
 */
export function cosineLearningRate(initial: number, epoch: number, epochs: number, minimum = 0): number {
  return minimum + ((initial - minimum) / 2) * (1 + Math.cos((Math.PI * epoch) / epochs))
}

/** The settings of training on which a learning rate depends. */
type LearningRates = Pick<TrainingConfig, 'epochs' | 'learningRate' | 'learningRateMin' | 'schedule' | 'warmup'>
type Schedule<Kind> = Omit<Extract<TrainingConfig['schedule'], { kind: Kind }>, 'kind'>

/** The position of a training step, and the losses before it. */
export interface StepPosition {
  readonly epoch: number
  /** From 0 to `steps` − 1 in this epoch. */
  readonly step: number
  readonly steps: number
  /** Training losses of the finished epochs. */
  readonly losses: readonly number[]
  /** Epochs at which warm-up and schedule restart and then span the remaining epochs; default none. */
  readonly restarts?: readonly number[]
}

/** The learning rate of a step: that of the warm-up, or else of the schedule, which counts epochs of warm-up too. */
export function learningRateOf(
  { epochs, learningRate, learningRateMin, schedule, warmup }: LearningRates,
  { epoch, step, steps, losses, restarts = [] }: StepPosition,
): number {
  const begin = Math.max(0, ...restarts.filter((restart) => restart <= epoch))
  const e = epoch - begin
  const updates = e * steps + step
  const warm = warmup && warmupLearningRate(learningRate, e, updates, warmup)
  if (warm !== undefined) return warm
  const time = 'per' in schedule && schedule.per === 'step' ? e + step / steps : e
  const scheduled = () => {
    switch (schedule.kind) {
      case 'cosine':
        return cosineLearningRate(learningRate, time, epochs - begin, learningRateMin)
      case 'plateau':
        return plateauLearningRate(learningRate, losses.slice(begin, epoch), schedule, learningRateMin)
      case 'step':
        return learningRate * schedule.factor ** wholeTimes(e, schedule.epochs)
      case 'exponential':
        return learningRate * schedule.factor ** time
      case 'one-cycle':
        return oneCycleLearningRate(learningRate, updates, (epochs - begin) * steps, schedule)
      case 'constant':
        return learningRate
    }
  }
  return Math.max(learningRateMin, scheduled())
}

/** Number of batches in an epoch; the last one may be smaller. */
export function stepsPerEpoch(images: number, batchSize: number): number {
  return Math.ceil(images / batchSize)
}

/** Throws a UserError if a warm-up by steps is longer than training on this many images. */
export function checkWarmup(
  { epochs, batchSize, warmup }: Pick<TrainingConfig, 'epochs' | 'batchSize' | 'warmup'>,
  images: number,
): void {
  const steps = epochs * stepsPerEpoch(images, batchSize)
  if (warmup?.steps === undefined || warmup.steps <= steps) return
  throw expected(`at most the ${steps} steps of training`, 'training.warmup.steps', warmup.steps, 2)
}

/** The rate at epoch e < n or update u < n, from + e (lr − from)/n, as timm's schedulers warm up; undefined after it. */
function warmupLearningRate(
  learningRate: number,
  epoch: number,
  updates: number,
  { epochs, steps, from }: NonNullable<TrainingConfig['warmup']>,
): number | undefined {
  const [done, length] = epochs === undefined ? [updates, steps ?? 0] : [epoch, epochs]
  return done < length ? from + (done * (learningRate - from)) / length : undefined
}

/** How often `part` fits into `whole`: Python's `//`, whose result does not suffer from the rounding of a quotient. */
function wholeTimes(whole: number, part: number): number {
  return Math.round((whole - (whole % part)) / part)
}

/** Learning rate of update `step` of `steps`, by PyTorch's OneCycleLR of two phases, whose `max_lr` is `highest`. */
function oneCycleLearningRate(
  highest: number,
  step: number,
  steps: number,
  { pctStart, divFactor, finalDivFactor, anneal }: Schedule<'one-cycle'>,
): number {
  const initial = highest / divFactor
  const top = pctStart * steps - 1
  const between = (from: number, to: number, done: number) =>
    anneal === 'cosine' ? cosineLearningRate(from, done, 1, to) : from + (to - from) * done
  // With few steps, the rate begins after its highest point.
  if (step <= top && top > 0) return between(initial, highest, step / top)
  return between(highest, initial / finalDivFactor, (step - top) / (steps - 1 - top))
}

/** A loss counts as improved if it falls below the best one by more than this share of it: PyTorch's `threshold`. */
const LEAST_FALL = 1e-4
/** A rate that would change by this or less stays: PyTorch's `eps`. */
const LEAST_CHANGE = 1e-8

/**
 * Learning rate after epochs with these losses, by PyTorch's ReduceLROnPlateau. If more than `patience` epochs in a row
 * bring no loss below the best one so far, the rate is multiplied by `factor`.
 */
export function plateauLearningRate(
  initial: number,
  losses: readonly number[],
  { patience, factor }: Schedule<'plateau'>,
  minimum = 0,
): number {
  let rate = initial
  let best = Number.POSITIVE_INFINITY
  let bad = 0
  for (const loss of losses) {
    if (loss < best * (1 - LEAST_FALL)) {
      best = loss
      bad = 0
    } else bad++
    if (bad <= patience) continue
    const reduced = Math.max(rate * factor, minimum)
    if (rate - reduced > LEAST_CHANGE) rate = reduced
    bad = 0
  }
  return rate
}
