/** A retraining whose input is checked and whose run folder is open: it trains, and evaluates after every epoch. */
import type { RetrainConfig } from '../config/index.js'
import { openForEvaluations, openImages } from '../data/source.js'
import { stratify } from '../data/stratified.js'
import type { World } from '../distributed/index.js'
import { type Evaluation, evaluateTogether } from '../evaluation/evaluate.js'
import type { Supernet } from '../native/index.js'
import type { DiscardedEvent } from '../runs/computed-from.js'
import { eventsOf } from '../runs/event-log.js'
import { ProgressRecorder } from '../runs/progress.js'
import type { RunFolder } from '../runs/run-folder.js'
import { RunningLog } from '../tensorboard/running-log.js'
import { train } from '../training/loop.js'
import { currentWeights, type Snapshot, START } from '../training/snapshot.js'
import { weightsDigest } from '../weights/weights-digest.js'
import { BestWeights } from './best-weights.js'
import type { RetrainEpochEvent, RetrainEvent, RetrainResult, RetrainStartEvent } from './events.js'
import { type Accuracies, accuracies, epochEvent, type Outcome, resultOf } from './outcomes.js'
import type { PreparedRetraining } from './prepare.js'

/** A retraining that can begin. */
export interface OpenedRetraining {
  readonly config: RetrainConfig
  readonly prepared: PreparedRetraining
  readonly supernet: Supernet
  readonly run: RunFolder
  readonly start: RetrainStartEvent
  /** The checkpoint, or the initial weights, that it continues from. */
  readonly from: Snapshot | undefined
  /** True for a process that leaves all writing to the first. */
  readonly watches: boolean
  readonly world?: World
  readonly signal: AbortSignal
}

/** What became of the run folder that a retraining continues in. */
export interface Continuation {
  readonly continues: Pick<RetrainStartEvent, 'anew' | 'resumed'> | undefined
  /** Files of it that were left aside. */
  readonly discarded: readonly DiscardedEvent[]
}

export async function* trainAndEvaluate(
  { config, prepared, supernet, run, start, from, watches, world, signal }: OpenedRetraining,
  { continues, discarded }: Continuation,
): AsyncGenerator<RetrainEvent, RetrainResult> {
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
  const evaluate = () => evaluateTogether({ space: network, supernet, data: test, ...config.evaluation, world }, [])
  const averages = settings.averaging !== undefined
  // Without a checkpoint training begins anew, perhaps with other images: what was best before does not count.
  const weights = from === undefined ? new BestWeights(run) : await BestWeights.open(run, from.progress.epoch)
  let last: Outcome | undefined = (await eventsOf<RetrainEpochEvent>(run.path, 'epoch')).at(-1)
  if (world !== undefined) await supernet.distribute(world.communicator, distributed.batchNorm === 'synchronised')
  const training = { space: network, supernet, data, method, random, settings, from, save, signal, world }
  for await (const event of train(training)) {
    if (event.event !== 'epoch') {
      recorder.observe(event)
      yield event
      continue
    }
    // It is not aborted: training saves itself after it.
    const evaluated = await evaluateWeights(supernet, evaluate, averages, async (found) => {
      const epoch = epochEvent(event, found, [data, test])
      await weights.offer(epoch, () => currentWeights(supernet))
      return epoch
    })
    await run.log(evaluated)
    await tensorboard?.epoch(evaluated)
    yield evaluated
    last = evaluated
  }

  const { progress } = latest ?? { progress: START }
  await world?.agree('weights', weightsDigest(latest?.weights ?? new Map()))
  const epoch = progress.epoch - 1
  if (epoch >= 0 && last?.epoch !== epoch) {
    // A damaged log has lost the last epoch.
    const found = await evaluateWeights(supernet, evaluate, averages, async (found) => found)
    last = { epoch, loss: progress.losses[epoch], ...found }
  }
  const result = resultOf(start, last, weights.best, progress.seconds)
  await run.write('summary.json', `${JSON.stringify(result, null, 2)}\n`)
  await run.log(result)
  yield result
  return result
}

/**
 * Evaluates the weights, then the averaged ones if there are any. `use` gets the accuracies while the supernet has the
 * weights that count: the averaged ones, if there are any.
 */
async function evaluateWeights<Result>(
  supernet: Pick<Supernet, 'useWeights'>,
  evaluate: () => Promise<Evaluation>,
  averages: boolean,
  use: (found: Accuracies) => Promise<Result>,
): Promise<Result> {
  const raw = await evaluate()
  if (!averages) return use(accuracies(raw))
  await supernet.useWeights('averaged')
  const result = await use(accuracies(raw, await evaluate()))
  await supernet.useWeights('raw')
  return result
}
