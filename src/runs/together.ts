/** A run folder that one of several processes writes, and what all of them must have in common. */
import type { HeldLock } from '../base/lock.js'
import type { Config, RetrainConfig } from '../config/index.js'
import type { Processes, World } from '../distributed/index.js'
import type { GroundTruth } from '../evaluation/ground-truth.js'
import type { Snapshot } from '../training/snapshot.js'
import { weightsDigest } from '../weights/weights-digest.js'
import type { Identity } from './checkpoint.js'
import { differencesOf } from './continuation.js'
import { eventsOf } from './event-log.js'
import { RunFolder } from './run-folder.js'

/** The settings that all processes must have in common. Their machines may have other cores and other folders. */
export function commonSettings(config: Config | RetrainConfig): object {
  const groundTruth = 'groundTruth' in config ? config.groundTruth : undefined
  return {
    ...config,
    name: undefined,
    threads: undefined,
    data: { ...config.data, dir: undefined },
    // What is in a table must be the same, wherever it is.
    ...(groundTruth && { groundTruth: { ...groundTruth, file: undefined } }),
  }
}

/** Throws a UserError, in all processes, if they have different settings, images or ground truths. */
export async function agreeOnInput(
  world: World,
  config: Config | RetrainConfig,
  identity: Identity,
  groundTruth?: Pick<GroundTruth, 'source'>,
): Promise<void> {
  await world.agree('settings', JSON.stringify(commonSettings(config)), (first, other) =>
    differencesOf(JSON.parse(first), JSON.parse(other)).join('; '),
  )
  await world.agree('space and images', JSON.stringify(identity))
  const { column, digest } = groundTruth?.source ?? {}
  await world.agree('ground truth', digest === undefined ? 'none' : `${column} of a table with the digest ${digest}`)
}

/** The run folder that is asked for: one to create, one to continue, or neither. */
interface AskedFolder {
  readonly out?: string
  readonly resume?: string
  /** Lock of the folder, if the caller holds it. */
  readonly lock?: HeldLock
}

/**
 * The run to continue; undefined if a new one is asked for. It is called before anything is loaded.
 *
 * @throws UserError for a new folder that is in use, and for a run that has other settings or that another process works
 *   on.
 */
export async function openToContinue(
  world: World | undefined,
  config: Config | RetrainConfig,
  { out, resume, lock }: AskedFolder,
): Promise<RunFolder | undefined> {
  const watches = world?.isFirst === false
  if (resume !== undefined) return watches ? RunFolder.watched(resume) : RunFolder.openWith(resume, config, lock)
  if (out !== undefined && lock === undefined && !watches) await RunFolder.checkFree(out)
  return undefined
}

/** Aborted if the caller's signal is, or if another process took the lock of the run over. */
export function signalOf(run: Pick<RunFolder, 'lost'>, signal: AbortSignal | undefined): AbortSignal {
  return signal === undefined ? run.lost : AbortSignal.any([signal, run.lost])
}

/** The folder of a new run, which the first process creates. */
export async function openTogether(world: World | undefined, create: () => Promise<RunFolder>): Promise<RunFolder> {
  if (world === undefined) return create()
  let created: RunFolder | undefined
  const path = await world.fromFirst(async () => {
    created = await create()
    return created.path
  })
  return created ?? RunFolder.watched(path)
}

/** The number of processes that the run in `folder` began with; undefined if it has not begun. */
export async function processesOf(folder: string): Promise<number | undefined> {
  const [start] = await eventsOf<{ readonly event: 'start'; readonly processes?: Processes }>(folder, 'start')
  return start && (start.processes?.count ?? 1)
}

/**
 * A sentence if training continues with another number of processes than the run began with, and its numbers change: batch
 * norms normalise by the share of a process.
 */
export async function describeOtherCount(
  { path }: Pick<RunFolder, 'path'>,
  { distributed, training }: Pick<Config, 'distributed' | 'training'>,
  from: Snapshot | undefined,
  world: World | undefined,
): Promise<string[]> {
  const [before = 1, now] = [await processesOf(path), world?.size ?? 1]
  const trains = from !== undefined && from.progress.epoch < training.epochs
  if (before === now || !trains || distributed.batchNorm === 'synchronised') return []
  const processes = before === 1 ? 'one process' : `${before} processes`
  return [`the run began with ${processes}: batch norms of ${now} normalise by other shares, so its numbers change`]
}

/** Continues a run in all processes. The others read the checkpoint when the first has mended and checked the folder. */
export async function resumeTogether<Resumed extends { readonly snapshot?: Snapshot }>(
  world: World | undefined,
  resume: () => Promise<Resumed>,
): Promise<Resumed> {
  if (world === undefined) return resume()
  const ofFirst = world.isFirst ? await resume() : undefined
  await world.barrier()
  const resumed = ofFirst ?? (await resume())
  const { snapshot } = resumed
  const progress = snapshot && { ...snapshot.progress, weights: weightsDigest(snapshot.weights) }
  await world.agree('checkpoint', JSON.stringify(progress ?? null))
  return resumed
}
