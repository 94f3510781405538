import { existsSync } from 'node:fs'
import { stringify } from 'yaml'
import type { CommandModule, InferredOptionTypes } from 'yargs'
import { expected, UserError } from '../../base/errors.js'
import { isRetraining, loadConfig, loadRetrainConfig } from '../../config/index.js'
import { configJsonSchema, retrainJsonSchema } from '../../config/json-schema.js'
import { readSettings } from '../../config/settings.js'
import { experimentJsonSchema } from '../../experiment/json-schema.js'
import { configOption, onePath, setOption } from '../options.js'

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
} as const

type Arguments = InferredOptionTypes<typeof options> & { file?: string }

/** Prints the checked settings that a search or a retraining would use. */
export const configCommand: CommandModule<object, Arguments> = {
  builder: (yargs) => yargs.positional('file', { ...configOption, coerce: onePath('config') }).options(options),
  async handler({ file, set, json, schema }) {
    if (schema !== undefined) {
      if (file !== undefined || set !== undefined)
        throw new UserError(`Expected --schema alone but received ${file ?? '--set'} beside it`, 2)
      process.stdout.write(`${JSON.stringify(schema(), null, 2)}\n`)
      return
    }
    if (file !== undefined && !existsSync(file)) throw expected('a settings file', 'config', `no such file: ${file}`, 2)
    const isOfRetraining = file !== undefined && isRetraining(await readSettings(file, 'config'))
    const config = isOfRetraining
      ? await loadRetrainConfig({ file, set })
      : await loadConfig({ file, set, log: (line) => process.stderr.write(`${line}\n`) })
    process.stdout.write(json ? `${JSON.stringify(config)}\n` : stringify(config))
  },
}

function schemaOf(name: string | string[]): (typeof SCHEMAS)[keyof typeof SCHEMAS] {
  const known = Object.entries(SCHEMAS).find(([key]) => key === (name === '' ? 'search' : name))
  if (known !== undefined) return known[1]
  throw expected(Object.keys(SCHEMAS).join(', '), '--schema', name, 2)
}
