/** The measures of a search, and their statistics over the seeds of a condition. */

import { completeStatistic, type Statistic, statistic } from '../base/statistics.js'
import type { PathDistribution } from '../sampling/paths.js'
import type { EpochEvent } from '../search/events.js'
import type { CompleteRun } from './cell-folder.js'

/** Measures of one search. A missing measure is null, as rank correlations without ground truth are. */
export interface Measures {
  /** Gradient variance of all weights, mean over the epochs. */
  readonly gradientVariance: number | null
  /** Gradient variance of all weights in the last epoch. */
  readonly gradientVarianceLast: number | null
  /** Gradient variance of the candidate operations' weights, mean over the epochs. */
  readonly gradientVarianceCandidates: number | null
  /** Gradient variance of all weights while no step changes them, mean over the epochs that report it. */
  readonly fixedGradientVariance: number | null
  readonly fixedGradientVarianceCandidates: number | null
  readonly kendallTau: number | null
  readonly kendallTauByLoss: number | null
  /** Of the number of parameters alone: the same for all searches that rank the same sub-models. */
  readonly kendallTauByParameters: number | null
  /** Of the sum of the ranks by accuracy and by number of multiply-adds. */
  readonly kendallTauWithMultiplyAdds: number | null
  readonly spearman: number | null
  readonly precisionAtTop1: number | null
  readonly precisionAtTop5: number | null
  readonly precisionAtTop10: number | null
  readonly precisionAtTop20: number | null
  /** Ground-truth accuracy of the sub-model ranked first, in percent. */
  readonly bestFound: number | null
  /** Best accuracy of the whole table minus `bestFound`, in percentage points. */
  readonly regret: number | null
  readonly trainingSeconds: number | null
  /** Seconds of training, ranking and finding, also of a `find` by hand. */
  readonly totalSeconds: number | null
}

/** Names of the measures, in the order of the tables' columns. */
export const MEASURES = [
  'gradientVariance',
  'gradientVarianceLast',
  'gradientVarianceCandidates',
  'fixedGradientVariance',
  'fixedGradientVarianceCandidates',
  'kendallTau',
  'kendallTauByLoss',
  'kendallTauByParameters',
  'kendallTauWithMultiplyAdds',
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
  const { kendallTau, kendallTauByLoss = null, kendallTauByParameters = null, spearman } = result
  const { kendallTauWithMultiplyAdds = null } = result
  const { precisionAtTop: top, bestFound, regret, seconds } = result
  // Of a log that has lost epochs, nothing is told. The checkpoint keeps the variances, and so does the result.
  const isWhole = epochs.length === result.epochs
  const meanOf = (read: (epoch: EpochEvent) => number | null | undefined) =>
    isWhole ? mean(epochs.map((epoch) => read(epoch) ?? null)) : null
  return {
    gradientVariance: mean(result.gradientVariance),
    gradientVarianceLast: result.gradientVariance.at(-1) ?? null,
    gradientVarianceCandidates: meanOf((epoch) => epoch.gradientVarianceCandidates),
    fixedGradientVariance: meanOf((epoch) => epoch.fixedGradientVariance),
    fixedGradientVarianceCandidates: meanOf((epoch) => epoch.fixedGradientVarianceCandidates),
    kendallTau,
    kendallTauByLoss,
    kendallTauByParameters,
    kendallTauWithMultiplyAdds,
    spearman,
    precisionAtTop1: top?.['1%'] ?? null,
    precisionAtTop5: top?.['5%'] ?? null,
    precisionAtTop10: top?.['10%'] ?? null,
    precisionAtTop20: top?.['20%'] ?? null,
    bestFound,
    regret,
    trainingSeconds: isWhole ? epochs.reduce((sum, epoch) => sum + epoch.seconds, 0) : null,
    totalSeconds: seconds,
  }
}

/** Probabilities of operations after every epoch. */
export function pathDistributions({ epochs }: CompleteRun): PathDistribution[] {
  return epochs.map(({ pathDistribution }) => pathDistribution)
}

/**
 * Statistics over the complete searches of a condition. A measure that some of them lack has none: it would pass for one of
 * all seeds.
 */
export function summarise(cells: readonly Measures[]): Summary {
  return Object.fromEntries(
    MEASURES.map((name) => [name, completeStatistic(cells.map((cell) => cell[name]))]),
  ) as Summary
}

/**
 * Kendall's tau of the number of parameters alone, which a ranking has to beat; undefined unless it is the same for all
 * conditions that have a tau. Results of earlier versions lack it.
 */
export function tauOfSizeAlone(conditions: readonly { readonly summary: Partial<Summary> }[]): number | undefined {
  const ranked = conditions.filter(({ summary }) => typeof summary.kendallTau?.mean === 'number')
  const taus = ranked.map(({ summary }) => summary.kendallTauByParameters?.mean ?? Number.NaN)
  return Math.max(...taus) - Math.min(...taus) < 1e-9 ? taus[0] : undefined
}

function mean(values: readonly (number | null)[]): number | null {
  return statistic(values).mean
}
