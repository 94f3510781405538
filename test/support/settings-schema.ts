/** What a validator of JSON Schema that is not zod's own says of settings. */
import { Ajv2020 } from 'ajv/dist/2020.js'
import type { JsonSchema } from '../../src/config/json-schema.js'

/** A function that tells whether a schema accepts settings. */
export function validator(schema: JsonSchema): (settings: unknown) => boolean {
  const validate = new Ajv2020({ strict: true, allowUnionTypes: true }).compile(schema)
  return (settings) => validate(settings)
}

/** All descriptions of a schema. */
export function descriptionsOf(schema: unknown): string[] {
  if (typeof schema !== 'object' || schema === null) return []
  return Object.entries(schema).flatMap(([key, value]) =>
    key === 'description' && typeof value === 'string' ? [value] : descriptionsOf(value),
  )
}

/** The places of all settings that a schema describes nothing of, and of undescribed variants. */
export function undescribed(schema: JsonSchema, place = ''): string[] {
  const variants = schema.oneOf ?? []
  const own = Object.entries(schema.properties ?? {})
  const within = [...variants.entries(), ...own].flatMap(([key, value]) => {
    const at = `${place}/${key}`
    const inner = value as JsonSchema
    return [...(inner.description === undefined && inner.$ref === undefined ? [at] : []), ...undescribed(inner, at)]
  })
  const nested = [schema.items, schema.additionalProperties, ...(schema.anyOf ?? [])].filter(
    (value) => typeof value === 'object',
  )
  return [...within, ...nested.flatMap((value) => undescribed(value as JsonSchema, place))]
}
