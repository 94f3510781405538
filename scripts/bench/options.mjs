/** Options that the benchmarks share, and how they are read. */
import { fileURLToPath } from 'node:url'
import { nativeInfo, UserError } from 'pada-native'
import yargs from 'yargs'

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
    describe: 'Little of everything that no other option says, written to runs/bench: to try it out',
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
  const defaults = args.includes('--quick') ? Object.entries(quick) : []
  /** @type {Record<string, unknown>} */
  const parsed = await yargs(args)
    .scriptName(name)
    .usage(`$0 [options]\n\n${description}`)
    .options(options)
    .options(Object.fromEntries(defaults.map(([key, value]) => [key, { ...options[key], default: value }])))
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
  for (const [key, { type }] of Object.entries(options)) {
    if (type !== 'number') continue
    for (const value of parsed[key] === undefined ? [] : [parsed[key]].flat()) {
      if (Number.isInteger(value) && Number(value) > 0) continue
      throw new UserError(`Expected a whole number of at least 1 for --${key} but received ${value}`, 2)
    }
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
