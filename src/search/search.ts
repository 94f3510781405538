/** A search from settings to result: load, train, rank and find, all in a run folder that can be continued. */
import { expected } from '../base/errors.js'
import type { HeldLock } from '../base/lock.js'
import type { Config } from '../config/index.js'
import { withAbsolutePaths } from '../config/resolve-paths.js'
import type { AnySplits } from '../data/splits.js'
import { tellingFailure, useResources, type World } from '../distributed/index.js'
import type { Method, MethodContext } from '../methods/method.js'
import { Supernet } from '../native/index.js'
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
import type { SearchSpace } from '../spaces/index.js'
import { PHASES, type Phase, type SearchEvent, type SearchResult } from './events.js'
import { checkLatencyLimit } from './latency-limit.js'
import { runPhases } from './phases.js'
import { prepare } from './prepare.js'
import { checkBatches } from './small-batches.js'
import { startEvent } from './start-event.js'

/** The run folder of a search, the phases to run, and replacements for parts that the settings name. */
export interface SearchOptions {
  /** Run folder to create: a new or empty folder. Default: a folder in `runs/` with the time in its name. */
  readonly out?: string
  /** Run folder to continue instead. Its settings must be the same, except settings that do not affect training. */
  readonly resume?: string
  /** When aborted, the search saves a snapshot and throws the signal's reason. */
  readonly signal?: AbortSignal
  /** Default: all. */
  readonly phases?: readonly Phase[]
  /** Your own search space, instead of the one that `config.space` names. */
  readonly space?: SearchSpace
  /** Your own images, instead of those that `config.data` names. */
  readonly data?: AnySplits
  /** Makes your own method, instead of the one that `config.method` names. */
  readonly method?: (context: MethodContext) => Method
  /**
   * The processes that run the search together; see {@link joinProcesses}. All of them call this function with the same
   * settings. The first writes the run folder, which the others must be able to read if a run is continued.
   */
  readonly world?: World
}

/**
 * Runs a search and reports its progress. The last event is also the return value.
 *
 * ```ts
 * for await (const event of search(await loadConfig())) if (event.event === 'epoch') console.log(event.loss)
 * ```
 *
 * @throws UserError for settings, files and run folders that do not fit; the reason of an aborted signal, after saving.
 */
export function search(config: Config, options: SearchOptions = {}): AsyncGenerator<SearchEvent, SearchResult> {
  return searchHolding(undefined, config, options)
}

/** {@link search} for a caller that holds the lock of the run folder, which is kept. Undefined: it takes the lock. */
export function searchHolding(
  lock: HeldLock | undefined,
  config: Config,
  options: SearchOptions,
): AsyncGenerator<SearchEvent, SearchResult> {
  return tellingFailure(options.world, searchTogether(lock, config, options), options.signal)
}

async function* searchTogether(
  lock: HeldLock | undefined,
  given: Config,
  options: SearchOptions,
): AsyncGenerator<SearchEvent, SearchResult> {
  const config = withAbsolutePaths(given)
  const phases = checkOptions(config, options)
  const { out, resume, world } = options
  const watches = world?.isFirst === false
  await using resumed = await openToContinue(world, config, { out, resume, lock })
  // All checks of the input come before the run folder is written and before the first step.
  const prepared = await prepare(config, options)
  const { space, method, groundTruth, identity } = prepared
  if (world !== undefined) await agreeOnInput(world, config, identity, groundTruth)
  checkBatches(config, prepared, phases, world?.size)
  const processes = await useResources(config, world)
  const { device, precision } = config
  using supernet = Supernet.of(space, { device, precision })
  if (phases.includes('find') && config.finding !== undefined && !watches) {
    await checkLatencyLimit(config, space, supernet, options.signal)
  }
  const create = async () => RunFolder.create(out ?? (await makeDefaultRunFolder({ ...config, method })), lock)
  await using run = resumed ?? (await openTogether(world, create))
  const { snapshot: from, discarded = [] } =
    resumed === undefined ? {} : await resumeTogether(world, () => resumed.resume(config, identity, phases[0]))
  if (resumed === undefined) await run.writeConfig(config)
  const start = { ...startEvent(run.path, config, prepared), ...(processes && { processes }) }
  await run.logStart(start)
  const warnings = phases.includes('train') ? await describeOtherCount(run, config, from, world) : []
  const signal = signalOf(run, options.signal)
  const told = { ...start, warnings: [...start.warnings, ...warnings] }
  const opened = { config, phases, prepared, supernet, run, start: told, from, discarded, watches, world, signal }
  const events = runPhases({ ...opened, resumed: resumed !== undefined })
  return yield* loggingWhyItStopped(run, options.signal, events)
}

/** The phases to run. Throws a UserError for options that contradict each other or the settings. */
function checkOptions(config: Config, options: SearchOptions): readonly Phase[] {
  const { phases = PHASES, resume, out } = options
  if (phases.length === 0 || !phases.every((phase) => PHASES.includes(phase))) {
    throw expected(`one or more of ${PHASES.join(', ')}`, 'phases', phases.join(', ') || 'none', 2)
  }
  if (resume !== undefined && out !== undefined) throw expected('out or resume', 'the run folder', 'both', 2)
  if (options.phases?.includes('find') && config.finding === undefined) {
    throw expected('an algorithm', 'finding.algorithm', 'no settings of finding', 2)
  }
  if (resume === undefined && !phases.includes('train')) {
    throw expected('the run folder of a training', 'resume', 'none', 2)
  }
  return phases
}
