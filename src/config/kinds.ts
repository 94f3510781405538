/** Groups of settings that are of one of several kinds, such as methods. A group has the settings of its kind. */
import { SHARED_FINDING_SETTINGS } from './finding.js'
import { isGroup, type Settings } from './settings.js'

/** Settings that tell which of several groups a group is. */
export const KINDS = ['kind', 'name', 'algorithm', 'space']
/** Those of them whose groups have other settings. Recipes of `network` are for several spaces of one family. */
export const SUBSTITUTED = ['kind', 'name', 'algorithm']

/** A group without its kind is of the kind that it replaces. */
export function ofSameKind(before: unknown, value: unknown): unknown {
  if (!isGroup(before) || !isGroup(value)) return value
  const kind = KINDS.find((key) => typeof before[key] === 'string')
  const named = KINDS.some((key) => key in value)
  return kind === undefined || named ? value : { [kind]: before[kind], ...value }
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
