/** Options that both benchmarks share, and how they are read. */
import { fileURLToPath } from 'node:url'
import yargs from 'yargs'
import { nativeInfo, UserError } from '../../dist/index.js'

const folder = (path) => fileURLToPath(new URL(`../../${path}`, import.meta.url))

export const sharedOptions = {
  cells: { type: 'number', requiresArg: true, default: 5, describe: 'Cells per stage' },
  device: { choices: ['cpu', 'cuda'], describe: 'Where to compute', defaultDescription: 'cuda where there is a GPU' },
  out: { type: 'string', requiresArg: true, describe: 'Folder for tables, plots and raw numbers' },
  quick: { type: 'boolean', default: false, describe: 'Little of everything, written to runs/bench: to try it out' },
}

export async function readOptions(args, name, description, options) {
  const parsed = await yargs(args)
    .scriptName(name)
    .usage(`$0 [options]\n\n${description}`)
    .options(options)
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
  for (const [key, { type, array }] of Object.entries(options)) {
    if (type !== 'number' || parsed[key] === undefined) continue
    for (const value of array ? parsed[key] : [parsed[key]]) {
      if (Number.isInteger(value) && value > 0) continue
      throw new UserError(`Expected a whole number of at least 1 for --${key} but received ${value}`, 2)
    }
  }
  const gpu = nativeInfo().cudaDevices.length > 0
  if (parsed.device === 'cuda' && !gpu)
    throw new UserError('Expected a GPU for --device cuda but the addon sees none', 2)
  return {
    ...parsed,
    device: parsed.device ?? (gpu ? 'cuda' : 'cpu'),
    out: parsed.out ?? folder(parsed.quick ? 'runs/bench' : 'docs'),
  }
}
