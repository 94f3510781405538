/** The phases after training: ranks sub-models, and looks for the best ones. */
import { RandomStream } from '../base/random.js'
import type { Config } from '../config/index.js'
import { evaluatePaths } from '../evaluation/evaluate.js'
import type { GroundTruth } from '../evaluation/ground-truth.js'
import { type Ranked, rank } from '../evaluation/ranking.js'
import { type FindOutcome, find, needsLatency } from '../finding/find.js'
import type { ProgressRecorder } from '../runs/progress.js'
import type { Path } from '../spaces/index.js'
import { Evaluators, type EvaluatorsOptions } from './evaluators.js'
import type { SearchEvent } from './events.js'

export interface RankAndFindOptions extends EvaluatorsOptions {
  /** Sub-models to rank; undefined: the ranking is no phase of this search. */
  readonly subModels: readonly Path[] | undefined
  /** Undefined: finding is no phase of this search. */
  readonly finding: Config['finding']
  readonly groundTruth: GroundTruth | undefined
  readonly recorder: Pick<ProgressRecorder, 'through'>
}

/** What the phases evaluated. */
export interface Outcomes {
  readonly ranked: readonly Ranked[]
  readonly finding?: FindOutcome
  /** Damaged images that were replaced by others, one sentence each. */
  readonly damaged: readonly string[]
}

/** Evaluates sub-models of a supernet that is trained. */
export async function* rankAndFind(options: RankAndFindOptions): AsyncGenerator<SearchEvent, Outcomes> {
  const { subModels, finding, config, recorder } = options
  if (subModels === undefined && finding === undefined) return { ranked: [], damaged: [] }
  using evaluators = new Evaluators(options)
  let ranked: Ranked[] = []
  if (subModels !== undefined) {
    const evaluator = await evaluators.forRanking()
    yield* evaluators.takeDiscarded()
    ranked = yield* recorder.through(rank({ ...evaluator, settings: config.ranking, subModels }))
  }
  const outcome = finding === undefined ? undefined : yield* findBest(options, evaluators, finding)
  return { ranked, finding: outcome, damaged: evaluators.damaged }
}

async function* findBest(
  { config, space, groundTruth, recorder, signal }: RankAndFindOptions,
  evaluators: Evaluators,
  settings: NonNullable<Config['finding']>,
): AsyncGenerator<SearchEvent, FindOutcome> {
  const evaluator = await evaluators.forFinding(settings)
  const latency = needsLatency(settings) ? await evaluators.latency(settings.latency) : undefined
  yield* evaluators.takeDiscarded()
  const evaluateAll = async function* (paths: readonly Path[]) {
    for await (const { correct, count } of evaluatePaths(evaluator, paths)) yield correct / count
  }
  const evaluate = async (path: Path) => {
    for await (const accuracy of evaluateAll([path])) return accuracy
    throw new Error('unreachable')
  }
  // A resumed search draws this stream from its beginning and repeats the decisions of the first search.
  const random = RandomStream.named(config.seed, 'finding')
  const problem = { space, settings, evaluate, evaluateAll, latency, groundTruth, random, signal }
  const { found, all } = yield* recorder.through(find(problem))
  return { found: { ...found, images: evaluator.imageCount ?? evaluator.data.count }, all }
}
