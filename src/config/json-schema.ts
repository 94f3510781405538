/** JSON Schema (draft 2020-12) of settings. Editors use it to complete and check configurations. */
import { z } from 'zod'
import { retrainSchema } from './retraining.js'
import { configSchema } from './schema.js'

/** A JSON Schema, as far as settings use it. */
export type JsonSchema = z.core.JSONSchema.BaseSchema

/**
 * The JSON Schema of settings as users write them, before defaults are filled in. If a function rewrites a setting
 * before the check, its metadata `written` replaces the schema that zod makes.
 */
export function jsonSchemaOf(schema: z.ZodType): JsonSchema {
  return z.toJSONSchema(schema, {
    io: 'input',
    override: ({ jsonSchema }) => {
      // zod limits whole numbers to those that a double holds exactly. Readers need not see that limit.
      if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum
      describeTag(jsonSchema)
      replace(jsonSchema)
    },
  })
}

/** Gives the tag of a variant, such as `name: pada`, the description of the variant. */
function describeTag({ properties = {}, required = [], description }: JsonSchema): void {
  for (const key of required) {
    const property = properties[key]
    if (typeof property !== 'object' || (property.const ?? property.enum) === undefined) continue
    property.description ??= description
  }
}

function replace(schema: JsonSchema): void {
  const { written, description } = schema
  if (written === undefined) return
  for (const key of Object.keys(schema)) delete schema[key]
  Object.assign(schema, description !== undefined && { description }, written)
}

/** The JSON Schema of a search's settings: `configs/schema.json`. */
export function configJsonSchema(): JsonSchema {
  return jsonSchemaOf(configSchema)
}

/**
 * The JSON Schema of a retraining's settings: `configs/retrain-schema.json`. A recipe may leave the architecture open,
 * because the command line can name it.
 */
export function retrainJsonSchema(): JsonSchema {
  const schema = jsonSchemaOf(retrainSchema)
  const { oneOf = [] } = (schema.properties as Record<string, JsonSchema>).network
  for (const variant of oneOf as JsonSchema[]) variant.required = variant.required?.filter((key) => key !== 'path')
  return schema
}

/**
 * The schema of settings that override others. Nothing is required, because the others are complete, and null removes a
 * setting.
 */
export function overlayOf(schema: JsonSchema): JsonSchema {
  const { required: _required, default: _default, oneOf, ...rest } = schema
  if (oneOf !== undefined) return { ...rest, anyOf: (oneOf as JsonSchema[]).map(overlayOf) }
  if (schema.properties === undefined) return rest
  const properties = Object.entries(schema.properties as Record<string, JsonSchema>)
  return { ...rest, properties: Object.fromEntries(properties.map(([key, value]) => [key, removable(value)])) }
}

function removable(schema: JsonSchema): JsonSchema {
  if (schema.const !== undefined) return schema
  const { description, ...rest } = overlayOf(schema)
  const alternatives = rest.anyOf ?? [rest]
  return { ...(description !== undefined && { description }), anyOf: [...alternatives, { type: 'null' }] }
}
