import { type Options, SingleBar } from 'cli-progress'
import pc from 'picocolors'
import { toAscii } from './ascii.js'
import { describeDiscarded } from './discarded.js'
import { firstThatFits, fold } from './fit.js'
import { type Progress, type ProgressEvent, ProgressMeter } from './progress.js'
import type { ReportedEvent, Reporter } from './reporter.js'
import { renderResult } from './result.js'
import { describeStart } from './start.js'

/** What a line shows, from the most to the least: width of the bar, and parts of the progress. */
const LAYOUTS: readonly (readonly [number, readonly ('position' | 'detail' | 'speed' | 'left')[]])[] = [
  [24, ['position', 'detail', 'speed', 'left']],
  [12, ['position', 'detail', 'speed', 'left']],
  [12, ['position', 'detail', 'left']],
  [12, ['position', 'left']],
  [0, ['position', 'left']],
  [0, ['left']],
  [0, []],
]

/** One progress bar per phase of the search, for a terminal. */
export class BarReporter implements Reporter {
  readonly #stream: NodeJS.WriteStream
  readonly #ascii: boolean
  readonly #meter = new ProgressMeter()
  #bar: { readonly phase: Progress['phase']; readonly bar: SingleBar } | undefined

  constructor(stream: NodeJS.WriteStream, { ascii = false } = {}) {
    this.#stream = stream
    this.#ascii = ascii
  }

  say(line: string): void {
    // A line would tear the bar. So the bar ends, and the next event starts a new one below the line.
    this.#stop()
    for (const part of fold(line, this.#stream.columns)) this.#stream.write(`${this.#characters(part)}\n`)
  }

  event(event: ReportedEvent): void {
    switch (event.event) {
      case 'start':
        this.#meter.start(event)
        for (const line of describeStart(event)) this.#dim(line)
        break
      case 'step':
      case 'measuring':
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
    const payload = { progress }
    if (this.#bar?.phase !== progress.phase) {
      this.#stop()
      this.#bar = { phase: progress.phase, bar: new SingleBar(this.#options()) }
      this.#bar.bar.start(progress.total, progress.done, payload)
    } else {
      this.#bar.bar.update(progress.done, payload)
    }
  }

  /** Breaks the line before it is coloured, so that each of its parts has the colour's end. */
  #dim(line: string): void {
    for (const part of fold(line, this.#stream.columns)) this.say(pc.dim(part))
  }

  #characters(text: string): string {
    return this.#ascii ? toAscii(text) : text
  }

  #stop(): void {
    this.#bar?.bar.stop()
    this.#bar = undefined
  }

  #options(): Options {
    return {
      stream: this.#stream,
      format: (_options, { progress: share }, { progress }) =>
        this.#characters(renderBar(progress, share, this.#stream.columns)),
      fps: 10,
      hideCursor: true,
      linewrap: false,
      // signals.ts handles signals. The library's handler would end the process before the run is saved.
      gracefulExit: false,
    }
  }
}

/** A line of progress that fits the terminal, whatever its size is now. The time left is the last thing to go. */
function renderBar(progress: Progress, share: number, columns: number | undefined): string {
  const done = Math.min(1, Math.max(0, share))
  const lines = LAYOUTS.map(([size, parts]) => () => {
    const filled = Math.round(done * size)
    const bar = size === 0 ? [] : [pc.cyan('━'.repeat(filled) + '─'.repeat(size - filled))]
    const words = parts.map((part) => progress[part]).filter(Boolean)
    const head = [pc.bold(progress.phase), ...bar, `${Math.floor(100 * done)} %`].join(' ')
    return [head, ...words].join(' · ')
  })
  // Some terminals go to the next line when the last column is filled.
  return firstThatFits(columns === undefined ? undefined : columns - 1, lines)[0]
}
