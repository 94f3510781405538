/** Averaged weights: how much each update keeps of them. */
import type { TrainingConfig } from '../config/schema.js'

/** Power of the warm-up: timm's default `warmup_power`. */
const POWER = 2 / 3

/**
 * Decay of the averaged weights in update u = 0, 1, …: constant as in timm's ModelEmaV2. With warm-up it is at most
 * 1 − (1 + u)^(−2/3), as in timm's ModelEmaV3, so that the averages soon forget the initial weights.
 */
export function averageDecay({ decay, warmup }: NonNullable<TrainingConfig['averaging']>, update: number): number {
  return warmup ? Math.min(decay, 1 - (1 + update) ** -POWER) : decay
}
