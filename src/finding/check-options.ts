/** Checks the options of algorithms: scripts give them without the schema of the settings. */
import { expected } from '../base/errors.js'

/**
 * Checks numbers by their names.
 *
 * @throws UserError for a number that is not whole, and for one below `least`.
 */
export function checkCounts(counts: Readonly<Record<string, number>>, least = 1): void {
  for (const [name, value] of Object.entries(counts)) {
    if (Number.isInteger(value) && value >= least) continue
    throw expected(`a whole number of at least ${least}`, name, value, 2)
  }
}

/**
 * Checks how long an algorithm goes on. Infinity is allowed, because an algorithm ends when no path is left.
 *
 * @throws UserError for a number that is not at least 1.
 */
export function checkEnds(ends: Readonly<Record<string, number>>): void {
  for (const [name, value] of Object.entries(ends)) {
    if (!(value >= 1)) throw expected('a number of at least 1', name, value, 2)
  }
}
