/** Reads the state of a search from its run folder: new, begun, or complete with the planned settings. */
import { stat } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { expected, UserError } from '../base/errors.js'
import { exists } from '../base/files.js'
import type { Config } from '../config/index.js'
import type { ImagesIdentity } from '../data/images-identity.js'
import type { TruthSource } from '../evaluation/events.js'
import { changedOutcome, settingDifferences } from '../runs/continuation.js'
import { eventsOf, loggedEvents } from '../runs/event-log.js'
import { savedConfig } from '../runs/saved-settings.js'
import type { StoppedEvent } from '../runs/stopped.js'
import { SUMMARY } from '../runs/summary.js'
import type { EpochEvent, SearchEvent, SearchResult } from '../search/events.js'
import type { Cell } from './plan.js'

/** Epochs and result of a complete run. */
export interface CompleteRun {
  readonly epochs: readonly EpochEvent[]
  readonly result: SearchResult
}

/** The images and the ground truth of a search, as its files are now. */
export interface Origin {
  readonly images: ImagesIdentity
  readonly groundTruth: TruthSource | null
}

/** What no ranking mends. */
export const OTHER_TRAINING_IMAGES = 'other training images'

export type CellState =
  | { readonly state: 'new' | 'begun'; readonly changed?: readonly string[] }
  | ({ readonly state: 'complete'; readonly changed?: undefined } & CompleteRun)

/** Run folder of a search within the experiment's folder. */
export function cellFolder(out: string, { id }: Cell): string {
  return join(out, 'cells', id)
}

/**
 * Reads the state of a search. It is complete if its run, by whatever command, trained to the end and then ranked, both
 * with the planned settings and, if `origin` is given, with its images and ground truth. A run that has not is begun.
 * `changed`: it has results, and these of their settings are not the planned ones, or these files are others now.
 *
 * @throws UserError if the run was started with other training settings or began with imported weights, or if a file is in
 *   the place of its folder.
 */
export async function readCell(out: string, cell: Cell, origin?: Origin): Promise<CellState> {
  const folder = cellFolder(out, cell)
  if (!(await exists(join(folder, 'config.yaml')))) {
    const there = await stat(folder).catch(() => undefined)
    if (there?.isDirectory() === false) throw expected('a folder, or none yet,', folder, 'a file', 2)
    return { state: 'new' }
  }
  if (await exists(join(folder, 'import.json'))) {
    throw expected('a search that began with weights of its own', folder, 'one that began with imported weights', 2)
  }
  const saved = await savedConfig(folder)
  const different = settingDifferences(saved, cell.config)
  if (different.length > 0) {
    const advice = 'another label, name or --out begins another run'
    throw new UserError(
      `Expected the settings that ${folder} was started with but received others: ${different.join('; ')}; ${advice}`,
      2,
    )
  }
  // A search for the best, which the plan does not have, adds to the run and changes no number of the experiment.
  const planned = cell.config.finding === undefined ? { ...saved, finding: undefined } : saved
  if (!isDeepStrictEqual(outcomeSettings(planned), outcomeSettings(cell.config))) {
    const hasResults = await exists(join(folder, SUMMARY))
    return { state: 'begun', ...(hasResults && { changed: changedOutcome(planned, cell.config) }) }
  }
  const events = await loggedEvents<SearchEvent>(folder)
  const last = events.at(-1)
  if (last?.event !== 'result' || last.ranked === 0 || last.epochs !== cell.config.training.epochs) {
    return { state: 'begun' }
  }
  const others = origin === undefined ? [] : changesOfOrigin(last, origin)
  if (others.length > 0) return { state: 'begun', changed: others }
  const epochs = events.filter((event): event is EpochEvent => event.event === 'epoch')
  return { state: 'complete', epochs, result: last }
}

/** What a result is of that is not the origin: training images, other images, the ground truth. */
function changesOfOrigin({ computedFrom, groundTruth }: SearchResult, origin: Origin): string[] {
  const { images } = computedFrom ?? {}
  const sameTruth =
    groundTruth?.digest === origin.groundTruth?.digest && groundTruth?.column === origin.groundTruth?.column
  return [
    ...(images?.train === origin.images.train ? [] : [OTHER_TRAINING_IMAGES]),
    ...(isDeepStrictEqual({ ...images, train: '' }, { ...origin.images, train: '' }) ? [] : ['other test images']),
    ...(sameTruth ? [] : ['another ground truth']),
  ]
}

/** Why a search failed, in another process, since a moment; undefined if it did not. */
export async function failureSince(out: string, cell: Cell, moment: Date): Promise<string | undefined> {
  const last = (await eventsOf<StoppedEvent>(cellFolder(out, cell), 'stopped')).at(-1)
  return last?.why === 'failed' && new Date(last.time) >= moment ? last.reason : undefined
}

/** Settings that may change when a run continues but affect its outcome. A table's folder does not count. */
function outcomeSettings({ ranking, finding, groundTruth }: Config): object {
  return { ranking, finding, groundTruth: groundTruth && { ...groundTruth, file: basename(groundTruth.file) } }
}
