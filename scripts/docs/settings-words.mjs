/** Words and tables for a page of settings: what a JSON Schema allows, in plain English. */

/**
 * A JSON Schema, as far as settings use it.
 *
 * @typedef {{
 *   readonly type?: string
 *   readonly description?: string
 *   readonly default?: unknown
 *   readonly const?: unknown
 *   readonly enum?: readonly unknown[]
 *   readonly pattern?: string
 *   readonly minimum?: number
 *   readonly maximum?: number
 *   readonly exclusiveMinimum?: number
 *   readonly exclusiveMaximum?: number
 *   readonly minItems?: number
 *   readonly maxItems?: number
 *   readonly items?: Schema
 *   readonly properties?: Readonly<Record<string, Schema>>
 *   readonly required?: readonly string[]
 *   readonly additionalProperties?: boolean | Schema
 *   readonly anyOf?: readonly Schema[]
 *   readonly oneOf?: readonly Schema[]
 *   readonly $ref?: string
 *   readonly $defs?: Readonly<Record<string, Schema>>
 * }} Schema
 */

/**
 * What the patterns of texts mean.
 *
 * @type {ReadonlyMap<string | undefined, string>}
 */
const PATTERNS = new Map([
  [undefined, 'text'],
  ['^[\\p{L}\\p{N}_][\\p{L}\\p{N}_.-]*$', 'letters, digits, `.`, `_`, `-`; first a letter, a digit or `_`'],
  ['^cuda:\\d{1,2}$', '`cuda:1` and the like'],
])

/**
 * What may be written for a setting.
 *
 * @param {Schema} schema
 * @param {{ readonly several?: boolean, readonly inline?: boolean }} [how] `several`: in the plural. `inline`: groups with
 *   their keys, because nothing else names them.
 * @returns {string}
 */
export function wordsFor(schema, { several = false, inline = false } = {}) {
  const plural = several ? 's' : ''
  if (schema.$ref?.endsWith('/value')) return `group${plural} with a \`label\``
  if (schema.$ref !== undefined) return 'settings of a search'
  if (schema.anyOf !== undefined) {
    return either(schema.anyOf.flatMap((option) => valuesOf(option) ?? wordsFor(option, { several, inline: true })))
  }
  if (schema.oneOf !== undefined) return `group${plural}, see below`
  const values = valuesOf(schema)
  if (values !== undefined) return either(values)
  switch (schema.type) {
    case 'boolean':
      return either(['`true`', '`false`'])
    case 'integer':
      return `whole number${plural}${range(schema)}`
    case 'number':
      return `number${plural}${range(schema)}`
    case 'string':
      return PATTERNS.get(schema.pattern) ?? `text like \`${schema.pattern}\``
    case 'array':
      return list(schema)
    case 'object':
      return group(schema, inline)
  }
  throw new Error(`Expected words for a setting's values but received ${JSON.stringify(schema)}`)
}

/**
 * The values of a setting that takes a few only.
 *
 * @param {Schema} schema
 */
function valuesOf({ enum: values }) {
  return values?.map((value) => `\`${value}\``)
}

/** @param {readonly string[]} words */
function either(words) {
  return words.length === 1 ? words[0] : `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`
}

/** @param {Schema} schema */
function range({ minimum, maximum, exclusiveMinimum, exclusiveMaximum }) {
  const ends = [
    minimum === undefined ? '' : `≥ ${minimum}`,
    exclusiveMinimum === undefined ? '' : `> ${exclusiveMinimum}`,
    maximum === undefined ? '' : `≤ ${maximum}`,
    exclusiveMaximum === undefined ? '' : `< ${exclusiveMaximum}`,
  ].filter((end) => end !== '')
  return ends.length === 0 ? '' : ` ${ends.join(' and ')}`
}

/** @param {Schema} schema */
function list({ items = {}, minItems, maxItems }) {
  const many = minItems !== undefined && minItems === maxItems ? `${minItems} ` : ''
  return `list of ${many}${wordsFor(items, { several: true })}`
}

/**
 * @param {Schema} schema
 * @param {boolean} inline
 */
function group({ properties = {}, additionalProperties }, inline) {
  if (typeof additionalProperties === 'object') return 'groups by name'
  return inline ? `\`{ ${Object.keys(properties).join(', ')} }\`` : 'group'
}

/**
 * A value as YAML writes it in one line.
 *
 * @param {unknown} value
 * @returns {string}
 */
export function yaml(value) {
  if (Array.isArray(value)) return `[${value.map(yaml).join(', ')}]`
  if (typeof value !== 'object' || value === null) return String(value)
  const items = Object.entries(value).map(([key, item]) => `${key}: ${yaml(item)}`)
  return `{ ${items.join(', ')} }`
}

/**
 * @param {readonly string[]} head
 * @param {readonly (readonly string[])[]} body
 * @returns {string}
 */
export function table(head, body) {
  /** @param {readonly string[]} cells */
  const line = (cells) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`
  return [line(head), line(head.map(() => '---')), ...body.map(line), ''].join('\n')
}
