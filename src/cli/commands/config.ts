import { basename } from 'node:path'
import Table from 'cli-table3'
import { stringify } from 'yaml'
import type { CommandModule, InferredOptionTypes } from 'yargs'
import { writeAtomically } from '../../base/atomic.js'
import { expected, UserError } from '../../base/errors.js'
import { exists } from '../../base/files.js'
import { isRetraining, loadConfig, loadRetrainConfig } from '../../config/index.js'
import { configJsonSchema, retrainJsonSchema } from '../../config/json-schema.js'
import { copyOfShipped, shippedConfig, shippedConfigs } from '../../config/shipped.js'
import { readSettings } from '../../config/yaml.js'
import { experimentJsonSchema } from '../../experiment/json-schema.js'
import { configOption, oneConfig, onePath, oneText, setOption } from '../options.js'

const SCHEMAS = { search: configJsonSchema, retrain: retrainJsonSchema, experiment: experimentJsonSchema } as const

const options = {
  set: setOption,
  json: { type: 'boolean', default: false, describe: 'Print the settings as JSON' },
  schema: {
    type: 'string',
    describe:
      'Print the JSON Schema of the settings of a search, or with --schema retrain or experiment of one of these',
    coerce: schemaOf,
  },
  list: { type: 'boolean', default: false, describe: 'List the configurations of the package' },
  copy: {
    type: 'string',
    requiresArg: true,
    describe: 'Copy a configuration of the package, to change it',
    coerce: oneText('--copy', 'a name'),
  },
  out: {
    type: 'string',
    requiresArg: true,
    describe: 'File to write, for --copy',
    defaultDescription: '<name>.yaml here',
    coerce: onePath('--out'),
  },
} as const

type Arguments = InferredOptionTypes<typeof options> & { file?: string }

/** Prints the checked settings that a search or a retraining would use; lists and copies the files of the package. */
export const configCommand: CommandModule<object, Arguments> = {
  builder: (yargs) => yargs.positional('file', { ...configOption, coerce: oneConfig('config') }).options(options),
  async handler({ file, set, json, schema, list, copy, out }) {
    if (out !== undefined && copy === undefined)
      throw new UserError('Expected --copy with --out but received --out alone', 2)
    if (list || copy !== undefined) {
      const others = [file, set && '--set', schema && '--schema', list && copy && '--copy', copy && json && '--json']
      const other = others.find((one) => one)
      if (other) throw new UserError(`Expected ${list ? '--list' : '--copy'} alone but received ${other} beside it`, 2)
      await (copy === undefined ? printList(json) : copyTo(copy, out))
      return
    }
    if (schema !== undefined) {
      if (file !== undefined || set !== undefined)
        throw new UserError(`Expected --schema alone but received ${file ?? '--set'} beside it`, 2)
      process.stdout.write(`${JSON.stringify(schema(), null, 2)}\n`)
      return
    }
    const isOfRetraining = file !== undefined && isRetraining(await readSettings(file, 'config'))
    const config = isOfRetraining
      ? await loadRetrainConfig({ file, set })
      : await loadConfig({ file, set, log: (line) => process.stderr.write(`${line}\n`) })
    process.stdout.write(json ? `${JSON.stringify(config)}\n` : stringify(config))
  },
}

/** Prints name, command and meaning of every configuration of the package. */
function printList(json: boolean): void {
  const configs = shippedConfigs()
  if (json) {
    process.stdout.write(`${JSON.stringify(configs)}\n`)
    return
  }
  const table = new Table({
    head: ['name', 'for', 'about'],
    colWidths: [null, null, 60],
    wordWrap: true,
    style: { head: [], border: [], compact: true },
  })
  for (const { name, command, about } of configs) table.push([name, command, about])
  process.stdout.write(`${table.toString()}\n`)
}

async function copyTo(wanted: string, out: string | undefined): Promise<void> {
  const file = shippedConfig(wanted) ?? shippedConfig(wanted, 'experiments')
  const config = shippedConfigs().find((one) => one.file === file)
  if (config === undefined) throw expected('a name that npx pada-native config --list shows', '--copy', wanted, 2)
  const place = out ?? `${basename(config.name)}.yaml`
  if (await exists(place)) throw expected('a new file', '--out', `${place}, which exists`, 2)
  await writeAtomically(place, copyOfShipped(config.file, place))
  process.stdout.write(`copied ${config.name} to ${place}\n`)
}

function schemaOf(name: string | string[]): (typeof SCHEMAS)[keyof typeof SCHEMAS] {
  const known = Object.entries(SCHEMAS).find(([key]) => key === (name === '' ? 'search' : name))
  if (known !== undefined) return known[1]
  throw expected(Object.keys(SCHEMAS).join(', '), '--schema', name, 2)
}
