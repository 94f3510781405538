/** A run that begins with weights of elsewhere: a run folder whose training has all of its epochs before it. */
import { writeAtomically } from '../base/atomic.js'
import { randomState } from '../base/random.js'
import type { Config } from '../config/index.js'
import { Supernet } from '../native/index.js'
import { type OpenedWeights, openWeights } from '../runs/open-weights.js'
import { defaultRunFolder, RunFolder } from '../runs/run-folder.js'
import { initialise, START, takeSnapshot } from '../training/snapshot.js'
import { type ImportOptions, type ImportReport, importWeights } from '../weights/import-weights.js'
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
 * Makes a run folder with the weights of a checkpoint: a file that `readWeights` reads, or the folder of another run.
 * `search` with `resume` ranks it, searches it, or trains on from those weights; what the checkpoint lacks has the initial
 * values of the settings' seed. `import.json` in the folder says what became of every tensor.
 *
 * @throws UserError as {@link importWeights} and `search` do, before anything is written; the reason of an aborted signal.
 */
export async function importRun(config: Config, source: string, options: ImportRunOptions = {}): Promise<ImportedRun> {
  return importOpened(config, await openWeights(source), options)
}

/** {@link importRun} with weights that are read already. */
export async function importOpened(
  config: Config,
  { source, weights: tensors }: Pick<OpenedWeights, 'source' | 'weights'>,
  options: ImportRunOptions = {},
): Promise<ImportedRun> {
  const { out, signal, space: ownSpace, data, ...rest } = options
  const job = await prepare(config, { space: ownSpace, data })
  signal?.throwIfAborted()
  const { space, random, method, identity } = job
  const taken = method.takeWeights?.(tensors) ?? new Set()
  const others = new Map([...tensors].filter(([name]) => !taken.has(name)))
  const { weights, report: ofSupernet } = importWeights(space, others, { ...rest, source })
  const kept = [...(method.weights?.().keys() ?? [])].filter((name) => !taken.has(name))
  const report: ImportReport = {
    ...ofSupernet,
    matched: ofSupernet.matched + taken.size,
    initial: [...ofSupernet.initial, ...kept],
  }

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
