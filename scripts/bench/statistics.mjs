/** Numbers as tables show them. */

/**
 * Three significant digits, without exponent.
 *
 * @param {number} value
 */
export function digits3(value) {
  const decimals = Math.max(0, 2 - Math.floor(Math.log10(Math.abs(value) || 1)))
  return value.toFixed(Math.min(decimals, 6))
}

/**
 * "1.42", or "1.38…1.45" if rounds differ.
 *
 * @param {readonly number[]} values
 */
export function range(values) {
  const [low, high] = [Math.min(...values), Math.max(...values)].map(digits3)
  return low === high ? low : `${low}…${high}`
}
