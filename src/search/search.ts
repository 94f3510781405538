/** A search from settings to result: load, train, rank and find, all in a run folder that can be continued. */
import { expected, UserError } from '../base/errors.js'
import type { HeldLock } from '../base/lock.js'
import { scalars } from '../base/shapes.js'
import type { Config } from '../config/index.js'
import { describeOddities } from '../data/class-shares.js'
import { openImages } from '../data/source.js'
import { type AnySplits, usedImages } from '../data/splits.js'
import { tellingFailure, useResources, type World } from '../distributed/index.js'
import { agreement, sortByAccuracy } from '../evaluation/ranking.js'
import type { Method, MethodContext } from '../methods/method.js'
import { describeCompetition, describeMachine, Supernet } from '../native/index.js'
import { EVALUATED, EVALUATED_BY_FINDING, evaluationSeconds } from '../runs/evaluated.js'
import { foundTable } from '../runs/found-table.js'
import { ProgressRecorder } from '../runs/progress.js'
import { rankingTable } from '../runs/ranking-table.js'
import { makeDefaultRunFolder, RunFolder } from '../runs/run-folder.js'
import { loggingWhyItStopped } from '../runs/stopped.js'
import { agreeOnInput, openTogether, resumeTogether } from '../runs/together.js'
import type { SearchSpace } from '../spaces/index.js'
import { RunningLog } from '../tensorboard/running-log.js'
import { checkWarmup } from '../training/learning-rate.js'
import { stepsPerEpoch, train } from '../training/loop.js'
import { restoreSnapshot, type Snapshot, START } from '../training/snapshot.js'
import { weightsDigest } from '../weights/weights-digest.js'
import { sharesWeights } from './evaluators.js'
import type { Phase, RankingImages, SearchEvent, SearchResult, StartEvent } from './events.js'
import { checkLatencyLimit } from './latency-limit.js'
import { type PreparedSearch, prepare } from './prepare.js'
import { rankAndFind } from './rank-and-find.js'
import { checkRecalibrationBatches, checkTrainingBatches } from './small-batches.js'

const PHASES: readonly Phase[] = ['train', 'rank', 'find']

/** The run folder of a search, the phases to run, and replacements for parts that the settings name. */
export interface SearchOptions {
  /** Run folder to create: a new or empty folder. Default: a folder in `runs/` with the time in its name. */
  readonly out?: string
  /** Run folder to continue instead. Its settings must be the same, except settings that do not affect training. */
  readonly resume?: string
  /** When aborted, the search saves a snapshot and throws the signal's reason. */
  readonly signal?: AbortSignal
  /** Default: all. */
  readonly phases?: readonly Phase[]
  /** Your own search space, instead of the one that `config.space` names. */
  readonly space?: SearchSpace
  /** Your own images, instead of those that `config.data` names. */
  readonly data?: AnySplits
  /** Makes your own method, instead of the one that `config.method` names. */
  readonly method?: (context: MethodContext) => Method
  /**
   * The processes that run the search together; see {@link joinProcesses}. All of them call this function with the same
   * settings. The first writes the run folder, which the others must be able to read if a run is continued.
   */
  readonly world?: World
}

/**
 * Runs a search and reports its progress. The last event is also the return value.
 *
 * ```ts
 * for await (const event of search(await loadConfig())) if (event.event === 'epoch') console.log(event.loss)
 * ```
 *
 * @throws UserError for settings, files and run folders that do not fit; the reason of an aborted signal, after saving.
 */
export function search(config: Config, options: SearchOptions = {}): AsyncGenerator<SearchEvent, SearchResult> {
  return searchHolding(undefined, config, options)
}

/** {@link search} for a caller that holds the lock of the run folder, which is kept. Undefined: it takes the lock. */
export function searchHolding(
  lock: HeldLock | undefined,
  config: Config,
  options: SearchOptions,
): AsyncGenerator<SearchEvent, SearchResult> {
  return tellingFailure(options.world, searchTogether(lock, config, options), options.signal)
}

async function* searchTogether(
  lock: HeldLock | undefined,
  config: Config,
  options: SearchOptions,
): AsyncGenerator<SearchEvent, SearchResult> {
  const { resume, world, phases = PHASES } = options
  const watches = world?.isFirst === false
  if (phases.length === 0 || !phases.every((phase) => PHASES.includes(phase))) {
    throw expected(`one or more of ${PHASES.join(', ')}`, 'phases', phases.join(', ') || 'none', 2)
  }
  if (resume !== undefined && options.out !== undefined) throw expected('out or resume', 'the run folder', 'both', 2)
  if (options.phases?.includes('find') && config.finding === undefined) {
    throw expected('an algorithm', 'finding.algorithm', 'no settings of finding', 2)
  }
  if (resume === undefined && !phases.includes('train')) {
    throw expected('the run folder of a training', 'resume', 'none', 2)
  }
  // A run that another process works on is refused before anything is loaded.
  await using resumed =
    resume === undefined ? undefined : watches ? RunFolder.watched(resume) : await RunFolder.open(resume, lock)
  if (options.out !== undefined && lock === undefined && !watches) await RunFolder.checkFree(options.out)
  // All checks of the input come before the run folder is written and before the first step.
  const prepared = await prepare(config, options)
  if (world !== undefined) await agreeOnInput(world, config, prepared.identity, prepared.groundTruth)
  const { space, splits, method, random, subModels, groundTruth, images, identity } = prepared
  const finding = phases.includes('find') ? config.finding : undefined
  const shared = sharesWeights(space, method)
  const trainCount = splits.train.labels.length
  const trains = phases.includes('train')
  const ranks = phases.includes('rank')
  if (trains) {
    const synchronised = config.distributed.batchNorm === 'synchronised'
    checkTrainingBatches(config, space, method, trainCount, { processes: world?.size, synchronised })
    checkWarmup(config.training, trainCount)
  }
  if (shared && (ranks || finding !== undefined)) checkRecalibrationBatches(config, space, trainCount)
  const processes = await useResources(config, world)
  const { device, precision } = config
  using supernet = Supernet.of(space, { device, precision })
  if (finding !== undefined && !watches) {
    await checkLatencyLimit(config, space, supernet, options.signal)
  }
  const create = async () => RunFolder.create(options.out ?? (await makeDefaultRunFolder({ ...config, method })), lock)
  await using run = resumed ?? (await openTogether(world, create))
  const { snapshot: from, discarded = [] } =
    resumed === undefined ? {} : await resumeTogether(world, () => resumed.resume(config, identity))
  if (resumed === undefined) await run.writeConfig(config)
  const signal = options.signal === undefined ? run.lost : AbortSignal.any([options.signal, run.lost])

  const about = {
    space: space.name,
    method: method.name,
    dataset: splits.name,
    images: usedImages(splits),
    groundTruth: groundTruth?.source ?? null,
  }
  const start: StartEvent = { ...startEvent(run.path, config, prepared), ...(processes && { processes }) }
  await run.logStart(start)
  if (from === undefined && !trains) {
    throw new UserError(`Expected a run with a checkpoint to ${phases[0]} but received ${run.path}`)
  }
  return yield* loggingWhyItStopped(run, options.signal, work())

  async function* work(): AsyncGenerator<SearchEvent, SearchResult> {
    const { lost } = run
    await using recorder = await ProgressRecorder.open(run.path, { ...start, from: from?.progress, lost, watches })
    const tensorboard = config.logging.tensorboard && !watches ? await RunningLog.open(run) : undefined
    yield {
      ...start,
      phases,
      ...(from && { resumed: { epoch: from.progress.epoch, step: from.progress.step } }),
      ...(resumed && from === undefined && { anew: true }),
    }
    yield* discarded

    let latest = from
    if (trains) {
      const settings = config.training
      const save = async (snapshot: Snapshot) => {
        await run.save(snapshot, identity, config)
        latest = snapshot
      }
      using data = openImages(splits.train, config.device)
      if (world !== undefined) {
        await supernet.distribute(world.communicator, config.distributed.batchNorm === 'synchronised')
      }
      for await (const event of train({ space, supernet, data, method, random, settings, from, save, signal, world })) {
        if (event.event === 'epoch') {
          await run.log(event)
          await tensorboard?.epoch(event)
        }
        recorder.observe(event)
        yield event
      }
    } else if (from !== undefined) {
      await restoreSnapshot(from, supernet, method, config.training)
    }
    const progress = latest?.progress ?? START
    const weights = weightsDigest(latest?.weights ?? new Map())
    // They are equal to the last bit, or something is wrong.
    await world?.agree('weights', weights)

    const evaluation = { config, space, splits, images, supernet, shared, weights, run, world, signal }
    const phasesAfter = { subModels: ranks ? subModels : undefined, finding, groundTruth, recorder }
    const { ranked, outcome, damaged } = yield* rankAndFind({ ...evaluation, ...phasesAfter })

    const sorted = sortByAccuracy(space, ranked, groundTruth)
    // An earlier search in this folder has evaluated too, and its results may be kept.
    const evaluated = [EVALUATED, EVALUATED_BY_FINDING].map((name) => run.recordFile(name))
    const result: SearchResult = {
      event: 'result',
      ...about,
      computedFrom: { images, weights },
      epochs: progress.epoch,
      seconds: progress.seconds + (await evaluationSeconds(evaluated, weights)),
      ...agreement(ranked, groundTruth),
      gradientVariance: progress.gradientVariance,
      pathDistribution: method.pathDistribution,
      top: sorted.slice(0, config.ranking.top).map(({ loss: _, ...subModel }) => subModel),
      ranked: ranked.length,
      ...(ranked.length > 0 && { rankedImages: rankingImages(config, prepared).images }),
      ...(outcome && { found: outcome.found }),
      ...(damaged.length > 0 && { damaged }),
      run: run.path,
    }
    if (ranks) await run.write('ranking.csv', rankingTable(sorted))
    if (outcome !== undefined) await run.write('found.csv', foundTable(outcome.all))
    const write = () => run.writeSummary(result)
    const { merged, discarded: dropped } = await (world === undefined ? write() : world.fromFirst(write))
    yield* dropped
    await run.log(merged)
    await tensorboard?.result(merged, progress.epoch)
    yield merged
    return merged
  }
}

/** The first event in the log of a new run. */
export function startEvent(run: string, config: Config, prepared: PreparedSearch): StartEvent {
  const { space, method, splits, groundTruth } = prepared
  const evaluation = rankingImages(config, prepared)
  const steps = stepsPerEpoch(splits.train.labels.length, config.training.batchSize)
  const machine = describeMachine(config.device)
  return {
    event: 'start',
    run,
    space: space.name,
    method: method.name,
    dataset: splits.name,
    images: usedImages(splits),
    groundTruth: groundTruth?.source ?? null,
    parameters: space.parameters().reduce((sum, { shape }) => sum + scalars(shape), 0),
    stepsPerEpoch: steps,
    epochs: config.training.epochs,
    evaluation,
    ...(config.finding && { finding: { algorithm: config.finding.algorithm, limits: config.finding.limits } }),
    machine,
    warnings: [
      ...describeOddities(splits),
      ...describeSmallBatches(evaluation, splits.classes),
      ...(steps === 1 ? ['the training images make one step per epoch, so a gradient variance of 0 says nothing'] : []),
      ...(method.warnings ?? []),
      ...describeCompetition(machine),
    ],
  }
}

function rankingImages({ ranking }: Config, { space, splits }: PreparedSearch): RankingImages {
  const of = splits.test.labels.length
  const images = ranking.imageCount ?? of
  const batches = Math.ceil(images / ranking.batchSize)
  return { images, of, batches, order: 'stratified', batchStatistics: space.buffers === undefined }
}

function describeSmallBatches({ images, batches, batchStatistics }: RankingImages, classes: number): string[] {
  // The smallest: batches differ by one image at most.
  const size = Math.floor(images / batches)
  if (!batchStatistics || size >= classes) return []
  return [`the ranking normalises by batches of ${size} images, which cannot have all ${classes} classes`]
}
