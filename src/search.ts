/** A search from settings to result: load, train, rank, judge; all of it in a run folder that can be continued. */
import { writeAtomically } from './atomic.js'
import type { Config } from './config/index.js'
import type { Splits } from './data/index.js'
import { UserError } from './errors.js'
import { scalars } from './evaluation/gradient-variance.js'
import { agreement, type Ranked, rank, sortByAccuracy } from './evaluation/ranking.js'
import type { SearchEvent, SearchResult } from './events.js'
import { prepare } from './job.js'
import { Dataset, Supernet, setThreads } from './native.js'
import { EvaluatedPaths } from './runs/evaluated.js'
import { rankingTable } from './runs/ranking-table.js'
import { defaultRunFolder, RunFolder } from './runs/run-folder.js'
import type { SearchSpace } from './spaces/index.js'
import { restoreSnapshot, type Snapshot, START } from './training/snapshot.js'
import { stepsPerEpoch, train } from './training/supernet.js'

export type Phase = 'train' | 'rank'

export interface SearchOptions {
  /** Run folder to create; new or empty. Default: a folder in `runs/` with the time in its name. */
  readonly out?: string
  /** Run folder to continue instead; its settings must be the same, but for those of the ranking. */
  readonly resume?: string
  /** When aborted, the search saves itself and throws the signal's reason. */
  readonly signal?: AbortSignal
  /** Default: both. */
  readonly phases?: readonly Phase[]
  /** A search space of one's own, instead of the one that `config.space` names. */
  readonly space?: SearchSpace
  /** Images of one's own, instead of those that `config.data` names. */
  readonly data?: Splits
}

/**
 * Searches, and reports every step of the way; the last event is also the return value.
 *
 * ```ts
 * for await (const event of search(await loadConfig())) if (event.event === 'epoch') console.log(event.loss)
 * ```
 *
 * @throws UserError for settings, files and run folders that do not fit; the reason of an aborted signal, after saving.
 */
export async function* search(config: Config, options: SearchOptions = {}): AsyncGenerator<SearchEvent, SearchResult> {
  const { signal, phases = ['train', 'rank'] } = options
  // Everything that may be wrong with the input comes before the first trace on disk and the first step.
  const job = await prepare(config, options)
  const { space, splits, method, random, subModels, groundTruth } = job
  if (config.threads !== undefined) await setThreads(config.threads)
  const { device, precision } = config
  using supernet = new Supernet(space.parameters(), { device, precision, buffers: space.buffers?.() })
  const { run, from } =
    options.resume === undefined
      ? { run: await RunFolder.create(options.out ?? defaultRunFolder(config), config, job.identity), from: undefined }
      : await RunFolder.open(options.resume, config, job.identity)

  const about = { space: space.name, method: method.name, dataset: splits.name }
  const start: SearchEvent = {
    event: 'start',
    run: run.path,
    ...about,
    parameters: space.parameters().reduce((sum, { shape }) => sum + scalars(shape), 0),
    stepsPerEpoch: stepsPerEpoch(splits.train.labels.length, config.training.batchSize),
    epochs: config.training.epochs,
    ...(from && { resumed: { epoch: from.progress.epoch, step: from.progress.step } }),
  }
  if (from === undefined) await run.log(start)
  yield start

  let latest = from
  if (phases.includes('train')) {
    const settings = config.training
    const save = async (snapshot: Snapshot) => {
      await run.save(snapshot)
      latest = snapshot
    }
    using data = new Dataset(splits.train, config.device)
    for await (const event of train({ space, supernet, data, method, random, settings, from, save, signal })) {
      if (event.event === 'epoch') await run.log(event)
      yield event
    }
  } else {
    if (from === undefined) throw new UserError(`Expected a run with a checkpoint to rank but received ${run.path}`)
    await restoreSnapshot(from, supernet, method)
  }
  const progress = latest?.progress ?? START

  let ranked: Ranked[] = []
  let seconds = progress.seconds
  if (phases.includes('rank')) {
    using data = new Dataset(splits.test, config.device)
    const { batchSize, imageCount = data.count } = config.ranking
    const key = { epoch: progress.epoch, step: progress.step, batchSize, imageCount }
    const evaluated = await EvaluatedPaths.open(run.file('evaluated.jsonl'), key)
    ranked = yield* rank({ space, supernet, data, settings: config.ranking, subModels, evaluated, signal })
    seconds += evaluated.seconds
  }

  const sorted = sortByAccuracy(space, ranked, groundTruth)
  const result: SearchResult = {
    event: 'result',
    ...about,
    epochs: progress.epoch,
    seconds,
    ...agreement(ranked, groundTruth),
    gradientVariance: progress.gradientVariance,
    pathDistribution: method.pathDistribution,
    top: sorted.slice(0, config.ranking.top).map(({ loss: _, ...subModel }) => subModel),
    ranked: ranked.length,
    run: run.path,
  }
  if (phases.includes('rank')) await writeAtomically(run.file('ranking.csv'), rankingTable(sorted))
  await run.writeSummary(result)
  await run.log(result)
  yield result
  return result
}
