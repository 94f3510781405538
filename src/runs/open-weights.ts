/** Opens weights of a run or from a file. */
import { stat } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { UserError } from '../base/errors.js'
import { exists } from '../base/files.js'
import type { Config } from '../config/index.js'
import type { Tensor } from '../formats/safetensors.js'
import { readWeights } from '../weights/read-weights.js'
import { readCheckpoint } from './checkpoint.js'
import { savedConfig } from './run-folder.js'

/** Weights, and the run that they come from. */
export interface OpenedWeights {
  /** The run folder or the file. */
  readonly source: string
  readonly isRunFolder: boolean
  readonly weights: ReadonlyMap<string, Tensor>
  /** Reads the settings of the run; absent for a file outside a run folder. */
  run?(): Promise<Config>
}

/**
 * Reads the weights of a run folder's checkpoint, or of a file as {@link readWeights} does. A file in a run's folder
 * `checkpoint` belongs to that run.
 *
 * @throws UserError for a folder that is no run, a run without a checkpoint, a file that cannot be read.
 */
export async function openWeights(source: string): Promise<OpenedWeights> {
  const isRunFolder = (await stat(source).catch(() => undefined))?.isDirectory() ?? false
  if (isRunFolder) {
    const config = await savedConfig(source)
    const checkpoint = await readCheckpoint(join(source, 'checkpoint'))
    if (checkpoint === undefined) throw new UserError(`Expected a run with a checkpoint but received ${source}`)
    return { source, isRunFolder, weights: checkpoint.snapshot.weights, run: async () => config }
  }
  const weights = await readWeights(source)
  const folder = dirname(resolve(source))
  const run = dirname(folder)
  const isOfRun = basename(folder) === 'checkpoint' && (await exists(join(run, 'config.yaml')))
  return { source, isRunFolder, weights, ...(isOfRun && { run: () => savedConfig(run) }) }
}
