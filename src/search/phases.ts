/** The phases of a search whose input is checked and whose run folder is open: train, rank and find, then the result. */
import type { Config } from '../config/index.js'
import { openImages } from '../data/source.js'
import { usedImages } from '../data/splits.js'
import type { World } from '../distributed/index.js'
import { agreement, type RankingRow, sortRanking } from '../evaluation/ranking.js'
import type { Supernet } from '../native/index.js'
import type { DiscardedEvent } from '../runs/computed-from.js'
import { EVALUATED, EVALUATED_BY_FINDING, evaluationSeconds } from '../runs/evaluated.js'
import { foundTable } from '../runs/found-table.js'
import { ProgressRecorder } from '../runs/progress.js'
import { rankingTable } from '../runs/ranking-table.js'
import type { RunFolder } from '../runs/run-folder.js'
import { RunningLog } from '../tensorboard/running-log.js'
import { train } from '../training/loop.js'
import { restoreSnapshot, type Snapshot, START } from '../training/snapshot.js'
import { averagesDigest, weightsDigest } from '../weights/weights-digest.js'
import { sharesStatistics, sharesWeights } from './evaluators.js'
import type { Phase, SearchEvent, SearchResult, StartEvent } from './events.js'
import type { PreparedSearch } from './prepare.js'
import { type Outcomes, rankAndFind } from './rank-and-find.js'
import { rankingImages } from './start-event.js'

/** A search that can begin. */
export interface OpenedSearch {
  readonly config: Config
  readonly phases: readonly Phase[]
  readonly prepared: PreparedSearch
  readonly supernet: Supernet
  readonly run: RunFolder
  readonly start: StartEvent
  /** True if it continues a run. */
  readonly resumed: boolean
  /** The checkpoint that it continues from. */
  readonly from: Snapshot | undefined
  /** Files of the run that are not used, because they are of something else. */
  readonly discarded: readonly DiscardedEvent[]
  /** True for a process that leaves all writing to the first. */
  readonly watches: boolean
  readonly world?: World
  readonly signal: AbortSignal
}

/** Where training records its progress. */
interface Records {
  readonly recorder: ProgressRecorder
  readonly tensorboard: RunningLog | undefined
}

/** Runs the phases, and yields the start, their events and the result. */
export async function* runPhases(opened: OpenedSearch): AsyncGenerator<SearchEvent, SearchResult> {
  const { config, phases, prepared, supernet, run, start, from, discarded, watches, world, signal } = opened
  const { space, splits, method, images, groundTruth, subModels } = prepared
  const { lost } = run
  await using recorder = await ProgressRecorder.open(run.path, { ...start, from: from?.progress, lost, watches })
  const tensorboard = config.logging.tensorboard && !watches ? await RunningLog.open(run) : undefined
  yield {
    ...start,
    phases,
    ...(from && { resumed: { epoch: from.progress.epoch, step: from.progress.step } }),
    ...(opened.resumed && from === undefined && { anew: true }),
  }
  yield* discarded

  const trained = yield* trainOrRestore(opened, { recorder, tensorboard })
  const weights = weightsDigest(trained?.weights ?? new Map())
  // They are equal to the last bit, or something is wrong.
  await world?.agree('weights', weights)
  await world?.agree('averaged weights', averagesDigest(trained))

  const shared = sharesWeights(space, method)
  const evaluation = { config, space, splits, images, supernet, shared, weights, run, world, signal }
  const outcomes = yield* rankAndFind({
    ...evaluation,
    subModels: phases.includes('rank') ? subModels : undefined,
    finding: phases.includes('find') ? config.finding : undefined,
    groundTruth,
    recorder,
  })
  const sorted = sortRanking(space, outcomes.ranked, groundTruth, config.ranking.by)
  const result = await resultOf(opened, trained, weights, { ...outcomes, sorted })
  const tables = {
    ...(phases.includes('rank') && { 'ranking.csv': rankingTable(sorted) }),
    ...(outcomes.finding && { 'found.csv': foundTable(outcomes.finding.all) }),
  }
  const write = () => run.writeResults(result, tables, { recalibrates: sharesStatistics(space, shared) })
  const { merged, discarded: dropped } = await (world === undefined ? write() : world.fromFirst(write))
  yield* dropped
  await run.log(merged)
  await tensorboard?.result(merged, result.epochs)
  yield merged
  return merged
}

/** Trains, if that is a phase of the search, or restores the checkpoint. Returns the state at the end. */
async function* trainOrRestore(
  { config, phases, prepared, supernet, run, from, world, signal }: OpenedSearch,
  { recorder, tensorboard }: Records,
): AsyncGenerator<SearchEvent, Snapshot | undefined> {
  const { space, splits, method, random, identity } = prepared
  const { training: settings, distributed } = config
  if (!phases.includes('train')) {
    if (from !== undefined) await restoreSnapshot(from, supernet, method, settings)
    return from
  }
  let latest = from
  const save = async (snapshot: Snapshot) => {
    await run.save(snapshot, identity, config)
    latest = snapshot
  }
  using data = openImages(splits.train, config.device)
  if (world !== undefined) await supernet.distribute(world.communicator, distributed.batchNorm === 'synchronised')
  for await (const event of train({ space, supernet, data, method, random, settings, from, save, signal, world })) {
    if (event.event === 'epoch') {
      await run.log(event)
      await tensorboard?.epoch(event)
    }
    recorder.observe(event)
    yield event
  }
  return latest
}

/** The result. `weights` is their digest; `sorted`: what was ranked, best first. */
async function resultOf(
  { config, prepared, run }: OpenedSearch,
  trained: Snapshot | undefined,
  weights: string,
  { ranked, finding, damaged, sorted }: Outcomes & { readonly sorted: readonly RankingRow[] },
): Promise<SearchResult> {
  const { space, splits, method, groundTruth, images } = prepared
  const { progress } = trained ?? { progress: START }
  // An earlier search in this folder has evaluated too, and its results may be kept.
  const evaluated = [EVALUATED, EVALUATED_BY_FINDING].map((name) => run.recordFile(name))
  return {
    event: 'result',
    space: space.name,
    method: method.name,
    dataset: splits.name,
    images: usedImages(splits),
    groundTruth: groundTruth?.source ?? null,
    computedFrom: { images, weights },
    epochs: progress.epoch,
    seconds: progress.seconds + (await evaluationSeconds(evaluated, weights)),
    ...agreement(sorted, groundTruth, config.ranking.by),
    gradientVariance: progress.gradientVariance,
    pathDistribution: method.pathDistribution,
    top: sorted
      .slice(0, config.ranking.top)
      .map(({ path, arch, accuracy, groundTruth }) => ({ path, arch, accuracy, groundTruth })),
    ranked: ranked.length,
    ...(ranked.length > 0 && { rankedBy: config.ranking.by }),
    ...(ranked.length > 0 && { rankedImages: rankingImages(config, prepared).images }),
    ...(finding && { found: finding.found }),
    ...(damaged.length > 0 && { damaged }),
    run: run.path,
  }
}
