/** Schedules of training, as functions of the epoch e = 0 … E − 1. */
import type { ScheduleConfig, TrainingConfig } from '../config/schema.js'

/**
 * The smoothing parameter δ or τ of epoch `epoch`, in [0, 1] (PA&DA, CVPR 2023, §3.3 and supplement B.3).
 *
 * - `linear`: e/E, the paper's default; epoch 0 gives 0.
 * - `cosine`: (1 − cos(π e/E))/2, which starts and ends flat.
 * - `constant`: `value`.
 * - `step`: e/E rounded down to a multiple of 1/`steps`.
 *
 * The paper names cosine and step without formulas; these agree with linear at both ends.
 */
export function strength(schedule: ScheduleConfig, epoch: number, epochs: number): number {
  const progress = epoch / epochs
  switch (schedule.kind) {
    case 'linear':
      return progress
    case 'cosine':
      return (1 - Math.cos(Math.PI * progress)) / 2
    case 'constant':
      return schedule.value
    case 'step':
      // In whole numbers: 0.1 · 10 must not fall below 1.
      return Math.floor((epoch * schedule.steps) / epochs) / schedule.steps
  }
}

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

/**
 * The learning rate of an epoch, as a function of the losses of those before it. A schedule that began anew at an epoch
 * of `restarts` goes from there as from the start, with what is left of the epochs.
 */
export function learningRateOf(
  { epochs, learningRate, learningRateMin, schedule }: LearningRates,
  { epoch, losses, restarts = [] }: { epoch: number; losses: readonly number[]; restarts?: readonly number[] },
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
