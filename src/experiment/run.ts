/**
 * Runs the cells of an experiment one after the other, each as an ordinary search in a folder of its own. Whatever is
 * complete is left alone and whatever was begun goes on, so that an experiment can be stopped at any time, and several
 * processes can share one: a cell belongs to whoever holds its lock.
 */
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { UserError } from '../base/errors.js'
import { makeFolder } from '../base/files.js'
import { tryLock } from '../base/lock.js'
import type { Config } from '../config/index.js'
import { loadSplits, type Splits } from '../data/index.js'
import type { SearchEvent } from '../search/events.js'
import { prepare } from '../search/prepare.js'
import { search } from '../search/search.js'
import { cellFolder, readCell } from './cell-folder.js'
import { writeReport } from './collect.js'
import type { ExperimentEvent, ExperimentReport } from './events.js'
import type { Cell, Experiment } from './plan.js'

/** How long a lock outlives its process, in milliseconds, unless that gives it back. */
const STALE = 20_000
/** Between two looks at cells that others hold. */
const PATIENCE = 2_000

/** Where an experiment runs, and on what. */
export interface ExperimentOptions {
  /** Folder of the experiment, new or to continue; default `experiments/<name>`. */
  readonly out?: string
  /** Collect and draw what is there, and search nothing. */
  readonly reportOnly?: boolean
  /** When aborted, the search under way saves itself and the signal's reason is thrown. */
  readonly signal?: AbortSignal
  /** Images of one's own for every cell, instead of those that the settings name. */
  readonly data?: Splits
}

/**
 * Runs what is left of an experiment and reports every step; the last event is also the return value. Tables and figures
 * are written after every cell.
 *
 * ```ts
 * for await (const event of experiment(await loadExperiment('smoke.yaml'))) if (event.event === 'cellDone') …
 * ```
 *
 * @throws UserError for settings, files and folders that do not fit, before the first search, and at the end where a
 * search has failed; the reason of an aborted signal, after saving.
 */
export async function* experiment(
  plan: Experiment,
  options: ExperimentOptions = {},
): AsyncGenerator<ExperimentEvent, ExperimentReport> {
  const out = options.out ?? join('experiments', plan.name)
  const { cells } = plan
  const left = await unfinished(plan, out)
  if (!options.reportOnly) await checkJobs(left, options)
  yield { event: 'experiment', name: plan.name, out, cells: cells.length, complete: cells.length - left.length }

  const failures: string[] = []
  if (!options.reportOnly) {
    await makeFolder(join(out, 'cells'))
    for await (const event of searchAll(plan, left, { ...options, out })) {
      if (event.event === 'cellFailed') failures.push(`${event.cell}: ${event.message}`)
      if (event.event === 'cellDone') await writeReport(plan, out)
      yield event
    }
  }
  const { results, files } = await writeReport(plan, out)
  const report: ExperimentReport = {
    event: 'report',
    name: plan.name,
    cells: cells.length,
    complete: results.cells.length,
    conditions: results.conditions,
    files,
  }
  yield report
  if (failures.length > 0) {
    throw new UserError(
      `Expected every search to end well but received ${failures.length} that failed: ${failures.join('; ')}`,
    )
  }
  return report
}

/** The cells that are not complete. Throws a UserError that names every folder with other settings. */
async function unfinished({ cells }: Experiment, out: string): Promise<Cell[]> {
  const left: Cell[] = []
  const check = async (cell: Cell) => {
    if ((await readCell(out, cell)).state !== 'complete') left.push(cell)
  }
  await tryAll(cells, check)
  return left
}

/** Makes ready for every cell and lets go again, so that what does not fit comes up before the first step of the first. */
async function checkJobs(cells: readonly Cell[], { data: own, signal }: ExperimentOptions): Promise<void> {
  const checked = new Set<string>()
  let images: { readonly of: string; readonly splits: Splits } | undefined
  const splitsOf = async ({ data }: Config) => {
    if (own !== undefined) return own
    const of = JSON.stringify(data)
    if (images?.of !== of) images = { of, splits: await loadSplits(data, { signal }) }
    return images.splits
  }
  await tryAll(cells, async ({ config }) => {
    // Cells that differ in their seed fit or do not fit together.
    const what = JSON.stringify({ ...config, name: '', seed: 0 })
    if (checked.has(what)) return
    checked.add(what)
    await prepare(config, { data: await splitsOf(config), signal })
  })
}

/** Does something with every cell, and throws one UserError for all that went wrong. */
async function tryAll(cells: readonly Cell[], work: (cell: Cell) => Promise<void>): Promise<void> {
  const problems = new Map<string, UserError>()
  for (const cell of cells) {
    await work(cell).catch((error) => {
      if (!(error instanceof UserError)) throw error
      problems.set(error.message, error)
    })
  }
  const [first, ...others] = problems.values()
  if (first === undefined) return
  if (others.length === 0) throw first
  throw new UserError(
    [`Expected cells that can be run but received ${problems.size} problems:`, ...problems.keys()].join('\n  '),
    2,
  )
}

type CellEvent = Exclude<ExperimentEvent, { event: 'experiment' | 'report' }>

interface SharedOptions extends ExperimentOptions {
  readonly out: string
}

/** Takes one cell after the other that no one holds, until all are complete or have failed. */
async function* searchAll(plan: Experiment, cells: readonly Cell[], options: SharedOptions): AsyncGenerator<CellEvent> {
  const { out, signal } = options
  let waiting = false
  for (let left = cells; left.length > 0; ) {
    const held: Cell[] = []
    for (const cell of left) {
      signal?.throwIfAborted()
      const lock = await tryLock(cellFolder(out, cell), STALE)
      if (lock === undefined) {
        held.push(cell)
        continue
      }
      try {
        // Whoever held it until now may have finished it.
        const { state } = await readCell(out, cell)
        if (state === 'complete') continue
        yield* searchCell(plan, cell, state, { ...options, signal: anyOf(signal, lock.lost) })
      } finally {
        await lock.release()
      }
    }
    if (held.length === left.length) {
      if (!waiting) yield { event: 'waiting', cells: held.map(({ id }) => id) }
      waiting = true
      await sleep(PATIENCE, undefined, { signal }).catch(() => signal?.throwIfAborted())
    }
    left = held
  }
}

async function* searchCell(
  { cells }: Experiment,
  cell: Cell,
  state: 'new' | 'begun',
  { out, signal, data }: SharedOptions,
): AsyncGenerator<CellEvent> {
  const about = {
    cell: cell.id,
    number: cells.indexOf(cell) + 1,
    cells: cells.length,
    labels: cell.labels,
    seed: cell.seed,
  }
  const run = cellFolder(out, cell)
  yield { event: 'cell', ...about, run, resumed: state === 'begun' }
  let result: Extract<SearchEvent, { event: 'result' }> | undefined
  try {
    for await (const event of search(cell.config, {
      ...(state === 'new' ? { out: run } : { resume: run }),
      signal,
      data,
    })) {
      if (event.event === 'result') result = event
      yield { event: 'search', cell: cell.id, search: event }
    }
  } catch (error) {
    if (!(error instanceof UserError)) throw error
    yield { event: 'cellFailed', cell: cell.id, message: error.message }
    return
  }
  if (result !== undefined) yield { event: 'cellDone', ...about, run, result }
}

function anyOf(signal: AbortSignal | undefined, lost: AbortSignal): AbortSignal {
  return signal === undefined ? lost : AbortSignal.any([signal, lost])
}
