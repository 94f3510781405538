/** A retraining from settings to result: one architecture, trained alone and evaluated after every epoch. */
import { expected, UserError } from '../base/errors.js'
import { randomState } from '../base/random.js'
import { scalars } from '../base/shapes.js'
import type { RetrainConfig } from '../config/index.js'
import { openForEvaluations, openImages } from '../data/source.js'
import { type AnySplits, usedImages } from '../data/splits.js'
import { stratify } from '../data/stratified.js'
import { tellingFailure, useResources, type World } from '../distributed/index.js'
import { type Evaluation, evaluateTogether } from '../evaluation/evaluate.js'
import { describeCompetition, describeMachine, type ImageSource, Supernet } from '../native/index.js'
import { withoutAuxiliary } from '../programs/outputs.js'
import { type Program, parametersOf } from '../programs/program.js'
import type { DiscardedEvent } from '../runs/computed-from.js'
import { eventsOf } from '../runs/event-log.js'
import { ProgressRecorder } from '../runs/progress.js'
import { makeDefaultRunFolder, RunFolder } from '../runs/run-folder.js'
import { loggingWhyItStopped } from '../runs/stopped.js'
import { agreeOnInput, openTogether, resumeTogether } from '../runs/together.js'
import type { StandaloneNetwork } from '../spaces/index.js'
import { RunningLog } from '../tensorboard/running-log.js'
import type { EpochEvent } from '../training/events.js'
import { stepsPerEpoch, train } from '../training/loop.js'
import { currentWeights, initialise, type Progress, type Snapshot, START, takeSnapshot } from '../training/snapshot.js'
import { weightsDigest } from '../weights/weights-digest.js'
import { BestWeights } from './best-weights.js'
import type { RetrainEpochEvent, RetrainEvent, RetrainResult, RetrainStartEvent } from './events.js'
import { type InitialSources, type InitialWeights, initialWeights } from './initial-weights.js'
import { type PreparedRetraining, prepareRetraining } from './prepare.js'

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
  config: RetrainConfig,
  options: RetrainOptions,
): AsyncGenerator<RetrainEvent, RetrainResult> {
  checkOptions(options)
  const { world } = options
  const watches = world?.isFirst === false
  // A run that another process works on is refused before anything is loaded.
  const open = (folder: string) => (watches ? RunFolder.watched(folder) : RunFolder.open(folder))
  await using resumed = options.resume === undefined ? undefined : await open(options.resume)
  if (options.out !== undefined && !watches) await RunFolder.checkFree(options.out)
  // All checks of the input come before the run folder is written and before the first step.
  const prepared = await prepareRetraining(config, options)
  const { network, splits, method, random, identity } = prepared
  if (world !== undefined) await agreeOnInput(world, config, identity)
  const { averaging } = config.training
  const initial = await initialWeights(network, options)
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
  let from: Snapshot | undefined
  let discarded: readonly DiscardedEvent[] = []
  if (resumed === undefined) {
    from = initial && (await begin(initial))
    // It makes the folder a run, which must not lack the weights that it begins with.
    await run.writeConfig(config)
  } else {
    const continued = await resumeTogether(world, () => resumed.resume(config, identity))
    from = continued.snapshot
    discarded = continued.discarded
  }
  await run.logStart(start)
  return yield* loggingWhyItStopped(run, options.signal, work())

  async function* work(): AsyncGenerator<RetrainEvent, RetrainResult> {
    const signal = options.signal === undefined ? run.lost : AbortSignal.any([options.signal, run.lost])
    const { lost } = run
    await using recorder = await ProgressRecorder.open(run.path, { ...start, from: from?.progress, lost, watches })
    const tensorboard = config.logging.tensorboard && !watches ? await RunningLog.open(run) : undefined
    const { epoch, step } = from?.progress ?? START
    yield { ...start, ...(resumed && (from === undefined ? { anew: true } : { resumed: { epoch, step } })) }
    yield* discarded

    let latest = from
    const save = async (snapshot: Snapshot) => {
      await run.save(snapshot, identity, config)
      latest = snapshot
    }
    using data = openImages(splits.train, device)
    using test = openForEvaluations(stratify(splits.test), device)
    const evaluate = () => evaluateTogether({ space: network, supernet, data: test, ...config.evaluation, world }, [])
    // Without a checkpoint training begins anew, perhaps with other images: what was best before does not count.
    const weights = from === undefined ? new BestWeights(run) : await BestWeights.open(run, epoch)
    let last: Outcome | undefined = (await eventsOf<RetrainEpochEvent>(run.path, 'epoch')).at(-1)
    if (world !== undefined) {
      await supernet.distribute(world.communicator, config.distributed.batchNorm === 'synchronised')
    }
    const { training: settings } = config
    const training = { space: network, supernet, data, method, random, settings, from, save, signal, world }
    for await (const event of train(training)) {
      if (event.event !== 'epoch') {
        recorder.observe(event)
        yield event
        continue
      }
      // It is not aborted: training saves itself after it.
      const raw = await evaluate()
      if (averaging !== undefined) await supernet.useWeights('averaged')
      const averaged = averaging && (await evaluate())
      const evaluated = epochEvent(event, raw, averaged, [data, test])
      await weights.offer(evaluated, () => currentWeights(supernet))
      if (averaging !== undefined) await supernet.useWeights('raw')
      await run.log(evaluated)
      await tensorboard?.epoch(evaluated)
      yield evaluated
      last = evaluated
    }

    const { progress } = latest ?? { progress: START }
    await world?.agree('weights', weightsDigest(latest?.weights ?? new Map()))
    if (progress.epoch > 0 && last?.epoch !== progress.epoch - 1) last = await evaluateAgain(progress)
    const result = resultOf(start, last, weights.best, progress.seconds)
    await run.write('summary.json', `${JSON.stringify(result, null, 2)}\n`)
    await run.log(result)
    yield result
    return result

    /** What a damaged log has lost of the last epoch. */
    async function evaluateAgain({ epoch, losses }: Progress): Promise<Outcome> {
      const raw = await evaluate()
      if (averaging === undefined) return { epoch: epoch - 1, loss: losses[epoch - 1], ...accuracies(raw, undefined) }
      await supernet.useWeights('averaged')
      const averaged = await evaluate()
      await supernet.useWeights('raw')
      return { epoch: epoch - 1, loss: losses[epoch - 1], ...accuracies(raw, averaged) }
    }
  }

  /** Saves given weights as the state in which training begins. */
  async function begin({ weights, report }: InitialWeights): Promise<Snapshot> {
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

function startEvent(
  run: string,
  config: RetrainConfig,
  { network, splits, warnings }: PreparedRetraining,
  initial: InitialWeights | undefined,
  origin: string | undefined,
): RetrainStartEvent {
  const { mean = [], std = [] } = splits.test
  const machine = describeMachine(config.device)
  return {
    event: 'start',
    run,
    space: config.network.space,
    arch: network.encode([]),
    dataset: splits.name,
    images: usedImages(splits),
    warnings: [...warnings, ...describeCompetition(machine)],
    input: network.input,
    classes: network.classes,
    parameters: countParameters(network),
    stepsPerEpoch: stepsPerEpoch(splits.train.labels.length, config.training.batchSize),
    epochs: config.training.epochs,
    normalisation: { mean: [...mean], std: [...std] },
    machine,
    ...(origin !== undefined && { origin }),
    ...(initial && { initial: initial.report.source }),
  }
}

/** Scalar weights without those that only an auxiliary output reads. */
function countParameters(network: StandaloneNetwork): number {
  const program = network.program([])
  const namesOf = ({ instructions }: Pick<Program, 'instructions'>) => new Set(instructions.flatMap(parametersOf))
  const kept = namesOf(withoutAuxiliary(program))
  const auxiliary = new Set([...namesOf(program)].filter((name) => !kept.has(name)))
  return network
    .parameters()
    .filter(({ name }) => !auxiliary.has(name))
    .reduce((sum, { shape }) => sum + scalars(shape), 0)
}

/** How the last epoch ended. */
type Outcome = Pick<RetrainEpochEvent, 'epoch' | 'loss' | keyof ReturnType<typeof accuracies>>

function epochEvent(
  trained: EpochEvent,
  raw: Evaluation,
  averaged: Evaluation | undefined,
  sources: readonly ImageSource[],
): RetrainEpochEvent {
  const damaged = sources.flatMap((images) => images.damaged ?? [])
  return {
    event: 'epoch',
    epoch: trained.epoch,
    loss: trained.loss,
    trainTop1: trained.accuracy,
    trainTop5: trained.accuracyTop5,
    ...accuracies(raw, averaged),
    learningRate: trained.learningRate,
    seconds: trained.seconds,
    imagesPerSecond: trained.imagesPerSecond,
    ...(trained.waiting !== undefined && { waiting: trained.waiting }),
    ...(damaged.length > 0 && { damaged }),
  }
}

function accuracies({ correct, correctTop5, count, loss }: Evaluation, averaged: Evaluation | undefined) {
  return {
    testLoss: loss,
    top1: correct / count,
    top5: correctTop5 / count,
    ...(averaged && { top1Averaged: averaged.correct / count, top5Averaged: averaged.correctTop5 / count }),
  }
}

function resultOf(
  { space, arch, dataset, normalisation, parameters, epochs, run }: RetrainStartEvent,
  last: Outcome | undefined,
  best: RetrainResult['best'] | undefined,
  seconds: number,
): RetrainResult {
  if (last === undefined || best === undefined) throw expected('an evaluated epoch', `the run ${run}`, 'none')
  const { top1, top5, top1Averaged, top5Averaged, loss, testLoss } = last
  const about = { space, arch, dataset, normalisation, parameters, epochs, seconds, top1, top5 } as const
  const averaged = top1Averaged === undefined ? {} : { top1Averaged, top5Averaged }
  return { event: 'result', ...about, ...averaged, loss, testLoss, best, run }
}
