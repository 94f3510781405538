/** Messages about mistakes in settings. Each names the allowed values, the setting, and the value received. */
import type { z } from 'zod'
import { keysOf } from './assign.js'
import { KINDS } from './kinds.js'

const TYPES: Readonly<Record<string, string>> = {
  number: 'a number',
  int: 'a whole number',
  string: 'text',
  boolean: 'true or false',
  array: 'a list',
  object: 'a group of settings',
  record: 'a group of settings',
}

/** The values that the schema allows at an issue, read after “Expected”. */
export function explainIssue(issue: z.core.$ZodRawIssue): string | undefined {
  switch (issue.code) {
    case 'invalid_type':
      return TYPES[issue.expected] ?? issue.expected
    case 'too_small':
      return amount(issue.origin, issue.inclusive ? 'at least' : 'more than', issue.minimum)
    case 'too_big':
      return amount(issue.origin, issue.inclusive ? 'at most' : 'less than', issue.maximum)
    case 'invalid_value':
      return issue.values.join(', ')
    case 'invalid_union':
      return alternatives(issue)
    case 'invalid_format':
    // A name that is a key, as those of studies are.
    case 'invalid_key':
      return 'letters, digits, dots, dashes and underscores, first a letter, a digit or an underscore,'
    default:
      return undefined
  }
}

function amount(origin: string, relation: string, limit: number | bigint): string {
  if (origin === 'array') return `${relation} ${limit} value(s)`
  if (origin === 'string') return 'text that is not empty'
  return `a number of ${relation} ${limit}`
}

function alternatives(issue: z.core.$ZodRawIssue): string {
  const { options, errors } = issue as { options?: readonly string[]; errors?: readonly z.core.$ZodIssue[][] }
  if (options !== undefined) {
    const { discriminator, path = [] } = issue
    const isAbsent = discriminator !== undefined && (issue.input as object)[discriminator as never] === undefined
    // A whole group may have a default, but an entry of a list has none.
    const isGroup = typeof path.at(-2) === 'string'
    return options.join(', ') + (isAbsent && isGroup ? `, because the group has no default ${discriminator},` : '')
  }
  return (errors ?? []).map((branch) => branch[0].message).join(' or ')
}

/** One sentence per problem of `settings`; a single problem stands alone, several are listed under a heading. */
export function describeProblems(source: string, issues: readonly z.core.$ZodIssue[], settings: unknown): string {
  return listProblems(source, problemSentences(issues, settings))
}

/**
 * Where the settings with problems come from: from `source`, from assignments `key.of.setting=value`, or from both. A
 * problem of a whole group, or of a setting that is missing in it, may come from any assignment within the group.
 */
export function sourceOf(
  issues: readonly z.core.$ZodIssue[],
  settings: unknown,
  source: string,
  assignments: readonly string[] = [],
): string {
  const assigned = assignments.map((assignment) => keyOf(keysOf(assignment)))
  const places = issues.flatMap((issue) =>
    issue.code === 'unrecognized_keys' ? issue.keys.map((key) => [...issue.path, key]) : [issue.path],
  )
  const isGiven = (path: readonly PropertyKey[]) => assigned.some((key) => keyOf(path).startsWith(key))
  const isRelated = (path: readonly PropertyKey[]) => {
    const isMissing = path.reduce<unknown>(own, settings) === undefined
    const group = keyOf(isMissing ? path.slice(0, -1) : path)
    // A group of another kind has other settings.
    const kinds = KINDS.map((kind) => keyOf([...path.slice(0, -1), kind]))
    return assigned.some((key) => key.startsWith(group) || kinds.includes(key))
  }
  if (places.every(isGiven)) return '--set'
  return places.some((path) => isGiven(path) || isRelated(path)) ? `${source} and --set` : source
}

function keyOf(path: readonly PropertyKey[]): string {
  return path.map((key) => `${String(key)}.`).join('')
}

/** A single problem stands alone, several are listed under a heading. */
export function listProblems(source: string, sentences: readonly string[]): string {
  if (sentences.length === 1) return `${sentences[0]} (${source})`
  return [`Expected valid settings in ${source} but received ${sentences.length} problems:`, ...sentences].join('\n  ')
}

/** One sentence per problem of `settings`. */
export function problemSentences(issues: readonly z.core.$ZodIssue[], settings: unknown): string[] {
  return issues.flatMap((issue) => sentence(issue, settings))
}

function sentence(issue: z.core.$ZodIssue, settings: unknown): string[] {
  const path = issue.path.reduce<string>((text, key) => {
    if (typeof key === 'number') return `${text}[${key}]`
    return text === '' ? String(key) : `${text}.${String(key)}`
  }, '')
  const setting = path === '' ? 'the settings' : path
  if (issue.code === 'unrecognized_keys') {
    const hint = (key: string) => (/:\S/.test(key) ? ': YAML wants a space after the colon' : '')
    return issue.keys.map(
      (key) => `Expected ${issue.message} for ${setting} but received ${JSON.stringify(key)}${hint(key)}`,
    )
  }
  return [`Expected ${issue.message} for ${setting} but received ${quote(received(issue, settings))}${misnamed(issue)}`]
}

function received(issue: z.core.$ZodIssue, settings: unknown): unknown {
  // The input of a rule between settings is their whole group. The path of the issue leads to the setting.
  if (issue.code === 'custom') return issue.path.reduce<unknown>(own, settings)
  if (issue.code === 'invalid_union' && issue.discriminator !== undefined) {
    return (issue.input as Record<string, unknown>)[issue.discriminator]
  }
  return issue.input
}

/** The key under which the kind of a group seems to be written, if that has another name there. */
function misnamed(issue: z.core.$ZodIssue): string {
  const { discriminator, input, options } = issue as typeof issue & { discriminator?: string; options?: unknown[] }
  if (issue.code !== 'invalid_union' || discriminator === undefined || options === undefined) return ''
  const [key, value] = Object.entries(Object(input)).find(([, value]) => options.includes(value)) ?? []
  return key === undefined || key === discriminator
    ? ''
    : `: write \`${discriminator}: ${value}\`, not \`${key}: ${value}\``
}

/** A setting of a group, but not what every object inherits, such as `constructor`. */
function own(group: unknown, key: PropertyKey): unknown {
  const owner = Object(group)
  return Object.hasOwn(owner, key) ? owner[key] : undefined
}

function quote(value: unknown): string {
  if (value === undefined) return 'nothing'
  const text = typeof value === 'number' ? String(value) : JSON.stringify(value)
  return text.length > 60 ? `${text.slice(0, 57)}…` : text
}
