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
import { cellFolder, type Origin, OTHER_TRAINING_IMAGES, readCell } from './cell-folder.js'
import type { Origins } from './collect.js'
import type { Outdated } from './events.js'
import type { Cell, Experiment } from './plan.js'

/** Refuses the run folder of a search. Refuses a new folder too if a report of its searches is wanted. */
export async function checkFolder(out: string, reportOnly: boolean): Promise<void> {
  const found = await readdir(out).catch(() => undefined)
  const names = found ?? []
  if (reportOnly && !names.includes('cells')) {
    const received = found === undefined ? `${out}, which does not exist` : out
    throw expected('the folder of an experiment', '--out', received, 2)
  }
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
export async function checkSearches(cells: readonly Cell[], options: CheckOptions): Promise<Origins> {
  const originOf = originReader(options)
  const origins = new Map<Cell, Origin>()
  await tryAll(cells, async (cell) => {
    origins.set(cell, await originOf(cell))
  })
  return origins
}

/** Reads, and checks, what a search is to be computed from. Searches that differ only in their seed are read once. */
function originReader({ data: given, processes, signal }: CheckOptions): (cell: Cell) => Promise<Origin> {
  const read = new Map<string, Promise<Origin>>()
  let loaded: { readonly key: string; readonly splits: AnySplits } | undefined
  const splitsOf = async ({ data }: Config) => {
    if (given !== undefined) return given
    const key = JSON.stringify(data)
    if (loaded?.key !== key) loaded = { key, splits: await openSplits(data, { signal }) }
    return loaded.splits
  }
  const originOf = async (config: Config): Promise<Origin> => {
    const prepared = await prepare(config, { data: await splitsOf(config), signal })
    checkBatches(config, prepared, PHASES, processes)
    const { images, groundTruth } = prepared
    return { images, groundTruth: groundTruth?.source ?? null }
  }
  return ({ config }) => {
    const key = JSON.stringify({ ...config, name: '', seed: 0 })
    const origin = read.get(key) ?? originOf(config)
    read.set(key, origin)
    return origin
  }
}

/** Compares searches that have results with their settings in the plan, and with the files that these name. */
export async function outdated({ cells }: Experiment, out: string, options: CheckOptions): Promise<Outdated> {
  const names: { [Kind in keyof Outdated]: string[] } = { settings: [], ranking: [], training: [], unknown: [] }
  const unreadable = (error: unknown) => {
    if (error instanceof UserError) return undefined
    throw error
  }
  const originOf = originReader(options)
  for (const cell of cells) {
    const planned = await readCell(out, cell)
    if (planned.changed !== undefined) names.settings.push(cell.id)
    if (planned.state !== 'complete') continue
    const origin = await originOf(cell).catch(unreadable)
    const { changed } = origin === undefined ? {} : await readCell(out, cell, origin)
    if (origin === undefined) names.unknown.push(cell.id)
    else if (changed?.includes(OTHER_TRAINING_IMAGES)) names.training.push(cell.id)
    else if (changed !== undefined) names.ranking.push(cell.id)
  }
  return names
}

/** Does `work` for every search, and throws all problems as one UserError, which says whose they are if not all's. */
async function tryAll(cells: readonly Cell[], work: (cell: Cell) => Promise<void>): Promise<void> {
  const problems = new Map<string, { readonly error: UserError; readonly ids: string[] }>()
  for (const cell of cells) {
    await work(cell).catch((error) => {
      if (!(error instanceof UserError)) throw error
      const { ids } = problems.get(error.message) ?? { ids: [] }
      problems.set(error.message, { error, ids: [...ids, cell.id] })
    })
  }
  const [first, ...others] = problems.values()
  if (first === undefined) return
  if (others.length === 0 && first.ids.length === cells.length) throw first.error
  const sentences = Array.from(problems, ([sentence, { ids }]) => {
    const named = ids.length === cells.length || sentence.includes(ids[0])
    return named ? sentence : `${sentence} in ${ids[0]}${ids.length === 1 ? '' : ` and ${ids.length - 1} more`}`
  })
  if (sentences.length === 1) throw new UserError(sentences[0], first.error.exitCode)
  throw new UserError(
    [`Expected searches that can run but received ${problems.size} problems:`, ...sentences].join('\n  '),
    2,
  )
}
