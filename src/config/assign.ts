/** Assignments `key.of.setting=value`, as in `--set`. */
import { expected } from '../base/errors.js'
import { DEFAULT_AUGMENTATION } from './augmentation.js'
import { ofSameKind } from './kinds.js'
import { isGroup, type Settings } from './settings.js'
import { parseYaml } from './yaml.js'

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

/** A path as text, unless it is a list or quoted. YAML would read `02012100` as a number and refuse `|skip_connect~0|…`. */
function pathOf(text: string): unknown {
  return /^\s*["'[]/.test(text) ? parseYaml(text, '--set') : text
}
