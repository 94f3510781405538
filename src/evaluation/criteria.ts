/** What a ranking can be sorted by. */
import { expected } from '../base/errors.js'
import { CRITERIA, type Criterion } from '../config/ranking.js'
import { meanRanks } from './rank-metrics.js'

/** The numbers of a sub-model that criteria use. */
interface Scored {
  readonly accuracy: number
  readonly loss: number
  readonly parameters: number
  readonly multiplyAdds: number
}

/** The criteria in words. */
export const CRITERION_WORDS: Readonly<Record<Criterion, string>> = {
  accuracy: 'accuracy',
  loss: 'loss',
  accuracyAndParameters: 'accuracy and parameters',
  accuracyAndMultiplyAdds: 'accuracy and multiply-adds',
}

/** The size whose rank is summed with that of the accuracy. */
export function sizeIn(by: 'accuracyAndParameters' | 'accuracyAndMultiplyAdds'): 'parameters' | 'multiplyAdds' {
  return by === 'accuracyAndParameters' ? 'parameters' : 'multiplyAdds'
}

/** Name of the rank correlation with the ground truth of a ranking that is sorted by a criterion. */
export const TAU_BY = {
  accuracy: 'kendallTau',
  loss: 'kendallTauByLoss',
  accuracyAndParameters: 'kendallTauWithParameters',
  accuracyAndMultiplyAdds: 'kendallTauWithMultiplyAdds',
} as const satisfies Readonly<Record<Criterion, string>>

/** A score of each sub-model by a criterion: the larger, the better. Throws a UserError for an unknown criterion. */
export function scoresBy(by: Criterion, rows: readonly Scored[]): ArrayLike<number> {
  if (!CRITERIA.includes(by)) throw expected(CRITERIA.join(', '), 'by', JSON.stringify(by), 2)
  const accuracies = rows.map(({ accuracy }) => accuracy)
  if (by === 'accuracy') return accuracies
  if (by === 'loss') return rows.map(({ loss }) => -loss)
  const size = sizeIn(by)
  return sumOfRanks(
    accuracies,
    rows.map((row) => row[size]),
  )
}

/** Large for what both scores rank high. Equal scores share their mean rank. */
export function sumOfRanks(a: ArrayLike<number>, b: ArrayLike<number>): Float64Array {
  const ranks = meanRanks(b)
  return meanRanks(a).map((rank, i) => rank + ranks[i])
}
