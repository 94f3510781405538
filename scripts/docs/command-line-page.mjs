/** Writes docs/command-line.md from what the commands tell yargs: a section per command, a table of its options. */
import { table } from './settings-words.mjs'

/** @typedef {import('yargs').CommandModule<object, any>} CommandModule */
/** @typedef {import('yargs').Options} Options */

const INTRO = `# Commands

<!-- Written by \`npm run docs:reference\` from src/cli; edit the descriptions there. -->

\`npx pada-native COMMAND …\`; \`--help\` lists the same options.

- A path or file may begin with \`~\` and hold \`$NAME\`. Relative ones start from the working directory.
- \`--config\` also takes the name of a configuration of the package, such as \`nasbench201-smoke\`; \`config --list\` prints them.
- \`--set key.of.setting=value …\` takes one or more settings; values are YAML. Quote spaces and brackets for the shell.
  \`null\` removes a setting: then the default in [settings](settings.md) holds, not the value of the configuration.
- With \`--json\`, standard output has one JSON object per line and everything else goes to standard error. For most
  commands the last object is the result, whose \`event\` is \`result\`. \`experiment\` ends with a \`report\`, \`bench\` with
  a \`bench\`, and \`bench --data\` with a \`data\`. \`cost\` prints a \`cost\` for each path, \`data\` a \`split\` for each split,
  and \`watch\` one \`watching\`, once it listens. \`doctor\` and \`config\` print one value without \`event\`. See
  [events](events.md).
- If standard output takes no more, because it is closed or its disk is full, the work is saved and ends. If standard error
  takes no more, the work goes on, without its words for people.
- All commands have \`--help\`; \`pada-native --version\` prints the version.

| Exit code | Meaning |
| --- | --- |
| 0 | done |
| 1 | failed; also if a file of images, weights or accuracies is missing or damaged |
| 2 | wrong usage: an option, a setting, a configuration or a run that is named does not fit |
| 130 | interrupted, and saved if the command saves |
`

/**
 * The page.
 *
 * @param {readonly CommandModule[]} commands With their builders.
 * @returns {string}
 */
export function commandLinePage(commands) {
  const names = commands.map(({ command }) => String(command).split(' ')[0])
  const list = commands.map(({ describe }, at) => [`[\`${names[at]}\`](#${names[at]})`, sentence(describe)])
  const sections = commands.map((command, at) => section(command, names[at]))
  return [INTRO, table(['Command', 'What it does'], list), ...sections].join('\n')
}

/**
 * @param {CommandModule} module
 * @param {string} name
 */
function section({ command, describe, builder }, name) {
  const { positionals, options, conflicts } = declared(builder)
  /** Whether a command does without an argument. If it does not, it says so in a sentence of its own.
   * @param {Options} option */
  const isOptional = (option) => option.default !== undefined || option.defaultDescription !== undefined
  const named = new Map(positionals)
  const rows = [
    ...positionals.map(([key, option]) => [
      `\`${key.toUpperCase()}\``,
      ...cells({ ...option, demandOption: !isOptional(option) }),
    ]),
    ...Object.entries(options).map(([key, option]) => [`\`--${key}\`${argument(option)}`, ...cells(option)]),
  ]
  const usage = `pada-native ${String(command).replace(/\[(\w+)(\.\.)?\]/g, (_, word, dots) => {
    const text = `${word.toUpperCase()}${dots ? ' …' : ''}`
    return isOptional(named.get(word) ?? {}) ? `[${text}]` : text
  })}`
  const apart = conflicts.map(
    ([one, others]) => `\`--${one}\` and ${others.map((other) => `\`--${other}\``).join(', ')}`,
  )
  const notes = apart.length === 0 ? '' : `\nNot together: ${apart.join('; ')}.\n`
  return `## \`${name}\`\n\n${sentence(describe)}\n\n\`\`\`\n${usage}\n\`\`\`\n\n${table(['Option', 'Default', 'Meaning'], rows)}${notes}`
}

/**
 * What a builder tells yargs, by calling it with an object that takes notes.
 *
 * @param {CommandModule['builder']} builder
 */
function declared(builder) {
  /** @type {[string, Options][]} */
  const positionals = []
  /** @type {Record<string, Options>} */
  const options = {}
  /** @type {[string, readonly string[]][]} */
  const conflicts = []
  const notes = {
    /** @param {string} key @param {Options} option */
    positional(key, option) {
      positionals.push([key, option])
      return notes
    },
    /** @param {Record<string, Options>} more */
    options(more) {
      Object.assign(options, more)
      return notes
    },
    /** @param {string} one @param {string | readonly string[]} others */
    conflicts(one, others) {
      conflicts.push([one, [others].flat()])
      return notes
    },
  }
  if (typeof builder === 'function') builder(/** @type {any} */ (notes))
  return { positionals, options, conflicts }
}

/** @param {Options} option */
function cells({ default: value, defaultDescription, demandOption, choices, describe }) {
  const usual = escaped(defaultDescription) ?? (value === undefined || value === false ? '' : `\`${value}\``)
  const values = choices === undefined ? '' : ` One of ${choices.map((choice) => `\`${choice}\``).join(', ')}.`
  return [demandOption ? 'required' : usual, sentence(describe) + values]
}

/** @param {Options} option */
function argument({ type, choices, array }) {
  if (type === 'boolean') return ''
  const word = type === 'number' ? 'N' : choices === undefined ? 'TEXT' : 'NAME'
  return ` ${word}${array ? ' …' : ''}`
}

/** @param {string | false | undefined} text */
function sentence(text) {
  const words = escaped(text || '') ?? ''
  return /[.?…]$/.test(words) ? words : `${words}.`
}

/**
 * Text for a page, where a `<` would begin a tag.
 *
 * @param {string | undefined} text
 */
function escaped(text) {
  return text?.replaceAll('<', '&lt;')
}
