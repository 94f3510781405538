/** The JSON Schema of an experiment's file: `configs/experiments/schema.json`. */
import { configJsonSchema, type JsonSchema, jsonSchemaOf, overlayOf } from '../config/json-schema.js'
import { axisValue, experimentSchema } from './settings.js'

export function experimentJsonSchema(): JsonSchema {
  const { $schema: _dialect, ...settings } = overlayOf(configJsonSchema())
  const { required = [], ...experiment } = jsonSchemaOf(experimentSchema)
  const { $schema: _same, ...value } = jsonSchemaOf(axisValue)
  // Seeds are the experiment's.
  const keys = Object.keys(settings.properties ?? {}).filter((key) => key !== 'seed')
  const search = Object.fromEntries(keys.map((key) => [key, { $ref: `#/$defs/settings/properties/${key}` }]))
  return {
    ...experiment,
    // The name of an experiment in a file defaults to the file's name.
    required: required.filter((key) => key !== 'name'),
    $defs: {
      settings,
      value: { ...value, properties: { ...value.properties, ...search }, additionalProperties: false },
    },
  }
}
