/**
 * What a run folder tells about a run: settings, events, results. Reading changes nothing, so it is safe while the run
 * goes on. A file that is missing or damaged is left out, and a sentence in `notes` says so.
 */
import { join } from 'node:path'
import { parse } from 'csv-parse/sync'
import { exists, readText } from '../base/files.js'
import { type Config, isRetraining, type RetrainConfig } from '../config/index.js'
import type { RetrainEpochEvent, RetrainResult, RetrainStartEvent } from '../retraining/events.js'
import { readFromCheckpoint } from '../runs/checkpoint.js'
import { readLog } from '../runs/event-log.js'
import { isSearchResult } from '../runs/result-shape.js'
import { isRetrainingRun, savedConfig, savedRetraining } from '../runs/saved-settings.js'
import type { StoppedEvent } from '../runs/stopped.js'
import { readSummary } from '../runs/summary.js'
import type { EpochEvent, ResultEvent, StartEvent } from '../search/events.js'
import { createSpace, type Path, type SearchSpace } from '../spaces/index.js'
import type { Progress } from '../training/snapshot.js'
import { isRetrainResult } from './result-shape.js'

/** A sub-model of `ranking.csv`. */
export interface RankedRow {
  readonly path: Path
  readonly arch: string
  /** Accuracy with supernet weights, in [0, 1]. */
  readonly accuracy: number
  /** Accuracy in percent in the ground-truth table; null if the table lacks the path. */
  readonly groundTruth: number | null
}

/** A sub-model of `found.csv`. */
export interface FoundRow extends RankedRow {
  /** Number of its front; nothing evaluated dominates front 1. With one objective, its place; equal ones have the same. */
  readonly front: number
  /** By name, in the order of the file. */
  readonly costs: Readonly<Record<string, number>>
}

interface Recorded<Settings, Start, Epoch, Result> {
  /** Run folder. */
  readonly folder: string
  readonly config: Settings
  /** Absent if the event log lacks it. */
  readonly start?: Start
  /** The epochs in the event log, in order. Epochs of earlier versions may lack fields. */
  readonly epochs: readonly Epoch[]
  /** Number of finished epochs, by the result, the checkpoint or the last epoch in the log. */
  readonly finished: number
  /** Number of epochs that the settings plan; 0 for imported weights that are not trained. */
  readonly planned: number
  /** Content of `summary.json`; absent before the end of training. */
  readonly result?: Result
  /** What is missing or damaged, one sentence each. */
  readonly notes: readonly string[]
}

/** The records of a search. */
export interface SearchRecord extends Recorded<Config, StartEvent, EpochEvent, ResultEvent> {
  readonly kind: 'search'
  /** The space of the settings; undefined if the run has a space of the user's own. */
  readonly space: SearchSpace | undefined
  /** All ranked sub-models, best first; absent without a ranking. */
  readonly ranking?: readonly RankedRow[]
  /** All sub-models that the search for the best ones tried, by front; absent without such a search. */
  readonly found?: readonly FoundRow[]
}

/** The records of a retraining. */
export interface RetrainRecord extends Recorded<RetrainConfig, RetrainStartEvent, RetrainEpochEvent, RetrainResult> {
  readonly kind: 'retraining'
}

/** The records of a run, told apart by `kind`. */
export type RunRecord = SearchRecord | RetrainRecord

/**
 * Reads the records of a run folder, finished or not.
 *
 * @throws UserError for a folder that is no run, and for settings that cannot be read.
 */
export async function readRun(folder: string): Promise<RunRecord> {
  const notes: string[] = []
  if (await isRetrainingRun(folder)) {
    const config = await savedRetraining(folder)
    const result = await readResult(folder, isRetrainResult, notes)
    const training = await readTraining<RetrainStartEvent, RetrainEpochEvent>(folder, config, result, notes)
    return { kind: 'retraining', folder, config, ...training, result, notes }
  }
  const config = await savedConfig(folder)
  const result = await readResult(folder, isSearchResult, notes)
  const training = await readTraining<StartEvent, EpochEvent>(folder, config, result, notes)
  const ranking = await readTable(folder, 'ranking.csv', rankedRow, (result?.ranked ?? 0) > 0, notes)
  const found = await readTable(folder, 'found.csv', foundRow, result?.found !== undefined, notes)
  const isEvaluated = (result?.ranked ?? 0) > 0 || result?.found !== undefined
  if (isEvaluated && result!.epochs < training.finished) {
    notes.push(`Ranking and found sub-models are of the weights of epoch ${result!.epochs}, before further training.`)
  }
  const space = spaceOf(config, training.start)
  return { kind: 'search', folder, config, space, ...training, result, ranking, found, notes }
}

/** The start and the epochs of a run, and how many are finished and planned. */
async function readTraining<Start extends { readonly event: 'start' }, Epoch extends EpochOf>(
  folder: string,
  config: Config | RetrainConfig,
  result: { readonly epochs?: number } | undefined,
  notes: string[],
): Promise<{ start: Start | undefined; epochs: Epoch[]; finished: number; planned: number }> {
  // The log is read last, for it may grow meanwhile.
  const recorded = Math.max(result?.epochs ?? 0, await epochsOfCheckpoint(folder))
  const log = join(folder, 'events.jsonl')
  const events = await readEvents<Start | Epoch | StoppedEvent>(folder, notes)
  const start = events.find((event): event is Start => event.event === 'start')
  const epochs = events.filter((event): event is Epoch => event.event === 'epoch' && Number.isInteger(event.epoch))
  const logged = epochs.reduce((most, { epoch }) => Math.max(most, epoch + 1), 0)
  const finished = Math.max(logged, recorded)
  // Imported weights of a search need no training, but may get it.
  const needsNone = finished === 0 && !isRetraining(config) && (await exists(join(folder, 'import.json')))
  const planned = needsNone ? 0 : config.training.epochs
  if (events.length === 0 && finished > 0) {
    const state = (await exists(log)) ? ((await readText(log)) === '' ? 'empty' : 'damaged') : 'missing'
    notes.push(`events.jsonl is ${state}, and the figures by epoch are left out.`)
  } else if (epochs.length < finished) {
    const lacking = `${finished - epochs.length} of the ${finished} finished epochs`
    notes.push(`events.jsonl lacks ${lacking}, and curves have gaps there.`)
  }
  if (finished < planned) notes.push(`The run has finished ${finished} of ${planned} epochs.`)
  const last = events.at(-1)
  if (last?.event === 'stopped') notes.push(whyStopped(last as StoppedEvent))
  return { start, epochs, finished, planned }
}

/** Says why a run ended without a result, in one line. */
function whyStopped({ why, reason }: StoppedEvent): string {
  return `The run ${why === 'failed' ? 'failed' : 'was stopped'}: ${String(reason).replace(/\s*\n\s*/g, '; ')}.`
}

interface EpochOf {
  readonly event: 'epoch'
  readonly epoch: number
}

/** The number of epochs that were finished at the checkpoint; 0 without one that can be read. */
async function epochsOfCheckpoint(folder: string): Promise<number> {
  const read = (checkpoint: string) => readText(join(checkpoint, 'state.json'))
  const state = parseObject((await readFromCheckpoint(join(folder, 'checkpoint'), read)) ?? '')
  const epoch = (state?.progress as Partial<Progress> | undefined)?.epoch
  return Number.isInteger(epoch) ? epoch! : 0
}

/** The events of a run; notes say which lines cannot be read. */
async function readEvents<Event extends { readonly event: string }>(folder: string, notes: string[]): Promise<Event[]> {
  const { events, damaged } = await readLog<Event>(folder)
  if (damaged.length > 0 && events.length > 0) {
    const [first, ...others] = damaged
    const which = others.length === 0 ? `Line ${first}` : `Line ${first} and ${others.length} more`
    const said = others.length === 0 ? 'it said' : 'they said'
    notes.push(`${which} of events.jsonl cannot be read, and what ${said} is left out.`)
  }
  return events
}

/** The result in the summary of a run; undefined if there is none, or one that is damaged. */
async function readResult<Result extends object>(
  folder: string,
  isResult: (value: object) => value is Result,
  notes: string[],
): Promise<Result | undefined> {
  const { summary, damaged } = await readSummary(folder, isResult)
  if (summary !== undefined) return summary
  const isEvaluated = (await exists(join(folder, 'ranking.csv'))) || (await exists(join(folder, 'found.csv')))
  if (damaged) notes.push('summary.json is damaged, and its results are left out.')
  else if (isEvaluated) notes.push('summary.json is missing, and its results are left out.')
  return undefined
}

function parseObject(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined
  } catch {
    return undefined
  }
}

type Fields = Readonly<Record<string, string>>

/** Rows of a table; undefined if it is missing or damaged. `isExpected`: true if the run has written it. */
async function readTable<Row>(
  folder: string,
  name: string,
  rowOf: (fields: Fields) => Row,
  isExpected: boolean,
  notes: string[],
): Promise<Row[] | undefined> {
  const text = await readText(join(folder, name))
  if (text === '') {
    const isThere = await exists(join(folder, name))
    if (isThere || isExpected) notes.push(`${name} is ${isThere ? 'empty' : 'missing'}.`)
    return undefined
  }
  try {
    return (parse(text, { columns: true }) as Fields[]).map(rowOf)
  } catch (error) {
    notes.push(`${name} cannot be read and is left out: ${(error as Error).message.split('\n', 1)[0]}.`)
    return undefined
  }
}

function rankedRow({ path, arch, accuracy, groundTruth }: Fields): RankedRow {
  return {
    path: path.split(',').map(Number),
    arch,
    accuracy: numberIn('accuracy', accuracy),
    groundTruth: groundTruth === '' ? null : numberIn('groundTruth', groundTruth),
  }
}

const NO_COSTS = ['front', 'path', 'arch', 'accuracy', 'groundTruth', 'origin']

function foundRow(fields: Fields): FoundRow {
  const costs = Object.entries(fields).flatMap(([name, text]) =>
    NO_COSTS.includes(name) ? [] : [[name, numberIn(name, text)]],
  )
  return { ...rankedRow(fields), front: numberIn('front', fields.front), costs: Object.fromEntries(costs) }
}

function numberIn(column: string, text: string | undefined): number {
  const value = text === undefined || text === '' ? Number.NaN : Number(text)
  if (Number.isFinite(value)) return value
  throw new Error(`Expected a number for ${column} but received ${text}`)
}

/** The space that the settings name, if the run searched that one. */
function spaceOf({ space: settings }: Config, start: StartEvent | undefined): SearchSpace | undefined {
  const space = createSpace(settings)
  return start === undefined || start.space === space.name ? space : undefined
}

/** The last finished epoch; undefined if the log lacks it. */
export function lastEpoch<Epoch extends { readonly epoch: number }>(record: {
  readonly epochs: readonly Epoch[]
  readonly finished: number
}): Epoch | undefined {
  const last = record.epochs.at(-1)
  return last?.epoch === record.finished - 1 ? last : undefined
}

/** A record, and its name in a comparison. */
export interface Named<Kept = RunRecord> {
  readonly name: string
  readonly record: Kept
}
