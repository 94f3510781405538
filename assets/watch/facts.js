// What is said of the result of a run.
import { counted, decimal, percent, points } from './format.js'

/** @typedef {import('../../src/watch/messages.js').Result} Result */

const CRITERIA = {
  accuracy: 'accuracy',
  loss: 'loss',
  accuracyAndParameters: 'accuracy and parameters: sum of ranks',
  accuracyAndMultiplyAdds: 'accuracy and multiply-adds: sum of ranks',
}

/**
 * @param {Result} result
 * @returns {[string, string][]}
 */
export function factsOf(result) {
  if (result.kind === 'retraining') {
    const { top1, top5, best } = result
    return [
      ['Test accuracy', `${percent(top1)} top-1, ${percent(top5)} top-5`],
      ['Best epoch', `${best.epoch + 1}: ${percent(best.top1)}${best.weights === 'averaged' ? ', averaged' : ''}`],
    ]
  }
  const { kendallTau, kendallTauByParameters, spearman, bestFound, regret, ranked, rankedBy } = result
  const { tauOfRanking, algorithm, foundBy } = result
  /** @type {[string, string][]} */
  const facts = [['Ranked', counted(ranked, 'sub-model')]]
  const isOther = rankedBy !== undefined && rankedBy !== 'accuracy'
  if (isOther) facts.push(['Ranked by', CRITERIA[rankedBy]])
  if (kendallTau !== null) {
    const by = isOther ? ' by accuracy' : ''
    const own = isOther && typeof tauOfRanking === 'number' ? `${decimal(tauOfRanking)}, ` : ''
    facts.push(['Kendall tau', own + decimal(kendallTau) + by], ['Spearman', decimal(spearman) + by])
  }
  // Results of earlier versions do not tell.
  if (typeof kendallTauByParameters === 'number') {
    facts.push(['Size alone', `Kendall tau ${decimal(kendallTauByParameters)} by parameters`])
  }
  if (bestFound !== null) {
    facts.push(['Ranked first', `${percent(bestFound / 100)} (regret ${points(regret ?? 0)})`])
  }
  const sorted = foundBy === undefined || foundBy === 'accuracy' ? '' : `, sorted by ${CRITERIA[foundBy]}`
  if (algorithm !== undefined) facts.push(['Found by', algorithm + sorted])
  return facts
}
