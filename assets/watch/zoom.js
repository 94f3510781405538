/**
 * The part of a plot to which the user has zoomed, which new data keep; undefined if all was shown, or if the part has
 * none of the new data.
 *
 * @param {{ min?: number | null, max?: number | null }} scale The scale of positions
 * @param {ArrayLike<number>} before Positions that were drawn, in ascending order
 * @param {readonly number[]} after Positions to be drawn, in ascending order
 * @returns {{ min: number, max: number } | undefined}
 */
export function keptZoom({ min, max }, before, after) {
  if (typeof min !== 'number' || typeof max !== 'number' || before.length === 0 || after.length === 0) return undefined
  const all = min <= before[0] && max >= before[before.length - 1]
  if (all || max < after[0] || min > after[after.length - 1]) return undefined
  return { min, max }
}
