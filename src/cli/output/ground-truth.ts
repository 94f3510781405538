import { basename } from 'node:path'
import { counted, integer } from '../../base/format.js'
import type { TruthSource } from '../../evaluation/events.js'

/** With fewer sub-models, tau of an order by chance deviates by more than 0.13, so a ranking says little. */
export const FEW_SUB_MODELS = 30

/** Names table and column in one line, with what was left out or converted. */
export function describeTruth({ file, column, architectures, leftOut, unit }: TruthSource): string {
  return [
    `${basename(file)}, column ${column}`,
    counted(architectures, 'architecture'),
    ...(leftOut > 0 ? [`${integer(leftOut)} left out, which have no number`] : []),
    ...(unit === 'fraction' ? ['fractions, read as percent / 100'] : []),
  ].join(' · ')
}
