/** A retraining from settings to result: one architecture, trained alone and evaluated after every epoch. */
import { expected, UserError } from '../base/errors.js'
import { randomState } from '../base/random.js'
import type { RetrainConfig } from '../config/index.js'
import { withAbsolutePaths } from '../config/resolve-paths.js'
import type { AnySplits } from '../data/splits.js'
import { tellingFailure, useResources, type World } from '../distributed/index.js'
import { Supernet } from '../native/index.js'
import type { DiscardedEvent } from '../runs/computed-from.js'
import { makeDefaultRunFolder, RunFolder } from '../runs/run-folder.js'
import { loggingWhyItStopped } from '../runs/stopped.js'
import {
  agreeOnInput,
  describeOtherCount,
  openToContinue,
  openTogether,
  resumeTogether,
  signalOf,
} from '../runs/together.js'
import { initialise, type Snapshot, START, takeSnapshot } from '../training/snapshot.js'
import { weightsDigest } from '../weights/weights-digest.js'
import type { RetrainEvent, RetrainResult, RetrainStartEvent } from './events.js'
import { type InitialSources, type InitialWeights, initialWeights } from './initial-weights.js'
import { prepareRetraining } from './prepare.js'
import { startEvent } from './start-event.js'
import { type OpenedRetraining, trainAndEvaluate } from './train-and-evaluate.js'

/** The run folder of a retraining, its initial weights, and a replacement for the images that the settings name. */
export interface RetrainOptions extends InitialSources {
  /** Run folder to create: a new or empty folder. Default: a folder in `runs/` with the time in its name. */
  readonly out?: string
  /** Run folder to continue instead. Its settings must be the same, except settings that do not affect training. */
  readonly resume?: string
  /** When aborted, the retraining saves a snapshot and throws the signal's reason. */
  readonly signal?: AbortSignal
  /** Your own images, instead of those that `config.data` names. */
  readonly data?: AnySplits
  /** How the architecture was chosen, for the records of the run. */
  readonly origin?: string
  /** The processes that train together, as for a search; see {@link SearchOptions.world}. */
  readonly world?: World
}

/**
 * Trains one architecture alone and reports its progress. The last event is also the return value.
 *
 * ```ts
 * const config = parseRetrainConfig({ network: { space: 'nasbench-macro', path: '02012100' } })
 * for await (const event of retrain(config)) if (event.event === 'epoch') console.log(event.top1)
 * ```
 *
 * @throws UserError for settings, files and run folders that do not fit, and for losses that are not finite; the reason
 *   of an aborted signal, after saving.
 */
export function retrain(
  config: RetrainConfig,
  options: RetrainOptions = {},
): AsyncGenerator<RetrainEvent, RetrainResult> {
  return tellingFailure(options.world, retrainTogether(config, options), options.signal)
}

async function* retrainTogether(
  given: RetrainConfig,
  options: RetrainOptions,
): AsyncGenerator<RetrainEvent, RetrainResult> {
  const config = withAbsolutePaths(given)
  checkOptions(options)
  const { world } = options
  const { varianceSteps } = config.training
  // Runs of earlier versions, which kept nothing of it, may go on.
  if (varianceSteps > 0 && options.resume === undefined) {
    throw expected('0 in a retraining, which reports no gradient variance,', 'training.varianceSteps', varianceSteps, 2)
  }
  const watches = world?.isFirst === false
  await using resumed = await openToContinue(world, config, options)
  // All checks of the input come before the run folder is written and before the first step.
  const prepared = await prepareRetraining(config, options)
  const { network, identity } = prepared
  if (world !== undefined) await agreeOnInput(world, config, identity)
  const initial = await initialWeights(network, options)
  await world?.agree('initial weights', initial === undefined ? 'none' : weightsDigest(initial.weights))
  const processes = await useResources(config, world)
  const { device, precision } = config
  using supernet = Supernet.of(network, { device, precision })
  const named = { ...config, method: { name: config.network.space } }
  const create = async () => RunFolder.create(options.out ?? (await makeDefaultRunFolder(named)))
  await using run = resumed ?? (await openTogether(world, create))
  const start: RetrainStartEvent = {
    ...startEvent(run.path, config, prepared, initial, options.origin),
    ...(processes && { processes }),
  }
  const opened = { config, prepared, supernet, run, start, watches, world }
  let from: Snapshot | undefined
  let discarded: readonly DiscardedEvent[] = []
  if (resumed === undefined) {
    from = initial && (await beginWith(initial, opened))
    // It makes the folder a run, which must not lack the weights that it begins with.
    await run.writeConfig(config)
  } else {
    const continued = await resumeTogether(world, () => resumed.resume(config, identity))
    from = continued.snapshot
    discarded = continued.discarded
  }
  await run.logStart(start)
  const warnings = [...start.warnings, ...(await describeOtherCount(run, config, from, world))]
  const signal = signalOf(run, options.signal)
  const { epoch, step } = from?.progress ?? START
  const continues = resumed && (from === undefined ? { anew: true as const } : { resumed: { epoch, step } })
  const events = trainAndEvaluate({ ...opened, start: { ...start, warnings }, continues, from, discarded, signal })
  return yield* loggingWhyItStopped(run, options.signal, events)
}

/** Saves given weights as the state in which training begins. */
async function beginWith(
  { weights, report }: InitialWeights,
  {
    config,
    prepared,
    supernet,
    run,
    start,
  }: Pick<OpenedRetraining, 'config' | 'prepared' | 'supernet' | 'run' | 'start'>,
): Promise<Snapshot> {
  const { method, random, identity } = prepared
  await initialise(supernet, random)
  const { optimizer } = config.training
  // Without averages, which begin as copies of these weights when training begins.
  const snapshot = await takeSnapshot(START, randomState(random), supernet, method, { optimizer })
  const begun = { ...snapshot, weights: new Map([...snapshot.weights, ...weights]) }
  await run.write('import.json', `${JSON.stringify(report, null, 2)}\n`)
  await run.logStart(start)
  await run.save(begun, identity, config)
  return begun
}

function checkOptions({ init, inherit, out, resume }: RetrainOptions): void {
  if (resume !== undefined && out !== undefined) throw expected('out or resume', 'the run folder', 'both', 2)
  if (init !== undefined && inherit !== undefined) {
    throw new UserError('Expected initial weights of one source but received both --init and --inherit', 2)
  }
  if (resume !== undefined && (init !== undefined || inherit !== undefined)) {
    throw new UserError('Expected initial weights for a new run only but received them with --resume', 2)
  }
}
