/** Strength of importance against uniform sampling, epoch by epoch. */
import type { ScheduleConfig } from '../config/schema.js'

/**
 * The smoothing parameter δ or τ of epoch `epoch`, in [0, 1] (PA&DA, CVPR 2023, §3.3 and supplement B.3).
 *
 * - `linear`: e/E, the paper's default; epoch 0 gives 0.
 * - `cosine`: (1 − cos(π e/E))/2, which starts and ends flat.
 * - `constant`: `value`.
 * - `step`: e/E rounded down to a multiple of 1/`steps`.
 *
 * All but `constant` are multiplied by `end`.
 *
 * The paper names cosine and step without formulas. This cosine agrees with linear at both ends; steps end at 1 − 1/steps.
 */
export function strength(schedule: ScheduleConfig, epoch: number, epochs: number): number {
  return schedule.kind === 'constant' ? schedule.value : schedule.end * rise(schedule, epoch, epochs)
}

/** From 0 towards 1. */
function rise(schedule: Exclude<ScheduleConfig, { kind: 'constant' }>, epoch: number, epochs: number): number {
  const progress = epoch / epochs
  switch (schedule.kind) {
    case 'linear':
      return progress
    case 'cosine':
      return (1 - Math.cos(Math.PI * progress)) / 2
    case 'step':
      // Multiplies first: with fractions, 0.1 · 10 could fall below 1.
      return Math.floor((epoch * schedule.steps) / epochs) / schedule.steps
  }
}
