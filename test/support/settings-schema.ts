/** Checks settings by JSON Schema, with a validator other than zod. */
import { Ajv2020 } from 'ajv/dist/2020.js'
import type { JsonSchema } from '../../src/config/json-schema.js'

/** Compiles a schema to a function that is true for settings it accepts. */
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

/** Places of all settings and variants without a description. */
export function undescribed(schema: JsonSchema, place = ''): string[] {
  const variants = schema.oneOf ?? []
  const properties = Object.entries(schema.properties ?? {})
  const within = [...variants.entries(), ...properties].flatMap(([key, value]) => {
    const at = `${place}/${key}`
    const inner = value as JsonSchema
    return [...(inner.description === undefined && inner.$ref === undefined ? [at] : []), ...undescribed(inner, at)]
  })
  const nested = [schema.items, schema.additionalProperties, ...(schema.anyOf ?? [])].filter(
    (value) => typeof value === 'object',
  )
  return [...within, ...nested.flatMap((value) => undescribed(value as JsonSchema, place))]
}
