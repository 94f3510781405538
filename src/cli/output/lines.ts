import { toAscii } from './ascii.js'
import { describeDiscarded } from './discarded.js'
import { describe, type Progress, type ProgressEvent, ProgressMeter } from './progress.js'
import type { ReportedEvent, Reporter } from './reporter.js'
import { renderResult } from './result.js'
import { describeStart } from './start.js'

/** Seconds between two progress lines, so that a log file stays short. */
const INTERVAL = 10

/** Plain lines without colour or control characters, for pipes and files. */
export class LineReporter implements Reporter {
  readonly #stream: NodeJS.WritableStream & { readonly columns?: number }
  readonly #ascii: boolean
  readonly #meter = new ProgressMeter()
  #lastProgress = performance.now()
  /** Ends the silence of a long measurement. */
  #silence: NodeJS.Timeout | undefined

  constructor(stream: NodeJS.WritableStream, { ascii = false } = {}) {
    this.#stream = stream
    this.#ascii = ascii
  }

  say(line: string): void {
    this.#stream.write(`${this.#ascii ? toAscii(line) : line}\n`)
  }

  event(event: ReportedEvent): void {
    clearTimeout(this.#silence)
    switch (event.event) {
      case 'start':
        this.#meter.start(event)
        for (const line of describeStart(event)) this.say(line)
        break
      case 'step':
      case 'epoch':
      case 'evaluated':
      case 'candidate':
        this.#progress(event)
        break
      case 'measuring':
        this.#waitFor(this.#meter.update(event))
        break
      case 'discarded':
        this.say(describeDiscarded(event))
        break
      case 'result':
        for (const line of renderResult(event, { color: false, columns: this.#stream.columns })) this.say(line)
        break
    }
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#silence)
  }

  /** Says what training waits for if it takes long. */
  #waitFor(progress: Progress): void {
    this.#silence = setTimeout(() => this.say(describe(progress)), INTERVAL * 1000).unref()
  }

  #progress(event: ProgressEvent): void {
    const progress = this.#meter.update(event)
    // The event of the epoch follows, with what the last step does not know yet.
    if (event.event === 'step' && event.step === event.steps) return
    const milestone = event.event === 'epoch' || progress.done === progress.total
    const now = performance.now()
    if (!milestone && now - this.#lastProgress < INTERVAL * 1000) return
    this.#lastProgress = now
    this.say(describe(progress))
  }
}
