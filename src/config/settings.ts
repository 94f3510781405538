/** Settings before they are checked: reading from YAML, changing by key, merging. */
import { readFile, stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import { type Document, isScalar, parseDocument, visit } from 'yaml'
import { expected, UserError } from '../base/errors.js'
import { whyUnreadable } from '../base/files.js'
import { expandOnce } from '../base/user-path.js'
import { DEFAULT_AUGMENTATION } from './augmentation.js'
import { SHARED_FINDING_SETTINGS } from './finding.js'
import { EMBEDDED } from './schema.js'

/** A group of settings as it was written. */
export type Settings = Record<string, unknown>

/** Far above any settings; a file of weights is larger. */
const MOST_BYTES = 2 ** 20

/** A key that would change all objects of the program. */
const FORBIDDEN = '__proto__'

/** Reads a group of settings from a YAML file, which the user named by `option`. An empty file is an empty group. */
export async function readSettings(file: string, option: string): Promise<Settings> {
  const settings = (await readYaml(file, option)) ?? {}
  if (isGroup(settings)) return settings
  throw new UserError(`Expected a group of settings in ${file} but received ${JSON.stringify(settings)}`, 2)
}

/** Reads the value in a YAML file, which the user named by `option`; null or undefined for an empty file. */
export async function readYaml(file: string, option: string): Promise<unknown> {
  const unreadable = (error: NodeJS.ErrnoException) => {
    const hint = error.code === 'ENOENT' ? '; npx pada-native config --list names those of the package' : ''
    throw expected('a readable YAML file', option, `${whyUnreadable(error)}: ${file}${hint}`, 2)
  }
  const { size } = await stat(file).catch(unreadable)
  if (size > MOST_BYTES) throw expected('a YAML file of at most 1 MB', option, `${size} bytes: ${file}`, 2)
  return parseYaml(textOf(await readFile(file).catch(unreadable), file), file)
}

function textOf(bytes: Uint8Array, file: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    throw expected('YAML in UTF-8', file, 'bytes that are no such text', 2)
  }
}

/** Reads YAML; `source` names the text in the error of damaged YAML. */
function parseYaml(text: string, source: string): unknown {
  // Settings are texts, numbers, lists and groups: no bytes, sets or dates.
  const document = parseDocument(text, { resolveKnownTags: false })
  const [error] = document.errors
  if (error !== undefined) {
    const line = error.linePos === undefined ? '' : ` in line ${error.linePos[0].line}`
    const reason = error.message.split('\n')[0].replace(/ at line .*$/, '')
    throw expected('valid YAML', source, `an error${line}: ${reason}`, 2)
  }
  checkKeys(document, source)
  return plainValue(document, source)
}

function checkKeys(document: Document, source: string): void {
  visit(document, {
    Pair(_, { key }) {
      if (!isScalar(key)) throw expected('text for every key', source, 'a key that is a list or a group', 2)
      if (key.value === FORBIDDEN) throw expected('the names of settings', source, `"${FORBIDDEN}"`, 2)
    },
  })
}

/** The value of a document, whose aliases may be damaged. */
function plainValue(document: Document, source: string): unknown {
  try {
    const value: unknown = document.toJS()
    JSON.stringify(value)
    return value
  } catch (error) {
    const reason = error instanceof TypeError ? 'a value that contains itself' : (error as Error).message
    throw expected('valid YAML', source, `an error: ${reason}`, 2)
  }
}

/** The keys of an assignment `key.of.setting=value`, from the outermost one; a place in a list is `.0` or `[0]`. */
export function keysOf(assignment: string): [string, ...string[]] {
  const key = assignment.split('=', 1)[0].replaceAll(/\[(\d+)\]/g, '.$1')
  return key.split('.') as [string, ...string[]]
}

/**
 * Applies an assignment `key.of.setting=value`; the value is YAML. A number in the key is the place in a list, from 0. A
 * group without its kind keeps the kind that it had.
 */
export function assign(settings: Settings, assignment: string): void {
  const match = /^([A-Za-z]\w*(?:\.[A-Za-z][\w-]*|\.(?:0|[1-9]\d*)|\[(?:0|[1-9]\d*)\])*)=(.*)$/s.exec(assignment)
  if (match === null) throw expected('key.of.setting=value', '--set', `"${assignment}"`, 2)
  if (match[2].trim() === '') {
    throw expected('a value, or null to remove the setting,', `--set ${match[1]}`, 'nothing', 2)
  }
  const keys = keysOf(assignment)
  const last = keys.pop()!
  let group = settings
  for (const [at, key] of keys.entries()) {
    const next = keys[at + 1] ?? last
    const name = keys.slice(0, at + 1).join('.')
    const current = Object.hasOwn(group, key) ? group[key] : undefined
    const list = current ?? (name === 'training.augmentation' ? structuredClone(DEFAULT_AUGMENTATION) : undefined)
    if (PLACE.test(next) && Array.isArray(list)) {
      checkPlace(list, next, name)
      group[key] = list
    } else if (!isGroup(current)) {
      group[key] = {}
    }
    group = group[key] as Settings
  }
  const value = last === 'path' ? pathOf(match[2]) : parseYaml(match[2], `--set ${match[1]}`)
  group[last] = ofSameKind(group[last], value)
}

/**
 * Does {@link assign}, but the value null removes the setting: the default of the program holds.
 *
 * @param refuseUnknown Throws a UserError if there is no setting of this key, such as `training.epochz`.
 */
export function assignOrRemove(
  settings: Settings,
  assignment: string,
  refuseUnknown: (settings: Settings, key: string) => void,
): void {
  assign(settings, assignment)
  const keys = keysOf(assignment)
  const group = keys.slice(0, -1).reduce((group, key) => group[key] as Settings, settings)
  const last = keys.at(-1)!
  if (group[last] !== null || Array.isArray(group)) return
  refuseUnknown(settings, keys.join('.'))
  delete group[last]
}

/**
 * Throws a UserError for an assignment to an entry of a list that `settings` do not have: it would change another list,
 * the default one, instead of the one of a configuration.
 */
export function requireLists(settings: Settings, assignment: string): void {
  const keys = keysOf(assignment)
  const at = keys.findIndex((key) => PLACE.test(key))
  if (at < 0) return
  const list = keys.slice(0, at).reduce<unknown>((group, key) => (isGroup(group) ? group[key] : undefined), settings)
  if (Array.isArray(list)) return
  const name = keys.slice(0, at).join('.')
  throw expected(
    'the whole list, because configurations may have others,',
    `--set ${name}`,
    `entry ${keys[at]} of it`,
    2,
  )
}

/** A key that is the place of an entry in a list of settings, counted from 0. */
const PLACE = /^\d+$/

function checkPlace(list: readonly unknown[], place: string, name: string): void {
  if (Number(place) < list.length) return
  const places = list.length === 0 ? 'no place, because the list is empty,' : `a place of 0…${list.length - 1}`
  throw expected(places, `--set ${name}`, place, 2)
}

/** Settings that tell which of several groups a group is. */
export const KINDS = ['kind', 'name', 'algorithm', 'space']
/** Those of them whose groups have other settings. Recipes of `network` are for several spaces of one family. */
const SUBSTITUTED = ['kind', 'name', 'algorithm']

/** A group without its kind is of the kind that it replaces. */
function ofSameKind(before: unknown, value: unknown): unknown {
  if (!isGroup(before) || !isGroup(value)) return value
  const kind = KINDS.find((key) => typeof before[key] === 'string')
  const named = KINDS.some((key) => key in value)
  return kind === undefined || named ? value : { [kind]: before[kind], ...value }
}

/** A path as text, unless it is a list or quoted. YAML would read `02012100` as a number and refuse `|skip_connect~0|…`. */
function pathOf(text: string): unknown {
  return /^\s*["'[]/.test(text) ? parseYaml(text, '--set') : text
}

/**
 * Merges `overrides` into `settings`, group by group. A value that is no group replaces the current one. So does a group
 * of another kind, such as another method, but for {@link whatKindsShare}.
 */
export function merge(settings: Settings, overrides: object): void {
  for (const [key, value] of Object.entries(overrides)) {
    if (key === FORBIDDEN) throw expected('the names of settings', 'the settings', `"${FORBIDDEN}"`, 2)
    const current = settings[key]
    if (isGroup(current) && isGroup(value)) {
      const group = isOfOtherKind(current, value) ? whatKindsShare(current) : current
      settings[key] = group
      merge(group, value)
    } else if (value !== undefined) settings[key] = value
  }
}

/** Whether a group is of another kind than the one that it would change, whose settings would mean nothing to it. */
export function isOfOtherKind(current: Settings, value: Settings): boolean {
  return SUBSTITUTED.some(
    (key) => current[key] !== undefined && value[key] !== undefined && current[key] !== value[key],
  )
}

/** What stays of a group if another kind takes its place: of `finding`, the settings of all algorithms. */
export function whatKindsShare(group: Settings): Settings {
  if (group.algorithm === undefined) return {}
  return Object.fromEntries(Object.entries(group).filter(([key]) => SHARED_FINDING_SETTINGS.includes(key)))
}

/**
 * Drops the settings of groups to which assignments give another kind: `method.name=spos`,
 * `training.optimizer.kind=adamw`.
 */
export function dropOfOtherKind(settings: Settings, assignments: readonly string[]): void {
  for (const assignment of assignments) {
    const keys = keysOf(assignment)
    const name = keys.join('.')
    const kind = keys.pop()!
    const last = keys.pop()
    if (last === undefined || !SUBSTITUTED.includes(kind)) continue
    const owner = keys.reduce<unknown>((group, key) => Object(group)[key], settings) as Settings | undefined
    const group = owner?.[last]
    const value = parseYaml(assignment.slice(assignment.indexOf('=') + 1), `--set ${name}`)
    if (isGroup(group) && isOfOtherKind(group, { [kind]: value })) owner![last] = whatKindsShare(group)
  }
}

/** Expands `data.dir` and `groundTruth.file` and makes them absolute, so that the settings mean the same in any folder. */
export function resolvePaths(settings: Settings, base: string): void {
  const { data, groundTruth } = settings
  const absolute = (expanded: string) => resolve(base, expanded)
  if (isGroup(data) && typeof data.dir === 'string') data.dir = expandOnce(data.dir, 'data.dir', absolute)
  if (isGroup(groundTruth)) resolveTable(groundTruth, base)
}

/** Makes the file of a ground truth absolute, unless it is the table in the package. */
export function resolveTable(groundTruth: Settings, base: string): void {
  const { file } = groundTruth
  if (typeof file === 'string' && file !== EMBEDDED) {
    groundTruth.file = expandOnce(file, 'groundTruth.file', (expanded) => resolve(base, expanded))
  }
}

export function isGroup(value: unknown): value is Settings {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
