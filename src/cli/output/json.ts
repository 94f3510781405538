import type { ReportedEvent, Reporter } from './reporter.js'

type Progress = Extract<ReportedEvent, { event: 'step' | 'measuring' | 'evaluated' | 'candidate' }>

const PROGRESS: ReadonlySet<string> = new Set<Progress['event']>(['step', 'measuring', 'evaluated', 'candidate'])

/** True for progress: events that come often, and that later events make obsolete. */
export function isProgress(event: ReportedEvent): event is Progress {
  return PROGRESS.has(event.event)
}

/** Writes one JSON object per line for programs, and passes every event to a reporter for people. */
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

  event(event: ReportedEvent): void {
    this.#human.event(event)
    if (!isProgress(event)) this.#stream.write(`${JSON.stringify(event)}\n`)
  }

  [Symbol.dispose](): void {
    this.#human[Symbol.dispose]()
  }
}
