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

/** The position of a training step, and the losses before it. */
export interface StepPosition {
  readonly epoch: number
  /** From 0 to `steps` − 1 in this epoch. */
  readonly step: number
  readonly steps: number
  /** Training losses of the finished epochs. */
  readonly losses: readonly number[]
  /** Epochs at which the schedule restarts and then spans the remaining epochs; default none. */
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
