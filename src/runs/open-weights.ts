/** Opens weights of a run or from a file. */
import { stat } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { UserError } from '../base/errors.js'
import { exists } from '../base/files.js'
import type { Config, RetrainConfig } from '../config/index.js'
import type { Tensor } from '../formats/safetensors.js'
import { readWeights } from '../weights/read-weights.js'
import { readCheckpoint } from './checkpoint.js'
import { BEST_WEIGHTS, isRetrainingRun, savedConfig, savedRetraining } from './run-folder.js'

/** Weights, and the run that they come from. */
export interface OpenedWeights {
  /** The run folder or the file. */
  readonly source: string
  readonly isRunFolder: boolean
  readonly weights: ReadonlyMap<string, Tensor>
  /** Reads the settings of the search; absent for a retraining, and for a file outside a run folder. */
  run?(): Promise<Config>
  /** The retraining that the weights come from, and its folder; absent for weights of anything else. */
  readonly retraining?: { readonly folder: string; readonly config: RetrainConfig }
}

/**
 * Reads the weights of a run folder's checkpoint, or of a file as {@link readWeights} does. A file in a run's folder
 * `checkpoint` belongs to that run, and so does the file of a retraining's best weights.
 *
 * @throws UserError for a folder that is no run, a run without a checkpoint, a file that cannot be read.
 */
export async function openWeights(source: string): Promise<OpenedWeights> {
  const isRunFolder = (await stat(source).catch(() => undefined))?.isDirectory() ?? false
  if (isRunFolder) {
    const run = await settingsOf(source)
    const checkpoint = await readCheckpoint(join(source, 'checkpoint'))
    if (checkpoint === undefined) throw new UserError(`Expected a run with a checkpoint but received ${source}`)
    return { source, isRunFolder, weights: checkpoint.snapshot.weights, ...run }
  }
  const weights = await readWeights(source)
  const folder = dirname(resolve(source))
  const run = basename(folder) === 'checkpoint' ? dirname(folder) : folder
  const isOfRun = run !== folder || basename(source) === BEST_WEIGHTS
  if (!isOfRun || !(await exists(join(run, 'config.yaml')))) return { source, isRunFolder, weights }
  const isRetraining = await isRetrainingRun(run)
  return { source, isRunFolder, weights, ...(isRetraining ? await settingsOf(run) : { run: () => savedConfig(run) }) }
}

async function settingsOf(folder: string): Promise<Pick<OpenedWeights, 'run' | 'retraining'>> {
  if (await isRetrainingRun(folder)) return { retraining: { folder, config: await savedRetraining(folder) } }
  const config = await savedConfig(folder)
  return { run: async () => config }
}
