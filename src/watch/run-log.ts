/** What the event log of a run tells, in the form that the page shows. */
import { TAU_BY } from '../evaluation/criteria.js'
import type { RetrainResult } from '../retraining/events.js'
import type { StoppedEvent } from '../runs/stopped.js'
import type { SearchResult } from '../search/events.js'
import type { LogReceiver } from './log-follower.js'
import type { About, Result, SubModel } from './messages.js'
import { Series } from './series.js'

/** Number of sub-models that are shown of a result. */
const SHOWN = 10

/** Any event of a log, of whatever version: fields may be missing. */
type LoggedEvent = { readonly event?: unknown } & Readonly<Record<string, unknown>>

/** How an epoch's line begins, as every version has written it. */
const EPOCH = '{"event":"epoch"'

/**
 * Takes the lines of a log and keeps curves, distributions and the result. A first look at a long log may take only every
 * n-th epoch, and the last one: reading a line costs ten times as much as passing over it.
 */
export class RunLog implements LogReceiver {
  /** Takes every epoch whose number of lines before it is a multiple of this. */
  readonly every: number
  /**
   * A row per epoch: the event's own numbers by name; `gradientVariance of NAME` by operation; `share of K`, the mean
   * probability of operation K over all choices.
   */
  readonly epochs = new Series()
  /** Grows each time that the log begins anew. Rows of different generations have nothing to do with each other. */
  generation: number
  about: About | undefined
  result: Result | undefined
  /** Why the run ended without a result. */
  stopped: Pick<StoppedEvent, 'why' | 'reason'> | undefined
  /** The distribution of the latest epoch: a list for all choices, or a list per choice. */
  distribution: readonly (readonly number[])[] | undefined
  /** The same of connections. */
  connections: readonly (readonly number[])[] | undefined
  /** Lines that are no events, or events of another form than any version writes. */
  damaged = 0
  /** Epochs so far. */
  #epochs = 0
  /** The last epoch, if it was passed over. */
  #passed: string | undefined

  constructor(every = 1, generation = 0) {
    this.every = every
    this.generation = generation
  }

  restart(): void {
    this.generation++
    this.#epochs = 0
    this.#passed = undefined
    this.epochs.clear()
    this.about = undefined
    this.result = undefined
    this.stopped = undefined
    this.distribution = undefined
    this.connections = undefined
    this.damaged = 0
  }

  line(text: string): void {
    if (this.every > 1 && text.startsWith(EPOCH)) {
      this.#passed = this.#epochs++ % this.every === 0 ? undefined : text
      if (this.#passed !== undefined) return
    } else {
      this.settle()
    }
    this.#take(text)
  }

  /** Takes the last epoch too. */
  settle(): void {
    if (this.#passed !== undefined) this.#take(this.#passed)
    this.#passed = undefined
  }

  #take(text: string): void {
    try {
      this.#add(parsed(text))
    } catch {
      this.damaged++
    }
  }

  #add(event: LoggedEvent): void {
    if (event.event === 'start') this.about = aboutOf(event)
    else if (event.event === 'epoch') {
      checkEpoch(event.epoch)
      // A run that trains again after its result is no longer finished.
      this.result = undefined
      this.distribution = listsOf(event.pathDistribution)
      this.connections = listsOf(event.connectionDistribution)
      addRow(this.epochs, event, this.distribution)
    } else if (event.event === 'result') this.result = resultOf(event)
    else if (event.event === 'stopped') this.stopped = stoppedOf(event)
  }
}

/** Throws for a line that is no object. */
function parsed(text: string): LoggedEvent {
  const value: unknown = JSON.parse(text)
  if (typeof value === 'object' && value !== null) return value as LoggedEvent
  throw new TypeError(`Expected an event but received ${text}`)
}

/** Throws for what is no number of an epoch: it has no place on the curves. */
function checkEpoch(epoch: unknown): void {
  if (!Number.isSafeInteger(epoch) || Number(epoch) < 0) throw new TypeError(`Expected an epoch but received ${epoch}`)
}

/** Adds a row. Many thousands of rows are read at once, so it makes no objects and each name once. */
function addRow(series: Series, event: LoggedEvent, distribution: readonly (readonly number[])[] = []): void {
  series.add()
  for (const name in event) {
    const value = event[name]
    if (typeof value === 'number') series.set(name, value)
  }
  const byOperation = (event.gradientVarianceByOperation ?? {}) as Readonly<Record<string, unknown>>
  for (const name in byOperation) {
    const value = byOperation[name]
    if (typeof value === 'number') series.set(nameOf('gradientVariance', name), value)
  }
  const operations = distribution[0]?.length ?? 0
  for (let k = 0; k < operations; k++) {
    let sum = 0
    for (const list of distribution) sum += list[k]
    series.set(nameOf('share', k), sum / distribution.length)
  }
}

const NAMES = new Map<string, Map<string | number, string>>()

/** `WHAT of NAME`. */
function nameOf(what: string, name: string | number): string {
  let names = NAMES.get(what)
  if (names === undefined) {
    names = new Map()
    NAMES.set(what, names)
  }
  let full = names.get(name)
  if (full === undefined) {
    full = `${what} of ${name}`
    names.set(name, full)
  }
  return full
}

/** One list becomes a list of one. Undefined for what is no distribution. */
function listsOf(distribution: unknown): readonly (readonly number[])[] | undefined {
  if (!Array.isArray(distribution) || distribution.length === 0) return undefined
  if (!distribution.some(Array.isArray)) return [distribution]
  return distribution.every(Array.isArray) ? distribution : undefined
}

function aboutOf(event: LoggedEvent): About {
  const { space, method, dataset, arch, epochs, stepsPerEpoch, parameters, warnings } = event as Partial<About>
  return { space, method, dataset, arch, epochs, stepsPerEpoch, parameters, warnings }
}

function stoppedOf({ why, reason }: LoggedEvent): RunLog['stopped'] {
  return { why: why === 'failed' ? why : 'interrupted', reason: String(reason) }
}

function resultOf(event: LoggedEvent): Result {
  const trained = typeof event.epochs === 'number' ? { trained: event.epochs } : {}
  if ('top1' in event) {
    const { top1, top5, best, seconds } = event as unknown as RetrainResult
    checkEpoch(best.epoch)
    return { kind: 'retraining', ...trained, top1, top5, best, seconds }
  }
  const { kendallTau, kendallTauByParameters, spearman, bestFound, regret, seconds, ranked, rankedBy, top, found } =
    event as unknown as SearchResult
  const subModels = (list: readonly SubModel[] | undefined) =>
    list?.slice(0, SHOWN).map(({ path, arch, accuracy, groundTruth }) => ({ path, arch, accuracy, groundTruth })) ?? []
  return {
    kind: 'search',
    ...trained,
    ...{ kendallTau, kendallTauByParameters, spearman, bestFound, regret, seconds, ranked, rankedBy },
    tauOfRanking: (event as unknown as SearchResult)[TAU_BY[rankedBy ?? 'accuracy']],
    top: subModels(top),
    found: subModels(found?.best),
    ...(found && { algorithm: found.algorithm, foundBy: found.by }),
  }
}
