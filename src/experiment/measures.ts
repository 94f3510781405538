/** What an experiment measures of every cell, and of every condition over its seeds. */

import { type Statistic, statistic } from '../base/statistics.js'
import type { PathDistribution } from '../sampling/paths.js'
import type { CompleteRun } from './cell-folder.js'

/** Numbers of one cell; null where there is none, as a ranking's without ground truth. */
export interface Measures {
  /** Gradient variance of all weights, mean over the epochs. */
  readonly gradientVariance: number | null
  /** The same in the last epoch. */
  readonly gradientVarianceLast: number | null
  /** Of the candidate operations' weights, mean over the epochs. */
  readonly gradientVarianceCandidates: number | null
  /** Of all weights while they stand still, where epochs report it, mean over these. */
  readonly fixedGradientVariance: number | null
  readonly fixedGradientVarianceCandidates: number | null
  readonly kendallTau: number | null
  readonly spearman: number | null
  readonly precisionAtTop1: number | null
  readonly precisionAtTop5: number | null
  readonly precisionAtTop10: number | null
  readonly precisionAtTop20: number | null
  /** Ground-truth accuracy of the sub-model ranked first, in the table's unit. */
  readonly bestFound: number | null
  readonly regret: number | null
  readonly trainingSeconds: number | null
  /** Training and ranking. */
  readonly totalSeconds: number | null
}

/** The columns of tables, in order. */
export const MEASURES = [
  'gradientVariance',
  'gradientVarianceLast',
  'gradientVarianceCandidates',
  'fixedGradientVariance',
  'fixedGradientVarianceCandidates',
  'kendallTau',
  'spearman',
  'precisionAtTop1',
  'precisionAtTop5',
  'precisionAtTop10',
  'precisionAtTop20',
  'bestFound',
  'regret',
  'trainingSeconds',
  'totalSeconds',
] as const satisfies readonly (keyof Measures)[]

/** Statistics of every measure over seeds. */
export type Summary = Readonly<Record<keyof Measures, Statistic>>

export function measure({ epochs, result }: CompleteRun): Measures {
  const { kendallTau, spearman, precisionAtTop: top, bestFound, regret, seconds } = result
  return {
    gradientVariance: mean(epochs.map((epoch) => epoch.gradientVariance)),
    gradientVarianceLast: epochs.at(-1)?.gradientVariance ?? null,
    gradientVarianceCandidates: mean(epochs.map((epoch) => epoch.gradientVarianceCandidates)),
    fixedGradientVariance: mean(epochs.map((epoch) => optional(epoch, 'fixedGradientVariance'))),
    fixedGradientVarianceCandidates: mean(epochs.map((epoch) => optional(epoch, 'fixedGradientVarianceCandidates'))),
    kendallTau,
    spearman,
    precisionAtTop1: top?.['1%'] ?? null,
    precisionAtTop5: top?.['5%'] ?? null,
    precisionAtTop10: top?.['10%'] ?? null,
    precisionAtTop20: top?.['20%'] ?? null,
    bestFound,
    regret,
    trainingSeconds: epochs.reduce((sum, epoch) => sum + epoch.seconds, 0),
    totalSeconds: seconds,
  }
}

/** Probabilities of operations after every epoch. */
export function pathDistributions({ epochs }: CompleteRun): PathDistribution[] {
  return epochs.map(({ pathDistribution }) => pathDistribution)
}

/** Over the cells of a condition that are complete. */
export function summarise(cells: readonly Measures[]): Summary {
  const statistics = MEASURES.map((name) => [name, statistic(cells.map((cell) => cell[name]))])
  return Object.fromEntries(statistics)
}

function mean(values: readonly (number | null)[]): number | null {
  return statistic(values).mean
}

/** A number that not every epoch measures, nor every run. */
function optional(epoch: object, name: 'fixedGradientVariance' | 'fixedGradientVarianceCandidates'): number | null {
  const { [name]: value } = epoch as { readonly [name]?: number | null }
  return value ?? null
}
