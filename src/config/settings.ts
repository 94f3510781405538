/** Settings before they are checked. */

/** A group of settings as it was written. */
export type Settings = Record<string, unknown>

/** A key that would change all objects of the program. */
export const FORBIDDEN_KEY = '__proto__'

export function isGroup(value: unknown): value is Settings {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
