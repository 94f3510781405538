// Imported for its effect: an error that a script does not catch ends it with one sentence and an exit code.
import { environment } from '#dist/base/environment.js'
import { reportError } from '#dist/cli/report-error.js'

process.on('uncaughtException', (error) => {
  const write = (/** @type {string} */ line) => process.stderr.write(`${line}\n`)
  const code = reportError(error, { debug: environment().debug, write })
  // An option that `parseArgs` does not know, or lacks a value of.
  process.exit('code' in error && `${error.code}`.startsWith('ERR_PARSE_ARGS_') ? 2 : code)
})
