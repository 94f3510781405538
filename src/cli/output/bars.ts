import { type Options, SingleBar } from 'cli-progress'
import pc from 'picocolors'
import { describeDiscarded } from './discarded.js'
import { describe, type Progress, type ProgressEvent, ProgressMeter } from './progress.js'
import type { ReportedEvent, Reporter } from './reporter.js'
import { renderResult } from './result.js'
import { describeStart } from './start.js'

/** Width of the bar in characters. The text next to it needs the rest of an 80-column line. */
const BAR_SIZE = 24

/** One progress bar per phase of the search, for a terminal. */
export class BarReporter implements Reporter {
  readonly #stream: NodeJS.WriteStream
  readonly #meter = new ProgressMeter()
  #bar: { readonly phase: Progress['phase']; readonly bar: SingleBar } | undefined

  constructor(stream: NodeJS.WriteStream) {
    this.#stream = stream
  }

  say(line: string): void {
    // A line would tear the bar. So the bar ends, and the next event starts a new one below the line.
    this.#stop()
    this.#stream.write(`${line}\n`)
  }

  event(event: ReportedEvent): void {
    switch (event.event) {
      case 'start':
        this.#meter.start(event)
        for (const line of describeStart(event)) this.say(pc.dim(line))
        break
      case 'step':
      case 'epoch':
      case 'evaluated':
      case 'candidate':
        this.#progress(event)
        break
      case 'discarded':
        this.say(describeDiscarded(event))
        break
      case 'result':
        this.say('')
        for (const line of renderResult(event, { color: pc.isColorSupported, columns: this.#stream.columns })) {
          this.say(line)
        }
        break
    }
  }

  [Symbol.dispose](): void {
    this.#stop()
  }

  #progress(event: ProgressEvent): void {
    const progress = this.#meter.update(event)
    const payload = { phase: progress.phase, words: describe(progress) }
    if (this.#bar?.phase !== progress.phase) {
      this.#stop()
      this.#bar = { phase: progress.phase, bar: new SingleBar(this.#options()) }
      this.#bar.bar.start(progress.total, progress.done, payload)
    } else {
      this.#bar.bar.update(progress.done, payload)
    }
  }

  #stop(): void {
    this.#bar?.bar.stop()
    this.#bar = undefined
  }

  #options(): Options {
    return {
      stream: this.#stream,
      format: `${pc.bold('{phase}')} ${pc.cyan('{bar}')} {percentage} % · {words}`,
      barCompleteChar: '━',
      barIncompleteChar: '─',
      barsize: BAR_SIZE,
      fps: 10,
      hideCursor: true,
      linewrap: false,
      // signals.ts handles signals. The library's handler would end the process before the run is saved.
      gracefulExit: false,
    }
  }
}
