/**
 * How far a run is, for those who watch its folder while it runs:
 *
 * - `progress.json`: the latest progress, replaced about once a second.
 * - `steps.jsonl`: at most 2000 step events of the whole run, evenly spread.
 *
 * Nothing is computed from these files. So they are not flushed to disk, and a write that fails does not stop the run.
 */
import { appendFile, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { temporaryFor, writeAtomically } from '../base/atomic.js'
import { Pace } from '../base/pace.js'
import type { EvaluatedEvent } from '../evaluation/events.js'
import type { CandidateEvent } from '../finding/events.js'
import type { MeasuringEvent, StepEvent } from '../training/events.js'

/** Name of the file with the latest progress. */
export const PROGRESS_FILE = 'progress.json'
/** Name of the file with sampled step events. */
export const STEPS_FILE = 'steps.jsonl'

/** Seconds between two writes. */
const INTERVAL = 1
/** Largest number of step events that are kept of a run. */
const SAMPLES = 2000

type ProgressEvent = StepEvent | MeasuringEvent | EvaluatedEvent | CandidateEvent

/** Content of `progress.json`. */
export interface RunProgress {
  readonly phase: 'training' | 'ranking' | 'finding'
  /** Steps of the whole training, or sub-models, done of `total`. */
  readonly done: number
  readonly total: number
  /** The same per second, lately; null until it is known, and while training waits for a measurement. */
  readonly perSecond: number | null
  /** When it was so, in ISO 8601. */
  readonly time: string
  readonly event: ProgressEvent
}

/** Position in training, in steps since its beginning. */
interface Position {
  readonly epoch: number
  readonly step: number
}

/** Options of {@link ProgressRecorder.open}. */
interface RecorderOptions {
  readonly epochs: number
  readonly stepsPerEpoch: number
  /** Where a resumed run continues: what was recorded after it is dropped. */
  readonly from?: Position
  /** Aborted if the lock is lost. Then nothing more is written. */
  readonly lost?: AbortSignal
  /** True if another process records the run. Default: this one. */
  readonly watches?: boolean
  /** The time in seconds; tests pass their own clock. */
  readonly now?: () => number
}

/** Records the progress of a run whose lock the caller holds. The run never waits for the disk, except at the end. */
export class ProgressRecorder implements AsyncDisposable {
  readonly #folder: string
  readonly #lost: AbortSignal | undefined
  readonly #stepsPerEpoch: number
  readonly #total: number
  /** Steps per sample. */
  readonly #stride: number
  readonly #now: () => number
  readonly #pace: Pace
  #phase: RunProgress['phase'] | undefined
  #progress: RunProgress | undefined
  #sampled: number
  #samples = ''
  #lastWrite = Number.NEGATIVE_INFINITY
  #writing: Promise<void> | undefined
  /** True if what came during a write must not wait for the next event. */
  #urgent = false

  private constructor(folder: string, options: RecorderOptions) {
    const { epochs, stepsPerEpoch, from = { epoch: 0, step: 0 } } = options
    this.#folder = folder
    this.#lost = options.lost
    this.#now = options.now ?? (() => performance.now() / 1000)
    this.#pace = new Pace(this.#now)
    this.#stepsPerEpoch = stepsPerEpoch
    this.#total = epochs * stepsPerEpoch
    this.#stride = Math.max(1, Math.ceil(this.#total / SAMPLES))
    this.#sampled = Math.floor((from.epoch * stepsPerEpoch + from.step) / this.#stride)
  }

  /** Drops step events after the position from which training continues, and records from there. */
  static async open(folder: string, options: RecorderOptions): Promise<ProgressRecorder> {
    if (options.watches) return new ProgressRecorder(folder, { ...options, lost: AbortSignal.abort() })
    await dropAfter(join(folder, STEPS_FILE), options.from ?? { epoch: 0, step: 0 })
    return new ProgressRecorder(folder, options)
  }

  /** Takes note of an event. Events of other kinds are ignored. */
  observe(event: { readonly event: string }): void {
    if (!isProgressEvent(event)) return
    const progress = this.#progressOf(event)
    this.#progress = progress
    if (event.event === 'step') this.#sample(event, progress.done)
    // The next event may come only after minutes.
    const urgent = event.event === 'measuring'
    this.#urgent ||= urgent
    if (this.#writing !== undefined || (!urgent && this.#now() - this.#lastWrite < INTERVAL)) return
    this.#writing = this.#writeWhileUrgent().finally(() => {
      this.#writing = undefined
    })
  }

  /** Passes events on and takes note of each. */
  async *through<Event extends { readonly event: string }, Result>(
    events: AsyncGenerator<Event, Result>,
  ): AsyncGenerator<Event, Result> {
    try {
      for (;;) {
        const next = await events.next()
        if (next.done) return next.value
        this.observe(next.value)
        yield next.value
      }
    } finally {
      // The result is that of a generator that the receiver has left: nobody reads it.
      await events.return(undefined as Result)
    }
  }

  /** Writes what is not yet written. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#writing
    await this.#write()
  }

  #progressOf(event: ProgressEvent): RunProgress {
    const { phase, done, total } = this.#positionOf(event)
    if (phase !== this.#phase || 'known' in event) this.#pace.restart()
    this.#phase = phase
    if (event.event === 'measuring') this.#pace.pause()
    const perSecond = event.event === 'measuring' ? null : (this.#pace.observe(done) ?? null)
    return { phase, done, total, perSecond, time: new Date().toISOString(), event }
  }

  #positionOf(event: ProgressEvent): Pick<RunProgress, 'phase' | 'done' | 'total'> {
    switch (event.event) {
      case 'step':
        return { phase: 'training', done: event.epoch * event.steps + event.step, total: this.#total }
      case 'measuring':
        return { phase: 'training', done: (event.epoch + 1) * this.#stepsPerEpoch, total: this.#total }
      case 'evaluated':
        return { phase: 'ranking', done: event.done, total: event.total }
      case 'candidate':
        return { phase: 'finding', done: event.done, total: event.total }
    }
  }

  /** Keeps the first event of each stretch of steps. */
  #sample(event: StepEvent, done: number): void {
    const stretch = Math.floor(done / this.#stride)
    if (stretch <= this.#sampled) return
    this.#sampled = stretch
    this.#samples += `${JSON.stringify(event)}\n`
  }

  async #writeWhileUrgent(): Promise<void> {
    do {
      this.#urgent = false
      this.#lastWrite = this.#now()
      await this.#write()
    } while (this.#urgent)
  }

  async #write(): Promise<void> {
    if (this.#lost?.aborted) return
    const samples = this.#samples
    this.#samples = ''
    const file = join(this.#folder, PROGRESS_FILE)
    const temporary = temporaryFor(file)
    try {
      if (samples !== '') await appendFile(join(this.#folder, STEPS_FILE), samples)
      if (this.#progress === undefined) return
      await writeFile(temporary, `${JSON.stringify(this.#progress)}\n`)
      await rename(temporary, file)
    } catch {
      // A full disk or a removed folder stops the run at its next checkpoint, with a sentence.
      await rm(temporary, { force: true }).catch(() => {})
    }
  }
}

const PROGRESS_EVENTS: ReadonlySet<string> = new Set<ProgressEvent['event']>([
  'step',
  'measuring',
  'evaluated',
  'candidate',
])

function isProgressEvent(event: { readonly event: string }): event is ProgressEvent {
  return PROGRESS_EVENTS.has(event.event)
}

/** Removes the step events after a position, and what a kill has torn. */
async function dropAfter(file: string, { epoch, step }: Position): Promise<void> {
  const text = await readFile(file, 'utf8').catch(() => '')
  const lines = text.split('\n').slice(0, -1)
  const kept = lines.filter((line) => {
    const event = stepOf(line)
    return event !== undefined && (event.epoch < epoch || (event.epoch === epoch && event.step <= step))
  })
  const rest = kept.map((line) => `${line}\n`).join('')
  if (rest !== text) await writeAtomically(file, rest)
}

/** The event of a line; undefined if a crash of the machine has damaged it. */
function stepOf(line: string): StepEvent | undefined {
  try {
    return JSON.parse(line)
  } catch {
    return undefined
  }
}
