/** Evaluates many sub-models with the supernet's weights, and compares their ranking with the ground truth. */
import type { Criterion } from '../config/ranking.js'
import type { RankingConfig } from '../config/schema.js'
import { costOf } from '../spaces/cost.js'
import type { Path, SearchSpace } from '../spaces/space.js'
import { scoresBy } from './criteria.js'
import { type Evaluator, evaluatePaths } from './evaluate.js'
import type { EvaluatedEvent, RankedSubModel } from './events.js'
import { type GroundTruth, subModelTruth } from './ground-truth.js'
import { bestFound, kendallTauB, precisionAtTopK, spearman } from './rank-metrics.js'

/** Shares of the ranked sub-models for which P@top-K is reported, in percent. */
const TOP_PERCENT = [1, 5, 10, 20]

/** The sub-models to rank, and everything that their evaluation needs. */
export interface RankOptions extends Omit<Evaluator, 'batchSize' | 'imageCount'> {
  readonly settings: Pick<RankingConfig, 'batchSize' | 'imageCount'>
  readonly subModels: readonly Path[]
}

/** A sub-model and its evaluation with the supernet's weights. */
export interface Ranked {
  readonly path: Path
  /** In [0, 1]. */
  readonly accuracy: number
  /** Mean cross-entropy. */
  readonly loss: number
}

/** Evaluates sub-models and returns them in the given order. If two differ in dead edges only, one is evaluated. */
export async function* rank(options: RankOptions): AsyncGenerator<EvaluatedEvent, Ranked[]> {
  const { space, settings, subModels } = options
  const { batchSize, imageCount } = settings
  const evaluator = { ...options, batchSize, imageCount }
  const live = subModels.map((path) => space.withoutDeadEdges?.(path) ?? path)
  const distinct = new Map(live.map((path) => [path.join(), path]))
  const found = new Map<string, Omit<Ranked, 'path'>>()
  const known = new Set(live.filter((path) => options.evaluated?.get(path) !== undefined).map((path) => path.join()))
  for await (const { path, correct, count, loss } of evaluatePaths(evaluator, [...distinct.values()])) {
    const accuracy = correct / count
    const key = path.join()
    found.set(key, { accuracy, loss })
    const event = { event: 'evaluated', done: found.size, total: distinct.size, path, accuracy } as const
    yield known.has(key) ? { ...event, known: true } : event
  }
  return subModels.map((path, i) => ({ path, ...found.get(live[i].join())! }))
}

/**
 * Agreement of a ranking with the ground truth; a measure that is not defined is null. The rank correlations do not
 * depend on what the ranking is sorted by. P@top-K, the sub-model ranked first and the regret do.
 */
export interface Agreement {
  /** By accuracy. */
  readonly kendallTau: number | null
  /** By loss, which images blur less than the accuracy: it weighs how sure each answer is. */
  readonly kendallTauByLoss: number | null
  /** By the number of parameters alone, which needs no training: a ranking should be better. */
  readonly kendallTauByParameters: number | null
  /** By the number of multiply-adds alone. */
  readonly kendallTauByMultiplyAdds: number | null
  /** By the sum of the ranks by accuracy and by number of parameters. */
  readonly kendallTauWithParameters: number | null
  /** By the sum of the ranks by accuracy and by number of multiply-adds. */
  readonly kendallTauWithMultiplyAdds: number | null
  /** By accuracy. */
  readonly spearman: number | null
  readonly precisionAtTop: Readonly<Record<string, number>> | null
  readonly bestFound: number | null
  readonly regret: number | null
  /** Number of sub-models that both the ranking and the table have. */
  readonly withGroundTruth: number
}

const NOT_COMPARED = {
  kendallTau: null,
  kendallTauByLoss: null,
  kendallTauByParameters: null,
  kendallTauByMultiplyAdds: null,
  kendallTauWithParameters: null,
  kendallTauWithMultiplyAdds: null,
  spearman: null,
  precisionAtTop: null,
  bestFound: null,
  regret: null,
} as const

/**
 * Compares a ranking, as {@link sortRanking} makes it by the same criterion, with its table over the sub-models that both
 * have.
 */
export function agreement(
  ranking: readonly RankingRow[],
  groundTruth: GroundTruth | undefined,
  by: Criterion,
): Agreement {
  const compared = ranking.flatMap((row, i) => (row.groundTruth === null ? [] : [{ i, truth: row.groundTruth }]))
  if (groundTruth === undefined || compared.length === 0) return { ...NOT_COMPARED, withGroundTruth: 0 }
  const truth = compared.map((one) => one.truth)
  // Ranks are those among all sub-models, with ground truth or without.
  const comparedOf = (scores: ArrayLike<number>) => compared.map(({ i }) => scores[i])
  const tauOf = (scores: ArrayLike<number>) => finite(kendallTauB(comparedOf(scores), truth))
  const accuracies = scoresBy('accuracy', ranking)
  const predicted = comparedOf(scoresBy(by, ranking))
  const best = bestFound(predicted, truth, groundTruth.best.accuracy)
  return {
    kendallTau: tauOf(accuracies),
    kendallTauByLoss: tauOf(scoresBy('loss', ranking)),
    kendallTauByParameters: tauOf(ranking.map(({ parameters }) => parameters)),
    kendallTauByMultiplyAdds: tauOf(ranking.map(({ multiplyAdds }) => multiplyAdds)),
    kendallTauWithParameters: tauOf(scoresBy('accuracyAndParameters', ranking)),
    kendallTauWithMultiplyAdds: tauOf(scoresBy('accuracyAndMultiplyAdds', ranking)),
    spearman: finite(spearman(comparedOf(accuracies), truth)),
    // A single sub-model is the best one.
    precisionAtTop:
      truth.length < 2
        ? null
        : Object.fromEntries(
            TOP_PERCENT.map((percent) => [`${percent}%`, precisionAtTopK(predicted, truth, percent / 100)]),
          ),
    bestFound: best.truth,
    regret: best.regret,
    withGroundTruth: truth.length,
  }
}

/** A sub-model of a ranking: its evaluation, its sizes, and its ground truth. */
export interface RankingRow extends RankedSubModel {
  readonly loss: number
  /** Number of scalar weights that the path uses, if no place shares weights with another. */
  readonly parameters: number
  /** Multiply-adds of one image. */
  readonly multiplyAdds: number
}

/**
 * All sub-models by the criterion, best first, with their sizes and ground truth. Of equal ones, the more accurate one comes
 * first; the others keep their order in `ranked`.
 */
export function sortRanking(
  space: SearchSpace,
  ranked: readonly Ranked[],
  groundTruth: GroundTruth | undefined,
  by: Criterion,
): RankingRow[] {
  if (ranked.length === 0) return []
  const cost = costOf(space)
  const truth = subModelTruth(space, groundTruth)
  const rows = ranked.map(({ path, accuracy, loss }) => {
    const { parameters, multiplyAdds } = cost(path)
    return { path, arch: space.encode(path), accuracy, loss, parameters, multiplyAdds, groundTruth: truth(path) }
  })
  const scores = scoresBy(by, rows)
  return rows
    .map((row, i) => ({ row, score: scores[i] }))
    .sort((a, b) => b.score - a.score || b.row.accuracy - a.row.accuracy)
    .map(({ row }) => row)
}

function finite(value: number): number | null {
  return Number.isFinite(value) ? value : null
}
