/** What is checked before the first search of an experiment: its folder, and all problems of all searches. */
import { readdir } from 'node:fs/promises'
import { expected, UserError } from '../base/errors.js'
import type { Config } from '../config/index.js'
import { openSplits } from '../data/index.js'
import type { AnySplits } from '../data/splits.js'
import { processesOf } from '../runs/together.js'
import { PHASES } from '../search/events.js'
import { prepare } from '../search/prepare.js'
import { checkBatches } from '../search/small-batches.js'
import { cellFolder, type Origin, readCell } from './cell-folder.js'
import type { Origins } from './collect.js'
import type { Cell, Experiment } from './plan.js'

/** Refuses the run folder of a search. Refuses a new folder too if a report of its searches is wanted. */
export async function checkFolder(out: string, reportOnly: boolean): Promise<void> {
  const names = await readdir(out).catch((): string[] => [])
  if (reportOnly && !names.includes('cells')) throw expected('the folder of an experiment', '--out', out, 2)
  if (names.includes('config.yaml')) throw expected('a folder for an experiment', '--out', `${out}, a run`, 2)
}

/** The searches that are not complete. Throws a UserError that names every folder with other settings. */
export async function unfinished({ cells }: Experiment, out: string, origins?: Origins): Promise<Cell[]> {
  const left: Cell[] = []
  const check = async (cell: Cell) => {
    if ((await readCell(out, cell, origins?.get(cell))).state !== 'complete') left.push(cell)
  }
  await tryAll(cells, check)
  return left
}

/** Throws a UserError if a search was begun by another number of processes and its numbers depend on it. */
export async function checkProcesses(cells: readonly Cell[], out: string, count: number): Promise<void> {
  for (const cell of cells) {
    const begun = await processesOf(cellFolder(out, cell))
    if (begun === undefined || begun === count || cell.config.distributed.batchNorm === 'synchronised') continue
    const reason = 'its batch norms normalise by the share of a process; another --out begins another'
    const name = `--processes, as ${cellFolder(out, cell)} was begun with,`
    throw new UserError(`Expected ${begun} for ${name} but received ${count}: ${reason}`, 2)
  }
}

/** Images instead of those in the settings, and the number of processes that run each search together. */
interface CheckOptions {
  readonly data?: AnySplits
  readonly processes?: number
  readonly signal?: AbortSignal
}

/**
 * Prepares every search, also complete ones, to find all problems before the first step of the first search. Resolves to
 * what the searches are to be computed from.
 */
export async function checkSearches(
  cells: readonly Cell[],
  { data: given, processes, signal }: CheckOptions,
): Promise<Origins> {
  const checked = new Map<string, Origin>()
  const origins = new Map<Cell, Origin>()
  let loaded: { readonly key: string; readonly splits: AnySplits } | undefined
  const splitsOf = async ({ data }: Config) => {
    if (given !== undefined) return given
    const key = JSON.stringify(data)
    if (loaded?.key !== key) loaded = { key, splits: await openSplits(data, { signal }) }
    return loaded.splits
  }
  await tryAll(cells, async (cell) => {
    const { config } = cell
    // Searches that differ only in their seed have the same problems.
    const key = JSON.stringify({ ...config, name: '', seed: 0 })
    let origin = checked.get(key)
    if (origin === undefined) {
      const prepared = await prepare(config, { data: await splitsOf(config), signal })
      checkBatches(config, prepared, PHASES, processes)
      const { images, groundTruth } = prepared
      origin = { images, groundTruth: groundTruth?.source ?? null }
      checked.set(key, origin)
    }
    origins.set(cell, origin)
  })
  return origins
}

/**
 * The names of complete searches whose results are of other images, or of another table, than their settings name now.
 * None if the images or the tables cannot be read, for example because they are on another machine.
 */
export async function outdated({ cells }: Experiment, out: string, options: CheckOptions): Promise<string[]> {
  const origins = await checkSearches(cells, options).catch((error) => {
    if (error instanceof UserError) return undefined
    throw error
  })
  if (origins === undefined) return []
  const names: string[] = []
  for (const cell of cells) {
    if ((await readCell(out, cell)).state !== 'complete') continue
    if ((await readCell(out, cell, origins.get(cell))).state !== 'complete') names.push(cell.id)
  }
  return names
}

/** Does `work` for every search, and throws all problems as one UserError. */
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
    [`Expected searches that can run but received ${problems.size} problems:`, ...problems.keys()].join('\n  '),
    2,
  )
}
