/** Settings that take the place of others. */
import { expected } from '../base/errors.js'
import { keysOf } from './assign.js'
import { isOfOtherKind, SUBSTITUTED, whatKindsShare } from './kinds.js'
import { FORBIDDEN_KEY, isGroup, type Settings } from './settings.js'
import { parseYaml } from './yaml.js'

/**
 * Merges `overrides` into `settings`, group by group. A value that is no group replaces the current one. So does a group
 * of another kind, such as another method, but for {@link whatKindsShare}.
 */
export function merge(settings: Settings, overrides: object): void {
  for (const [key, value] of Object.entries(overrides)) {
    if (key === FORBIDDEN_KEY) throw expected('the names of settings', 'the settings', `"${FORBIDDEN_KEY}"`, 2)
    const current = settings[key]
    if (isGroup(current) && isGroup(value)) {
      const group = isOfOtherKind(current, value) ? whatKindsShare(current) : current
      settings[key] = group
      merge(group, value)
    } else if (value !== undefined) settings[key] = value
  }
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
