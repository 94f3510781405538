import type { SearchEvent } from '../../search/events.js'
import { BarReporter } from './bars.js'
import { JsonReporter } from './json.js'
import { LineReporter } from './lines.js'

/** Tells one person or program how a search goes. */
export interface Reporter extends Disposable {
  /** A line for people, such as what the set-up is doing. */
  say(line: string): void
  event(event: SearchEvent): void
  /** Leaves the terminal as it was found, whatever happened. */
  [Symbol.dispose](): void
}

/**
 * Bars on a terminal, plain lines in a pipe or file. With `json`, standard output carries event lines only and what is
 * for people goes to standard error.
 */
export function createReporter(options: { json: boolean }): Reporter {
  const stream = options.json ? process.stderr : process.stdout
  const human = stream.isTTY ? new BarReporter(stream) : new LineReporter(stream)
  return options.json ? new JsonReporter(process.stdout, human) : human
}
