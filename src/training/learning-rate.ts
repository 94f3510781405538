/** Learning rates, as functions of the epoch e = 0 … E − 1. */
import type { TrainingConfig } from '../config/schema.js'

/**
 * Learning rate annealed by epoch from `initial` towards `minimum`, m + ½ (lr − m) (1 + cos(π e/E)): PyTorch's
 * CosineAnnealingLR.
 */
export function cosineLearningRate(initial: number, epoch: number, epochs: number, minimum = 0): number {
  return minimum + ((initial - minimum) / 2) * (1 + Math.cos((Math.PI * epoch) / epochs))
}

/** The settings of training on which a learning rate depends. */
type LearningRates = Pick<TrainingConfig, 'epochs' | 'learningRate' | 'learningRateMin' | 'schedule'>
type Plateau = Extract<TrainingConfig['schedule'], { kind: 'plateau' }>

/** A step of training, and what happened before it. */
export interface StepPosition {
  readonly epoch: number
  /** From 0, of `steps` in this epoch. */
  readonly step: number
  readonly steps: number
  /** Training losses of the finished epochs. */
  readonly losses: readonly number[]
  /** Epochs at which the schedule starts again, with the epochs that are left; default none. */
  readonly restarts?: readonly number[]
}

/** The learning rate of a step. Both schedules change it once per epoch, as the paper and PyTorch's schedulers do. */
export function learningRateOf(
  { epochs, learningRate, learningRateMin, schedule }: LearningRates,
  { epoch, losses, restarts = [] }: StepPosition,
): number {
  const begin = Math.max(0, ...restarts.filter((restart) => restart <= epoch))
  if (schedule.kind === 'cosine')
    return cosineLearningRate(learningRate, epoch - begin, epochs - begin, learningRateMin)
  return plateauLearningRate(learningRate, losses.slice(begin, epoch), schedule, learningRateMin)
}

/** Losses must fall by this share of the best one to count as falling; rates that change by less stay. */
const LEAST_FALL = 1e-4
const LEAST_CHANGE = 1e-8

/**
 * Learning rate after epochs of these losses: PyTorch's ReduceLROnPlateau, which multiplies it by `factor` after more
 * than `patience` epochs in a row whose loss is not below the best one so far.
 */
export function plateauLearningRate(
  initial: number,
  losses: readonly number[],
  { patience, factor }: Omit<Plateau, 'kind'>,
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
