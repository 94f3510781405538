/** The probability of dropping paths by epoch. */
import type { TrainingConfig } from '../config/schema.js'

/**
 * Factor, in [0, 1], on the probability of every drop path of a program in epoch `epoch`, counted from 0. `linear` is
 * the schedule of DARTS (Liu, Simonyan and Yang, ICLR 2019), whose authors' code sets the rate to p · epoch / epochs.
 * Dropout has no schedule.
 */
export function dropPathScale(
  { dropPathSchedule, epochs }: Pick<TrainingConfig, 'dropPathSchedule' | 'epochs'>,
  epoch: number,
): number {
  switch (dropPathSchedule) {
    case 'constant':
      return 1
    case 'linear':
      return epoch / epochs
  }
}
