/** How far numbers are from those that are wanted. */

/** @typedef {readonly [actual: number, wanted: number]} Pair */
/** @typedef {(actual: number, wanted: number) => number} ErrorMeasure */

/** @type {ErrorMeasure} */
export const absolute = (actual, wanted) => Math.abs(actual - wanted)
/**
 * Relative, but absolute if zero is wanted.
 *
 * @type {ErrorMeasure}
 */
export const relative = (actual, wanted) => Math.abs(actual - wanted) / (Math.abs(wanted) || 1)
/**
 * Largest error over pairs; NaN wins.
 *
 * @param {Iterable<Pair>} pairs
 * @param {ErrorMeasure} error
 */
export function worst(pairs, error) {
  let largest = 0
  for (const [actual, wanted] of pairs) {
    const found = error(actual, wanted)
    if (!(found <= largest)) largest = found
    if (Number.isNaN(largest)) break
  }
  return largest
}
/**
 * @param {ArrayLike<number>} actual
 * @param {ArrayLike<number>} wanted
 */
export function zip(actual, wanted) {
  if (actual.length !== wanted.length) throw new Error(`Expected ${wanted.length} values but received ${actual.length}`)
  return Array.from(wanted, (value, i) => /** @type {Pair} */ ([actual[i], value]))
}
