/** Options of scripts that are whole numbers. */
import { expected } from '#dist/base/errors.js'

/**
 * The number that an option says. Words, fractions and what is below `least` are refused.
 *
 * @template {string} Name
 * @param {{ readonly [Key in Name]: string }} values What `parseArgs` read.
 * @param {Name} name
 * @param {number} [least]
 */
export function wholeOption(values, name, least = 1) {
  const text = values[name]
  const number = Number(text)
  if (/^\d+$/.test(text) && Number.isSafeInteger(number) && number >= least) return number
  throw expected(`a whole number of at least ${least}`, `--${name}`, text, 2)
}
