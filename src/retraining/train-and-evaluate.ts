/** A retraining whose input is checked and whose run folder is open: it trains, and evaluates after every epoch. */
import type { RetrainConfig } from '../config/index.js'
import { openForEvaluations, openImages } from '../data/source.js'
import { stratify } from '../data/stratified.js'
import type { World } from '../distributed/index.js'
import { evaluateInParts } from '../evaluation/evaluate.js'
import type { Supernet } from '../native/index.js'
import type { DiscardedEvent } from '../runs/computed-from.js'
import { eventsOf } from '../runs/event-log.js'
import { ProgressRecorder } from '../runs/progress.js'
import type { RunFolder } from '../runs/run-folder.js'
import { RunningLog } from '../tensorboard/running-log.js'
import { train } from '../training/loop.js'
import { currentWeights, type Snapshot, START } from '../training/snapshot.js'
import { averagesDigest, weightsDigest } from '../weights/weights-digest.js'
import { BestWeights } from './best-weights.js'
import type { RetrainEpochEvent, RetrainEvent, RetrainResult, RetrainStartEvent } from './events.js'
import { accuracies, epochEvent, type Outcome, resultOf } from './outcomes.js'
import type { PreparedRetraining } from './prepare.js'

/** A retraining that can begin. */
export interface OpenedRetraining {
  readonly config: RetrainConfig
  readonly prepared: PreparedRetraining
  readonly supernet: Supernet
  readonly run: RunFolder
  readonly start: RetrainStartEvent
  /** Where it continues a run; undefined for a new one. */
  readonly continues: Pick<RetrainStartEvent, 'anew' | 'resumed'> | undefined
  /** The checkpoint, or the initial weights, that it continues from. */
  readonly from: Snapshot | undefined
  /** Files of the run that are not used, because they are of something else. */
  readonly discarded: readonly DiscardedEvent[]
  /** True for a process that leaves all writing to the first. */
  readonly watches: boolean
  readonly world?: World
  readonly signal: AbortSignal
}

/** Yields the start, the events of training with the accuracies of each epoch, and the result. */
export async function* trainAndEvaluate(opened: OpenedRetraining): AsyncGenerator<RetrainEvent, RetrainResult> {
  const { config, prepared, supernet, run, start, continues, from, discarded, watches, world, signal } = opened
  const { network, splits, method, random, identity } = prepared
  const { training: settings, device, distributed } = config
  const { lost } = run
  await using recorder = await ProgressRecorder.open(run.path, { ...start, from: from?.progress, lost, watches })
  const tensorboard = config.logging.tensorboard && !watches ? await RunningLog.open(run) : undefined
  yield { ...start, ...continues }
  yield* discarded

  let latest = from
  const save = async (snapshot: Snapshot) => {
    await run.save(snapshot, identity, config)
    latest = snapshot
  }
  using data = openImages(splits.train, device)
  using test = openForEvaluations(stratify(splits.test), device)
  const averages = settings.averaging !== undefined
  const evaluate = async () => {
    const once = () => evaluateInParts({ space: network, supernet, data: test, ...config.evaluation, world }, [])
    const raw = await once()
    return accuracies(raw, averages ? await withAverages(supernet, once) : undefined)
  }
  const read = () => currentWeights(supernet)
  // Without a checkpoint training begins anew, perhaps with other images: what was best before does not count.
  const weights =
    from === undefined ? new BestWeights(run, config) : await BestWeights.open(run, config, from.progress.epoch)
  let last: Outcome | undefined = (await eventsOf<RetrainEpochEvent>(run.path, 'epoch')).at(-1)
  if (world !== undefined) await supernet.distribute(world.communicator, distributed.batchNorm === 'synchronised')
  const training = { space: network, supernet, data, method, random, settings, from, save, signal, world }
  for await (const event of train(training)) {
    if (event.event !== 'epoch') {
      recorder.observe(event)
      yield event
      continue
    }
    const measuring = { event: 'measuring', epoch: event.epoch, what: 'accuracy' } as const
    recorder.observe(measuring)
    yield measuring
    // It is not aborted: training saves itself after it.
    const evaluated = epochEvent(event, await evaluate(), [data, test])
    await weights.offer(evaluated, averages ? () => withAverages(supernet, read) : read)
    await run.log(evaluated)
    await tensorboard?.epoch(evaluated)
    yield evaluated
    last = evaluated
  }

  const { progress } = latest ?? { progress: START }
  await world?.agree('weights', weightsDigest(latest?.weights ?? new Map()))
  await world?.agree('averaged weights', averagesDigest(latest))
  const epoch = progress.epoch - 1
  if (epoch >= 0 && last?.epoch !== epoch) {
    // A damaged log has lost the last epoch.
    last = { epoch, loss: progress.losses[epoch], ...(await evaluate()) }
  }
  const result = resultOf(start, last, weights.best, progress.seconds)
  await run.write('summary.json', `${JSON.stringify(result, null, 2)}\n`)
  await run.log(result)
  yield result
  return result
}

/** Does `work` while the supernet has the averaged weights. */
async function withAverages<Result>(
  supernet: Pick<Supernet, 'useWeights'>,
  work: () => Promise<Result>,
): Promise<Result> {
  await supernet.useWeights('averaged')
  try {
    return await work()
  } finally {
    await supernet.useWeights('raw')
  }
}
