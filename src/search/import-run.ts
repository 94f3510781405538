/** Makes a run folder that begins with imported weights. Its training counts as not started. */
import { randomState } from '../base/random.js'
import type { Config } from '../config/index.js'
import { withAbsolutePaths } from '../config/resolve-paths.js'
import { placeOf, type StateDictChoice, type StateDictOptions } from '../formats/state-dict.js'
import { Supernet } from '../native/index.js'
import { type OpenedWeights, openWeights } from '../runs/open-weights.js'
import { makeDefaultRunFolder, RunFolder } from '../runs/run-folder.js'
import { initialise, START, takeSnapshot } from '../training/snapshot.js'
import { type ImportOptions, type ImportReport, importWeights } from '../weights/import-weights.js'
import { weightsDigest } from '../weights/weights-digest.js'
import { prepare } from './prepare.js'
import type { SearchOptions } from './search.js'
import { startEvent } from './start-event.js'

/** Facts about the checkpoint, and the run folder to make. */
export interface ImportRunOptions
  extends Omit<ImportOptions, 'source'>,
    StateDictOptions,
    Pick<SearchOptions, 'out' | 'signal' | 'space' | 'data'> {}

/** A run that has weights but no finished epoch. Keys are absent if the source is a state dict or a run folder. */
export interface ImportedRun extends Partial<StateDictChoice> {
  /** Run folder. */
  readonly run: string
  readonly report: ImportReport
}

/**
 * Makes a run folder with the weights of a checkpoint: a file that `readWeights` reads, or the folder of another run.
 * `search` with `resume` then ranks the supernet, searches it, or trains it from those weights. Tensors that the
 * checkpoint lacks keep the initial values of the settings' seed. `import.json` in the folder holds the report and a
 * digest of the checkpoint's tensors.
 *
 * @throws UserError as {@link importWeights} and `search` do, before anything is written; the reason of an aborted
 *   signal.
 */
export async function importRun(config: Config, source: string, options: ImportRunOptions = {}): Promise<ImportedRun> {
  const settings = withAbsolutePaths(config)
  return importOpened(settings, await openWeights(source, options), options)
}

/** {@link importRun} with weights that were read before. */
export async function importOpened(
  config: Config,
  {
    source,
    weights: tensors,
    key,
    otherKeys,
    prefix,
  }: Pick<OpenedWeights, 'source' | 'weights' | keyof StateDictChoice>,
  options: ImportRunOptions = {},
): Promise<ImportedRun> {
  const { out, signal, space: ownSpace, data, key: _key, prefix: _prefix, ...rest } = options
  if (out !== undefined) await RunFolder.checkFree(out)
  const prepared = await prepare(config, { space: ownSpace, data, signal })
  signal?.throwIfAborted()
  const { space, random, method, identity } = prepared
  const taken = method.takeWeights?.(tensors) ?? new Set()
  const others = new Map([...tensors].filter(([name]) => !taken.has(name)))
  const { weights, report: ofSupernet } = importWeights(space, others, {
    ...rest,
    source: placeOf(source, { key, otherKeys }),
  })
  const kept = [...(method.weights?.().keys() ?? [])].filter((name) => !taken.has(name))
  const report: ImportReport = {
    ...ofSupernet,
    matched: ofSupernet.matched + taken.size,
    initial: [...ofSupernet.initial, ...kept],
  }

  const choice = { ...(key !== undefined && { key, otherKeys }), ...(prefix !== undefined && { prefix }) }

  using supernet = Supernet.of(space)
  await initialise(supernet, random)
  const initial = await takeSnapshot(START, randomState(random), supernet, method, {
    optimizer: config.training.optimizer,
  })
  signal?.throwIfAborted()
  await using run = await RunFolder.create(out ?? (await makeDefaultRunFolder(config)))
  const about = { source, digest: weightsDigest(tensors), ...choice, ...report }
  await run.write('import.json', `${JSON.stringify(about, null, 2)}\n`)
  await run.log(startEvent(run.path, config, prepared))
  await run.save({ ...initial, weights: new Map([...initial.weights, ...weights]) }, identity, config)
  // Last, because it makes the folder a run: what was broken off before is never taken for a run with these weights.
  await run.writeConfig(config)
  return { run: run.path, report, ...choice }
}
