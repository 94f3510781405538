/** The command line: yargs, its commands, and how their errors are shown. */
import { readFileSync } from 'node:fs'
import yargs from 'yargs'
import { hideBin } from 'yargs/helpers'
import { checkEnvironment, environment } from '../base/environment.js'
import { separateSettings } from './arguments.js'
import { commandNames, commandsFor } from './commands.js'
import { reportError } from './report-error.js'
import { endAtSignals, isInterruptible, outputError } from './signals.js'
import { unknownCommand, usageError } from './usage-error.js'

const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'))

const words = separateSettings(hideBin(process.argv))
const cli = yargs(words)
  .scriptName('pada-native')
  .usage('$0 <command>\n\nOne-shot neural architecture search on libtorch.')
  .command(await commandsFor(words))
  .demandCommand(1, 'Expected a command but received none; npx pada-native --help lists them')
  .strict()
  // Options have one spelling: `--no-json`, `--set.a=b` and `--jsonFoo` are mistakes.
  .parserConfiguration({ 'boolean-negation': false, 'camel-case-expansion': false, 'dot-notation': false })
  .locale('en')
  .version(version)
  .help()
  .alias('help', 'h')
  .alias('version', 'v')
  .wrap(Math.min(100, process.stdout.columns ?? 100))
  .exitProcess(false)
  .fail((message, error) => {
    // Complaints of yargs have a message, and some have a YError. Errors of commands are thrown on.
    if (error && error.name !== 'YError') throw error
    throw usageError(error?.message ?? message, { words, commands: commandNames, options: optionsOf(cli) })
  })

endAtSignals()

// Work goes on without words for people: a full disk of logs, or a pipe that someone closed, must not lose it.
process.stderr.on('error', () => {})

/** Why standard output takes no more. */
let unwritten: NodeJS.ErrnoException | undefined
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  unwritten ??= error
  if (!isInterruptible()) endUnwritten(unwritten)
})

try {
  const unknown = unknownCommand({ words, commands: commandNames })
  if (unknown !== undefined) throw unknown
  checkEnvironment()
  await cli.parseAsync()
  if (unwritten !== undefined) endUnwritten(unwritten)
} catch (error) {
  const code = reportError(error, {
    debug: environment().debug,
    write: (line) => process.stderr.write(`${line}\n`),
  })
  // Not `process.exitCode`: a build or a native step that still runs would keep an interrupted process alive.
  process.exit(code)
}

/** Ends the process. Whoever closed a pipe has seen enough (`| head`). */
function endUnwritten(error: NodeJS.ErrnoException): never {
  if (error.code === 'EPIPE') process.exit(0)
  process.stderr.write(`pada-native: ${outputError(error).message}\n`)
  process.exit(1)
}

/** Names of the options of the command that was called. The types of yargs leave `getOptions` out. */
function optionsOf(parser: object): string[] {
  return Object.keys((parser as { getOptions(): { key: object } }).getOptions().key)
}
