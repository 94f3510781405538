/**
 * Runs the searches of an experiment one after the other, each in its own run folder. It skips complete searches and
 * continues begun ones, so you can stop an experiment at any time. Several processes can share one experiment: each
 * run folder has a lock, and only the process that holds it runs the search.
 */
import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { UserError } from '../base/errors.js'
import { makeFolder } from '../base/files.js'
import type { HeldLock } from '../base/lock.js'
import type { AnySplits } from '../data/splits.js'
import { tellingFailure, type World } from '../distributed/index.js'
import { appendPictures } from '../report/tensorboard.js'
import { tryLockRun } from '../runs/run-lock.js'
import { commonSettings } from '../runs/together.js'
import type { SearchEvent } from '../search/events.js'
import { searchHolding } from '../search/search.js'
import { cellFolder, failureSince, readCell } from './cell-folder.js'
import { checkFolder, checkProcesses, checkSearches, outdated, unfinished } from './check.js'
import { type Origins, writeResults } from './collect.js'
import type { ExperimentEvent, ExperimentReport } from './events.js'
import type { Cell, Experiment } from './plan.js'
import { writePlan } from './plan-file.js'
import { type ExperimentResults, incomparable } from './results.js'

/** Milliseconds between two attempts to lock the searches that other processes hold. */
const RETRY = 2_000

/** Folder, images and extent of an experiment. */
export interface ExperimentOptions {
  /** Folder of the experiment, new or to continue; default `experiments/<name>`. */
  readonly out?: string
  /** Run no search; only write tables and figures of the complete ones. */
  readonly reportOnly?: boolean
  /** When aborted, the running search saves itself and the signal's reason is thrown. */
  readonly signal?: AbortSignal
  /**
   * The processes that run each search together; see {@link joinProcesses}. All of them call this function with the same
   * experiment.
   */
  readonly world?: World
  /** Your own images for every search, instead of the data set in the settings. */
  readonly data?: AnySplits
  /** A search that fails after this moment in another process is not tried again here. Default: now. */
  readonly since?: Date
}

/**
 * Runs the remaining searches of an experiment and yields its events. The last event is also the return value. Tables
 * and figures are rewritten after every search.
 *
 * ```ts
 * for await (const event of experiment(await loadExperiment('smoke.yaml'))) if (event.event === 'cellDone') …
 * ```
 *
 * @throws UserError before the first search, if settings, files or folders do not fit; and at the end, if a search has
 * failed. If the signal aborts, its reason, after saving.
 */
export async function* experiment(
  plan: Experiment,
  options: ExperimentOptions = {},
): AsyncGenerator<ExperimentEvent, ExperimentReport> {
  const { report, failures } = yield* tellingFailure(options.world, experimentTogether(plan, options), options.signal)
  // All processes have come to the end, so none is told that another failed.
  if (failures.length > 0) throw searchesFailed(failures)
  return report
}

/** Of the searches with ground truth. */
function fewestCompared({ cells }: ExperimentResults): Pick<ExperimentReport, 'fewestCompared'> {
  const compared = cells.flatMap(({ groundTruth, withGroundTruth = 0 }) => (groundTruth ? [withGroundTruth] : []))
  return compared.length === 0 ? {} : { fewestCompared: Math.min(...compared) }
}

/** The error of an experiment of which searches failed; `failures`: each by its name, and why. */
export function searchesFailed(failures: readonly string[]): UserError {
  return new UserError(
    `Expected every search to end well but received ${failures.length} that failed: ${failures.join('; ')}`,
  )
}

/** What an experiment came to. */
interface Outcome {
  readonly report: ExperimentReport
  readonly failures: readonly string[]
}

async function* experimentTogether(
  plan: Experiment,
  options: ExperimentOptions,
): AsyncGenerator<ExperimentEvent, Outcome> {
  const { world } = options
  await world?.agree('experiment', digestOf(plan), () => 'its file, or --set, is different')
  if (world?.isFirst === false) return yield* followFirst(plan, world, options)
  const out = options.out ?? join('experiments', plan.name)
  const { cells } = plan
  await checkFolder(out, options.reportOnly === true)
  // Settings are checked first, because it takes no time.
  let left = await unfinished(plan, out)
  if (!options.reportOnly) await checkProcesses(cells, out, world?.size ?? 1)
  const origins = options.reportOnly
    ? undefined
    : await checkSearches(cells, { data: options.data, processes: world?.size, signal: options.signal })
  if (origins !== undefined) left = await unfinished(plan, out, origins)
  yield { event: 'experiment', name: plan.name, out, cells: cells.length, complete: cells.length - left.length }

  const failures: string[] = []
  if (origins !== undefined) {
    await makeFolder(join(out, 'cells'))
    await writePlan(plan, out)
    for await (const event of searchAll(plan, left, { ...options, out, origins })) {
      if (event.event === 'cellFailed') failures.push(`${event.cell}: ${event.message}`)
      if (event.event === 'cellDone') await writeResults(plan, out, origins)
      yield event
    }
  }
  const { results, files } = await writeResults(plan, out, origins)
  const { data, signal } = options
  const old = options.reportOnly ? await outdated(plan, out, { data, signal }) : undefined
  const unlike = incomparable(results.cells)
  const report: ExperimentReport = {
    event: 'report',
    name: plan.name,
    cells: cells.length,
    complete: results.cells.length,
    ...fewestCompared(results),
    rankedBy: [...new Set(results.cells.map((cell) => cell.rankedBy ?? 'accuracy'))],
    ...(unlike && { incomparable: unlike }),
    ...(old && { outdated: old }),
    conditions: results.conditions,
    differences: results.differences,
    files,
  }
  await world?.fromFirst<Order>(() => ({ report, failures }))
  yield report
  return { report, failures }
}

/** What the first of several processes tells the others to do: a search, or to end. */
type Order = { readonly cell: number; readonly state: 'new' | 'begun' } | Outcome

/** What the other processes do: the searches that the first one begins. */
async function* followFirst(
  plan: Experiment,
  world: World,
  options: ExperimentOptions,
): AsyncGenerator<ExperimentEvent, Outcome> {
  const out = options.out ?? join('experiments', plan.name)
  for (;;) {
    const order = await world.fromFirst<Order>(() => {
      throw new Error('Expected orders of the first process')
    }, options.signal)
    if ('report' in order) {
      yield order.report
      return order
    }
    yield* searchCell(plan, plan.cells[order.cell], order.state, { ...options, out })
  }
}

function digestOf({ name, cells }: Experiment): string {
  return createHash('sha256')
    .update(JSON.stringify([name, cells.map((cell) => ({ ...cell, config: commonSettings(cell.config) }))]))
    .digest('hex')
}

type CellEvent = Exclude<ExperimentEvent, { event: 'experiment' | 'report' }>

interface SharedOptions extends ExperimentOptions {
  readonly out: string
  readonly origins: Origins
}

interface CellOptions extends ExperimentOptions {
  readonly out: string
  /** The lock of the run folder; absent in the processes that follow the first. */
  readonly lock?: HeldLock
  /** See {@link CellEvent}. */
  readonly changed?: readonly string[]
}

/** Runs each search that no other process holds, until all are complete or have failed, here or there. */
async function* searchAll(plan: Experiment, cells: readonly Cell[], options: SharedOptions): AsyncGenerator<CellEvent> {
  const { out, origins, signal, world, since = new Date() } = options
  let waiting = false
  for (let left = cells; left.length > 0; ) {
    const held: Cell[] = []
    for (const cell of left) {
      signal?.throwIfAborted()
      await makeFolder(cellFolder(out, cell))
      await using lock = await tryLockRun(cellFolder(out, cell))
      if (lock === undefined) {
        held.push(cell)
        continue
      }
      // The previous holder of the lock may have completed it.
      const { state, changed } = await readCell(out, cell, origins.get(cell))
      if (state === 'complete') continue
      const failure = state === 'begun' ? await failureSince(out, cell, since) : undefined
      if (failure !== undefined) {
        yield { event: 'cellFailed', cell: cell.id, message: failure }
        continue
      }
      await world?.fromFirst<Order>(() => ({ cell: plan.cells.indexOf(cell), state }))
      const isLost = yield* searchCell(plan, cell, state, { ...options, lock, changed })
      if (isLost) held.push(cell)
    }
    if (held.length === left.length) {
      world?.communicator.check()
      if (!waiting) yield { event: 'waiting', cells: held.map(({ id }) => id) }
      waiting = true
      await sleep(RETRY, undefined, { signal }).catch(() => signal?.throwIfAborted())
    }
    left = held
  }
}

/** Runs one search. Returns true if another process took it over, which happens to a process that was suspended. */
async function* searchCell(
  { cells }: Experiment,
  cell: Cell,
  state: 'new' | 'begun',
  { out, signal, data, lock, world, changed }: CellOptions,
): AsyncGenerator<CellEvent, boolean> {
  const about = {
    cell: cell.id,
    number: cells.indexOf(cell) + 1,
    cells: cells.length,
    labels: cell.labels,
    seed: cell.seed,
  }
  const run = cellFolder(out, cell)
  yield { event: 'cell', ...about, run, resumed: state === 'begun', ...(changed && { changed }) }
  let result: Extract<SearchEvent, { event: 'result' }> | undefined
  try {
    for await (const event of searchHolding(lock, cell.config, {
      ...(state === 'new' ? { out: run } : { resume: run }),
      signal,
      data,
      world,
    })) {
      if (event.event === 'result') result = event
      yield { event: 'search', cell: cell.id, search: event }
    }
    if (cell.config.logging.tensorboard && world?.isFirst !== false) await appendPictures(run)
  } catch (error) {
    if (!(error instanceof UserError)) throw error
    // The search has failed in all processes. If one has ended, so do the others.
    await world?.renew().catch(() => {
      throw error
    })
    if (lock?.lost.aborted) return true
    yield { event: 'cellFailed', cell: cell.id, message: error.message }
    return false
  }
  if (result !== undefined) yield { event: 'cellDone', ...about, run, result }
  return false
}
