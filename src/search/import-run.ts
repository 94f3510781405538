/** A run that begins with weights of elsewhere: a run folder whose training has all of its epochs before it. */
import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { writeAtomically } from '../base/atomic.js'
import { UserError } from '../base/errors.js'
import { randomState } from '../base/random.js'
import type { Config } from '../config/index.js'
import type { Tensor } from '../formats/safetensors.js'
import { Supernet } from '../native/index.js'
import { readCheckpoint } from '../runs/checkpoint.js'
import { defaultRunFolder, RunFolder, savedConfig } from '../runs/run-folder.js'
import { initialise, START, takeSnapshot } from '../training/snapshot.js'
import { type ImportOptions, type ImportReport, importWeights } from '../weights/import-weights.js'
import { readWeights } from '../weights/read-weights.js'
import { prepare } from './job.js'
import { type SearchOptions, startEvent } from './search.js'

/** What is known of the checkpoint, and where the run goes. */
export interface ImportRunOptions
  extends Omit<ImportOptions, 'source'>,
    Pick<SearchOptions, 'out' | 'signal' | 'space' | 'data'> {}

/** A run that has weights and no epochs yet. */
export interface ImportedRun {
  /** Run folder. */
  readonly run: string
  readonly report: ImportReport
}

/**
 * Makes a run folder with the weights of a checkpoint: a file that {@link readWeights} reads, or the folder of another run.
 * `search` with `resume` ranks it, searches it, or trains on from those weights; what the checkpoint lacks has the initial
 * values of the settings' seed. `import.json` in the folder says what became of every tensor.
 *
 * @throws UserError as {@link importWeights} and `search` do, before anything is written; the reason of an aborted signal.
 */
export async function importRun(config: Config, source: string, options: ImportRunOptions = {}): Promise<ImportedRun> {
  const { out, signal, space: ownSpace, data, ...rest } = options
  const tensors = await readSource(source)
  const job = await prepare(config, { space: ownSpace, data })
  signal?.throwIfAborted()
  const { space, random, method, identity } = job
  const { weights, report } = importWeights(space, tensors, { ...rest, source })

  using supernet = Supernet.of(space)
  await initialise(supernet, random)
  const initial = await takeSnapshot(START, randomState(random), supernet, method, config.training.optimizer)
  signal?.throwIfAborted()
  const run = await RunFolder.create(out ?? defaultRunFolder(config), config, identity)
  await writeAtomically(run.file('import.json'), `${JSON.stringify({ source, ...report }, null, 2)}\n`)
  await run.log(startEvent(run.path, config, job))
  await run.save({ ...initial, weights: new Map([...initial.weights, ...weights]) })
  return { run: run.path, report }
}

async function readSource(source: string): Promise<ReadonlyMap<string, Tensor>> {
  const isFolder = (await stat(source).catch(() => undefined))?.isDirectory() ?? false
  if (!isFolder) return readWeights(source)
  await savedConfig(source)
  const checkpoint = await readCheckpoint(join(source, 'checkpoint'))
  if (checkpoint === undefined) throw new UserError(`Expected a run with a checkpoint to import but received ${source}`)
  return checkpoint.snapshot.weights
}
