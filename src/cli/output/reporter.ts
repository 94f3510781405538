import { environment } from '../../base/environment.js'
import type { RetrainEvent } from '../../retraining/events.js'
import type { SearchEvent } from '../../search/events.js'
import { BarReporter } from './bars.js'
import { JsonReporter } from './json.js'
import { LineReporter } from './lines.js'

/** An event of a search or of a retraining. */
export type ReportedEvent = SearchEvent | RetrainEvent

/** Reports a search or a retraining to a person or a program. */
export interface Reporter extends Disposable {
  /** Writes a line for people, such as the progress of the set-up. */
  say(line: string): void
  event(event: ReportedEvent): void
  /** Restores the terminal. */
  [Symbol.dispose](): void
}

/**
 * Bars on a terminal; plain lines in a pipe or file, on a terminal that cannot move its cursor, and in continuous
 * integration. With `json`, standard output has only event lines, and the text for people goes to standard error.
 */
export function createReporter(options: { json: boolean }): Reporter {
  const stream = options.json ? process.stderr : process.stdout
  const { plain, ascii } = environment()
  const human = stream.isTTY && !plain ? new BarReporter(stream, { ascii }) : new LineReporter(stream, { ascii })
  return options.json ? new JsonReporter(process.stdout, human) : human
}
