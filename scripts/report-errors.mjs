// Imported for its effect: an error that a script does not catch ends it with one sentence and an exit code.
import { environment } from '#dist/base/environment.js'
import { reportError } from '#dist/cli/report-error.js'

process.on('uncaughtException', (error) => {
  const write = (/** @type {string} */ line) => process.stderr.write(`${line}\n`)
  process.exit(reportError(error, { debug: environment().debug, write }))
})
