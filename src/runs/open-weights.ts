/** Opens weights of a run or from a file. */
import { stat } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { expected, UserError } from '../base/errors.js'
import { exists } from '../base/files.js'
import type { Config, RetrainConfig } from '../config/index.js'
import { noSuchKey, type StateDictOptions } from '../formats/state-dict.js'
import { averagedWeights } from '../training/snapshot.js'
import { readWeightsFile, type WeightsFile } from '../weights/read-weights.js'
import { checkBestWeights } from './best-weights-of-run.js'
import { type Identity, readCheckpoint, trainedSettings } from './checkpoint.js'
import { checkTrained } from './continuation.js'
import { EVENT_LOG } from './event-log.js'
import { BEST_WEIGHTS } from './run-folder.js'
import { isRetrainingRun, savedConfig, savedRetraining } from './saved-settings.js'

/** Weights, and the run that they come from. */
export interface OpenedWeights extends WeightsFile {
  /** The run folder or the file. */
  readonly source: string
  readonly isRunFolder: boolean
  /** Epochs that the run has trained, of how many; absent for a file outside a run folder. */
  readonly epochs?: { readonly done: number; readonly of: number }
  /** The averaged weights of the run; absent if it averages none. */
  readonly averaged?: WeightsFile['weights']
  /** Reads the settings of the search; absent for a retraining, and for a file outside a run folder. */
  run?(): Promise<Config>
  /** Folder of the search; absent where `run` is. */
  readonly folder?: string
  /** Reads what the run was trained on; absent for a file outside a run folder. */
  identity?(): Promise<Identity | undefined>
  /** The retraining that the weights come from, and its folder; absent for weights of anything else. */
  readonly retraining?: { readonly folder: string; readonly config: RetrainConfig }
}

/**
 * Reads the weights of a run folder's checkpoint, or of a file as {@link readWeights} does. A file in a run's folder
 * `checkpoint` belongs to that run, and so does the file of a retraining's best weights.
 *
 * @throws UserError for a folder that is no run, a run without a checkpoint, weights that another run made, a file that
 *   cannot be read, a key that is not there.
 */
export async function openWeights(source: string, options: StateDictOptions = {}): Promise<OpenedWeights> {
  const isRunFolder = (await stat(source).catch(() => undefined))?.isDirectory() ?? false
  if (isRunFolder) {
    await refuseArchiveFolder(source)
    if (options.key !== undefined) throw noSuchKey(options.key, [], source)
    if (options.prefix !== undefined) throw expected('no prefix', `--prefix of the run ${source}`, options.prefix, 2)
    const run = await settingsOf(source)
    const checkpoint = await readCheckpoint(join(source, 'checkpoint'))
    if (checkpoint === undefined) throw new UserError(`Expected a run with a checkpoint but received ${source}`)
    const { identity } = checkpoint
    const { weights } = checkpoint.snapshot
    const averaged = averagedWeights(checkpoint.snapshot)
    const config = run.retraining?.config ?? (await savedConfig(source))
    checkTrained(checkpoint, config, source)
    const epochs = { done: checkpoint.snapshot.progress.epoch, of: config.training.epochs }
    return {
      source,
      isRunFolder,
      weights,
      epochs,
      ...(averaged && { averaged }),
      otherKeys: [],
      ...run,
      identity: async () => identity,
    }
  }
  const file = await readWeightsFile(source, options)
  const folder = dirname(resolve(source))
  const run = basename(folder) === 'checkpoint' ? dirname(folder) : folder
  const isBest = run === folder && basename(source) === BEST_WEIGHTS
  // Other projects have a folder `checkpoint` and a `config.yaml` too.
  const written = isBest ? join(run, EVENT_LOG) : join(folder, 'state.json')
  const isOfRun = (isBest || run !== folder) && (await exists(written)) && (await exists(join(run, 'config.yaml')))
  if (!isOfRun) return { source, isRunFolder, ...file }
  const identity = async () => (await readCheckpoint(join(run, 'checkpoint')))?.identity
  const settings = (await isRetrainingRun(run)) ? await settingsOf(run) : { run: () => savedConfig(run), folder: run }
  if (run !== folder) {
    const config = settings.retraining?.config ?? (await savedConfig(run))
    checkTrained({ settings: await trainedSettings(folder) }, config, run)
  } else if (settings.retraining !== undefined) {
    checkBestWeights(source, file.metadata, settings.retraining.config)
  }
  return { source, isRunFolder, ...file, ...settings, identity }
}

/** Throws for the folder that a tool made of a checkpoint, which is a zip archive. */
async function refuseArchiveFolder(folder: string): Promise<void> {
  if (!(await exists(join(folder, 'data.pkl'))) || (await exists(join(folder, 'config.yaml')))) return
  const name = basename(resolve(folder))
  const advice = `pack it again: zip -0 -r ${name}.pth ${name}, in the folder around it`
  throw expected('a checkpoint or a run folder', folder, `an unpacked checkpoint: ${advice}`)
}

async function settingsOf(folder: string): Promise<Pick<OpenedWeights, 'run' | 'folder' | 'retraining'>> {
  if (await isRetrainingRun(folder)) return { retraining: { folder, config: await savedRetraining(folder) } }
  const config = await savedConfig(folder)
  return { run: async () => config, folder }
}
