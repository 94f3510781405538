/**
 * What a run folder tells about a run: settings, events, results. Reading changes nothing, so it is safe while the run
 * goes on. A file that is missing or damaged is left out, and a sentence in `notes` says so.
 */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parse } from 'csv-parse/sync'
import { exists, readText } from '../base/files.js'
import type { Config, RetrainConfig } from '../config/index.js'
import { readSafetensors } from '../formats/safetensors.js'
import type { RetrainEpochEvent, RetrainResult, RetrainStartEvent } from '../retraining/events.js'
import { isRetrainingRun, savedConfig, savedRetraining } from '../runs/saved-settings.js'
import type { EpochEvent, ResultEvent, StartEvent } from '../search/events.js'
import { createSpace, type Path, type SearchSpace } from '../spaces/index.js'

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
  /** Number of its front; nothing evaluated dominates front 1. */
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
  /** The finished epochs, in order. Epochs of earlier versions may lack fields. */
  readonly epochs: readonly Epoch[]
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
    const events = await readTraining<RetrainStartEvent, RetrainEpochEvent>(folder, config.training.epochs, notes)
    const result = await readSummary<RetrainResult>(folder, notes)
    return { kind: 'retraining', folder, config, ...events, result, notes }
  }
  const config = await savedConfig(folder)
  // Imported weights need no training.
  const planned = (await exists(join(folder, 'import.json'))) ? 0 : config.training.epochs
  const events = await readTraining<StartEvent, EpochEvent>(folder, planned, notes)
  const result = await readSummary<ResultEvent>(folder, notes)
  const ranking = await readTable(folder, 'ranking.csv', rankedRow, notes)
  if (ranking === undefined && result !== undefined && result.ranked > 0) notes.push('ranking.csv is missing.')
  const found = await readTable(folder, 'found.csv', foundRow, notes)
  const space = spaceOf(config, events.start)
  return { kind: 'search', folder, config, space, ...events, result, ranking, found, notes }
}

/** The start and the epochs of a run, of which `planned` are planned. */
async function readTraining<Start extends { readonly event: 'start' }, Epoch extends { readonly event: 'epoch' }>(
  folder: string,
  planned: number,
  notes: string[],
): Promise<{ start: Start | undefined; epochs: Epoch[] }> {
  const events = await readEvents<Start | Epoch>(folder, notes)
  const start = events.find((event): event is Start => event.event === 'start')
  const epochs = events.filter((event): event is Epoch => event.event === 'epoch')
  if (epochs.length < planned) notes.push(`The run has finished ${epochs.length} of ${planned} epochs.`)
  return { start, epochs }
}

/** The events in `events.jsonl`. Lines that are no events are left out; the last one may be torn by a kill. */
async function readEvents<Event extends { readonly event: string }>(folder: string, notes: string[]): Promise<Event[]> {
  const lines = (await readText(join(folder, 'events.jsonl'))).split('\n').slice(0, -1)
  const damaged: number[] = []
  const events = lines.flatMap((line, i): Event[] => {
    const event = parseObject(line)
    if (typeof event?.event === 'string') return [event as Event]
    damaged.push(i + 1)
    return []
  })
  if (damaged.length > 0) {
    const [first, ...others] = damaged
    const which = others.length === 0 ? `Line ${first}` : `Line ${first} and ${others.length} more`
    const said = others.length === 0 ? 'it said' : 'they said'
    notes.push(`${which} of events.jsonl cannot be read, and what ${said} is left out.`)
  }
  return events
}

async function readSummary<Result>(folder: string, notes: string[]): Promise<Result | undefined> {
  const text = await readText(join(folder, 'summary.json'))
  if (text === '') return undefined
  const result = parseObject(text)
  if (result === undefined) notes.push('summary.json cannot be read, and the results are left out.')
  return result as Result | undefined
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

/** Rows of a table; undefined if it is missing or damaged. */
async function readTable<Row>(
  folder: string,
  name: string,
  rowOf: (fields: Fields) => Row,
  notes: string[],
): Promise<Row[] | undefined> {
  const text = await readText(join(folder, name))
  if (text === '') return undefined
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

/** How often the images of a run are drawn, by importance. */
export interface ImageImportance {
  /** Per training image, the expected number of draws in the next epoch. The mean is 1. */
  readonly draws: Float64Array
  /** Expected draws of an image with importance 0: no step of the epoch before drew it. */
  readonly least: number
  /** Identity of the training images: see `ImagesIdentity`. */
  readonly images: string
}

/**
 * Reads from the checkpoint the distribution that images are drawn from. Undefined for methods that draw all images
 * alike, and before the first epoch has ended.
 */
export async function readImageImportance(folder: string): Promise<ImageImportance | undefined> {
  const file = join(folder, 'checkpoint', 'state.safetensors')
  if (!(await exists(file))) return undefined
  const { tensors } = await readSafetensors(file)
  const probabilities = tensors.get('method.dataProbabilities')?.data
  if (!(probabilities instanceof Float64Array)) return undefined
  const { identity } = JSON.parse(await readFile(join(folder, 'checkpoint', 'state.json'), 'utf8'))
  const draws = probabilities.map((probability) => probability * probabilities.length)
  const least = draws.reduce((smallest, value) => Math.min(smallest, value), Number.POSITIVE_INFINITY)
  return { draws, least, images: identity.trainingImages }
}

/** A record, and its name in a comparison. */
export interface Named<Kept = RunRecord> {
  readonly name: string
  readonly record: Kept
}
