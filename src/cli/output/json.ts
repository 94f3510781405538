import type { SearchEvent } from '../../events.js'
import type { Reporter } from './reporter.js'

/** Events that come many times a second and say nothing that a later one does not. */
const PROGRESS: ReadonlySet<SearchEvent['event']> = new Set(['step', 'evaluated', 'candidate'])

/** One JSON object per line for programs; people read the reporter behind it. */
export class JsonReporter implements Reporter {
  readonly #stream: NodeJS.WritableStream
  readonly #human: Reporter

  constructor(stream: NodeJS.WritableStream, human: Reporter) {
    this.#stream = stream
    this.#human = human
  }

  say(line: string): void {
    this.#human.say(line)
  }

  event(event: SearchEvent): void {
    this.#human.event(event)
    if (!PROGRESS.has(event.event)) this.#stream.write(`${JSON.stringify(event)}\n`)
  }

  [Symbol.dispose](): void {
    this.#human[Symbol.dispose]()
  }
}
