/** Options that the benchmarks share, and how they are read. */
import { fileURLToPath } from 'node:url'
import { nativeInfo, UserError } from 'pada-native'
import yargs from 'yargs'
import { expected } from '#dist/base/errors.js'
import { whole } from '#dist/cli/options.js'

const folder = (/** @type {string} */ path) => fileURLToPath(new URL(`../../${path}`, import.meta.url))

/**
 * An option that is a whole number of at least 1.
 *
 * @param {string} describe
 * @param {number} value The default.
 */
export function count(describe, value) {
  return { ...countOf(describe), default: value }
}

/**
 * Such an option whose default depends on others.
 *
 * @param {string} describe
 */
export function countOf(describe) {
  return { type: /** @type {const} */ ('number'), requiresArg: true, describe }
}

/**
 * An option of several such numbers.
 *
 * @param {string} describe
 * @param {number[]} values The default.
 */
export function counts(describe, values) {
  const array = /** @type {const} */ (true)
  return { type: /** @type {const} */ ('number'), array, requiresArg: true, default: values, describe }
}

/** @satisfies {Record<string, import('yargs').Options>} */
export const sharedOptions = {
  cells: count('Cells per stage', 5),
  device: { choices: ['cpu', 'cuda'], describe: 'Where to compute', defaultDescription: 'cuda where there is a GPU' },
  out: { type: 'string', requiresArg: true, describe: 'Folder for tables, plots and raw numbers' },
  quick: {
    type: 'boolean',
    default: false,
    describe: 'Small sizes where no other option says one, written to runs/bench: to try it out',
  },
}

/**
 * @template {Record<string, import('yargs').Options>} Options
 * @typedef {Omit<import('yargs').InferredOptionTypes<Options>, 'device' | 'out'> & {
 *   [Key in keyof Options as Key extends `${infer First}-${infer Second}` ? `${First}${Capitalize<Second>}` : never]:
 *     import('yargs').InferredOptionType<Options[Key]>
 * } & { device: import('pada-native').Device, out: string }} Settings What the user chose, by option, also in camel case.
 */

/**
 * @template {Record<string, import('yargs').Options>} Options
 * @param {string[]} args
 * @param {string} name The command, as --help shows it.
 * @param {string} description
 * @param {Options} options
 * @param {Partial<Record<keyof Options, unknown>>} [quick] Defaults with --quick.
 * @returns {Promise<Settings<Options>>}
 */
export async function readOptions(args, name, description, options, quick = {}) {
  const withoutDefaults = Object.fromEntries(Object.keys(quick).map((key) => [key, withoutDefault(options[key])]))
  /** @type {Record<string, unknown>} */
  const parsed = await yargs(args)
    .scriptName(name)
    .usage(`$0 [options]\n\n${description}`)
    .options({ ...options, ...withoutDefaults })
    .strict()
    .parserConfiguration({ 'boolean-negation': false, 'dot-notation': false })
    .locale('en')
    .version(false)
    .help()
    .wrap(Math.min(100, process.stdout.columns ?? 100))
    .fail((message, error) => {
      throw new UserError(`${error?.message ?? message} (see --help)`, 2)
    })
    .parseAsync()
  for (const [key, { type, array, default: value }] of Object.entries(options)) {
    if (parsed[key] === undefined && key in quick) setBoth(parsed, key, parsed.quick ? quick[key] : value)
    const given = parsed[key]
    if (given === undefined) continue
    if (Array.isArray(given) && !array) throw expected('one value', `--${key}`, `${given.length} values`, 2)
    if (type === 'number') for (const number of [given].flat()) whole(key, Number(number))
  }
  const gpu = nativeInfo().cudaDevices.length > 0
  if (parsed.device === 'cuda' && !gpu)
    throw new UserError('Expected a GPU for --device cuda but the addon sees none', 2)
  const settings = {
    ...parsed,
    device: parsed.device ?? (gpu ? 'cuda' : 'cpu'),
    out: parsed.out ?? folder(parsed.quick ? 'runs/bench' : 'docs'),
  }
  return /** @type {Settings<Options>} */ (settings)
}

/**
 * An option whose default is set later, and yet shown by --help.
 *
 * @param {import('yargs').Options} option
 */
function withoutDefault({ default: value, ...option }) {
  return { ...(value !== undefined && { defaultDescription: JSON.stringify(value) }), ...option }
}

/**
 * Sets an option under its name and in camel case, as yargs does.
 *
 * @param {Record<string, unknown>} parsed
 * @param {string} key
 * @param {unknown} value
 */
function setBoth(parsed, key, value) {
  parsed[key] = value
  parsed[key.replace(/-(\w)/g, (_, letter) => letter.toUpperCase())] = value
}
