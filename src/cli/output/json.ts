import type { SearchEvent } from '../../search/events.js'
import type { Reporter } from './reporter.js'

type Progress = Extract<SearchEvent, { event: 'step' | 'evaluated' | 'candidate' }>

/** Whether an event comes many times a second and says nothing that a later one does not. */
export function isProgress(event: SearchEvent): event is Progress {
  return event.event === 'step' || event.event === 'evaluated' || event.event === 'candidate'
}

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
    if (!isProgress(event)) this.#stream.write(`${JSON.stringify(event)}\n`)
  }

  [Symbol.dispose](): void {
    this.#human[Symbol.dispose]()
  }
}
