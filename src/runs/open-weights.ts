/** Opens weights of a run or from a file. */
import { stat } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { UserError } from '../base/errors.js'
import { exists } from '../base/files.js'
import type { Config } from '../config/index.js'
import { noSuchKey, type StateDictOptions } from '../formats/state-dict.js'
import { readWeightsFile, type WeightsFile } from '../weights/read-weights.js'
import { type Identity, readCheckpoint } from './checkpoint.js'
import { savedConfig } from './run-folder.js'

/** Weights, and the run that they come from. */
export interface OpenedWeights extends WeightsFile {
  /** The run folder or the file. */
  readonly source: string
  readonly isRunFolder: boolean
  /** Reads the settings of the run; absent for a file outside a run folder. */
  run?(): Promise<Config>
  /** Reads what the run was trained on; absent for a file outside a run folder. */
  identity?(): Promise<Identity | undefined>
}

/**
 * Reads the weights of a run folder's checkpoint, or of a file as {@link readWeights} does. A file in a run's folder
 * `checkpoint` belongs to that run.
 *
 * @throws UserError for a folder that is no run, a run without a checkpoint, a file that cannot be read, a key that is
 *   not there.
 */
export async function openWeights(source: string, options: StateDictOptions = {}): Promise<OpenedWeights> {
  const isRunFolder = (await stat(source).catch(() => undefined))?.isDirectory() ?? false
  if (isRunFolder) {
    if (options.key !== undefined) throw noSuchKey(options.key, [], source)
    const config = await savedConfig(source)
    const checkpoint = await readCheckpoint(join(source, 'checkpoint'))
    if (checkpoint === undefined) throw new UserError(`Expected a run with a checkpoint but received ${source}`)
    const { weights } = checkpoint.snapshot
    const { identity } = checkpoint
    return { source, isRunFolder, weights, otherKeys: [], run: async () => config, identity: async () => identity }
  }
  const file = await readWeightsFile(source, options)
  const folder = dirname(resolve(source))
  const run = dirname(folder)
  const isOfRun = basename(folder) === 'checkpoint' && (await exists(join(run, 'config.yaml')))
  const identity = async () => (await readCheckpoint(folder))?.identity
  return { source, isRunFolder, ...file, ...(isOfRun && { run: () => savedConfig(run), identity }) }
}
