/** Chooses how work is reported. */
import { environment } from '../../base/environment.js'
import { BarReporter } from './bars.js'
import { JsonReporter } from './json.js'
import { LineReporter } from './lines.js'
import type { Reporter } from './reporter.js'

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
