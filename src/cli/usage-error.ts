/** Wrong usage in the project's one form. yargs finds it, in sentences of its own. */
import { UserError } from '../base/errors.js'
import { nearest } from '../base/nearest.js'

/** What the sentences need to know of the command line. */
export interface Usage {
  /** The words after the name of the program. */
  readonly words: readonly string[]
  /** Names of all commands. */
  readonly commands: readonly string[]
  /** Options of the command that `words` name, without dashes. */
  readonly options: readonly string[]
}

/** The error of a first word that is neither a command nor an option; undefined if it is one. */
export function unknownCommand({ words: [first], commands }: Pick<Usage, 'words' | 'commands'>): UserError | undefined {
  if (first === undefined || first.startsWith('-') || commands.includes(first)) return undefined
  return new UserError(`Expected a command but received ${first}; ${meant(first, commands, HELP)}`, 2)
}

/** A complaint of yargs, or of the coercion of an option, as an error. */
export function usageError(complaint: string, usage: Usage): UserError {
  return new UserError(sentence(complaint, usage), 2)
}

const HELP = 'npx pada-native --help lists them'

function sentence(complaint: string, usage: Usage): string {
  const { words, commands, options } = usage
  const command = words.find((word) => commands.includes(word))
  const own = /^Expected .* for --([\w-]+) but received NaN$/s.exec(complaint)
  if (own !== null) return complaint.replace(/NaN$/, valueWritten(own[1], words) ?? 'NaN')
  const unknown = /^Unknown arguments?: (.*)$/s.exec(complaint)
  if (unknown !== null) {
    const written = unknown[1].split(', ').map((name) => asWritten(name, words))
    const dashed = options.map((name) => `--${name}`)
    const help = `npx pada-native ${command ?? ''} --help lists them`.replace('  ', ' ')
    // See `separateSettings`: words after -- are no options, even if they begin with dashes.
    const advice = written[0].startsWith('./-') ? 'options go before --' : meant(written[0], dashed, help)
    return `Expected ${optionsOf(command)} but received ${written.join(', ')}; ${advice}`
  }
  const bare = /^Not enough arguments following: (.*)$/.exec(complaint)
  if (bare !== null) return `Expected a value for --${bare[1]} but received none`
  const missing = /^Missing required arguments?: (.*)$/.exec(complaint)
  if (missing !== null) return `Expected ${listed(missing[1].split(', '), 'and')} for ${command} but received none`
  const exclusive = /^Arguments (\S+) and (\S+) are mutually exclusive$/.exec(complaint)
  if (exclusive !== null) return `Expected ${listed(exclusive.slice(1), 'or')} but received both`
  const invalid = /Argument: ([\w-]+), Given: (.*), Choices: (.*)/.exec(complaint)
  if (invalid !== null) {
    const [, option, given, choices] = invalid
    return `Expected ${choices.replaceAll('"', '')} for --${option} but received ${given.replaceAll('"', '')}`
  }
  return complaint
}

function optionsOf(command: string | undefined): string {
  return command === undefined ? 'a command and its options' : `only the arguments of ${command}`
}

/** The name that was meant, or else where all are listed. */
function meant(written: string, names: readonly string[], help: string): string {
  const name = nearest(written.replace(/=.*$/s, ''), names)
  return name === undefined ? help : `did you mean ${name}?`
}

/** The word in which yargs found an option, with its dashes. */
function asWritten(name: string, words: readonly string[]): string {
  return words.find((word) => word === name || /^-+(.*?)(=.*)?$/s.exec(word)?.[1] === name) ?? name
}

/** The value of an option as it was written. */
function valueWritten(option: string, words: readonly string[]): string | undefined {
  const at = words.findIndex((word) => word === `--${option}` || word.startsWith(`--${option}=`))
  return words[at]?.includes('=') ? words[at].slice(words[at].indexOf('=') + 1) : words[at + 1]
}

function listed(options: readonly string[], word: string): string {
  return options.map((name) => `--${name}`).join(` ${word} `)
}
