/**
 * Long curves with fewer points, which look the same: the least and the largest value of every few epochs. Rows without
 * an epoch have no place and are left out.
 */

/** Epochs of a curve that are drawn one by one. */
const MOST = 400

/**
 * @typedef {{ size: number, length: number, positive?: boolean }} Thinning `length` is that of the positions. With
 *   `positive`, other values are left out.
 * @typedef {{ size: number, generation: number, row: number, values: (number | null)[] }} Kept `row` is where the last
 *   bucket begins, to which rows may be added.
 */

/** @type {WeakMap<import('./store.js').Curves, Map<string, Kept>>} */
const kept = new WeakMap()

/**
 * Number of epochs up to the last one of a curve.
 *
 * @param {import('./store.js').Curves} curves
 */
export function lengthOf(curves) {
  return 1 + (curves.column('epoch')?.findLast(hasPlace) ?? -1)
}

/**
 * Number of epochs that are drawn as two points.
 *
 * @param {number} length Number of epochs
 */
export function bucketSize(length) {
  return Math.max(1, Math.ceil(length / MOST))
}

/**
 * Positions of the points: epochs from 1 on, or two positions within each bucket.
 *
 * @param {number} length Number of epochs
 * @param {number} size
 */
export function positionsOf(length, size) {
  if (size === 1) return Array.from({ length }, (_, i) => i + 1)
  const points = 2 * Math.ceil(length / size)
  return Array.from(
    { length: points },
    (_, i) => 1 + Math.floor(i / 2) * size + (size - 1) * (i % 2 === 0 ? 0.25 : 0.75),
  )
}

/**
 * Values at {@link positionsOf}; undefined if there is no such column. What was computed before is kept.
 *
 * @param {import('./store.js').Curves} curves
 * @param {string} column
 * @param {Thinning} thinning
 */
export function thinned(curves, column, { size, length, positive = false }) {
  const values = curves.column(column)
  const epochs = curves.column('epoch')
  if (values === undefined || epochs === undefined) return undefined
  const known = kept.get(curves) ?? new Map()
  kept.set(curves, known)
  let state = known.get(column)
  if (state === undefined || state.size !== size || state.generation !== curves.generation) {
    state = { size, generation: curves.generation, row: 0, values: [] }
    known.set(column, state)
  }
  const result = state.values
  while (result.length < length) result.push(null)
  let bucket = -1
  // Rows of the least and the largest value.
  let low = -1
  let high = -1
  for (let row = state.row; row < values.length; row++) {
    if (!hasPlace(epochs[row])) continue
    const next = Math.floor(epochs[row] / size)
    if (next !== bucket) {
      bucket = next
      low = -1
      high = -1
      state.row = row
    }
    const value = values[row]
    if (!Number.isFinite(value) || (positive && value <= 0)) continue
    if (low < 0 || value < values[low]) low = row
    if (high < 0 || value > values[high]) high = row
    if (size === 1) result[bucket] = values[low]
    else {
      result[2 * bucket] = values[Math.min(low, high)]
      result[2 * bucket + 1] = values[Math.max(low, high)]
    }
  }
  return result
}

/**
 * Rows of curves that are drawn on top of each other: every second or third, and the last. All curves need the same rows,
 * so that their sums are right.
 *
 * @param {import('./store.js').Curves} curves
 * @returns {{ row: number, position: number }[]} Each with its epoch from 1 on
 */
export function spreadRows(curves) {
  const placed = [...(curves.column('epoch') ?? [])].flatMap((epoch, row) =>
    hasPlace(epoch) ? [{ row, position: 1 + epoch }] : [],
  )
  const stride = bucketSize(placed.length)
  return placed.filter((_, i) => i % stride === 0 || i === placed.length - 1)
}

/** @param {number} epoch */
function hasPlace(epoch) {
  return Number.isFinite(epoch) && epoch >= 0
}
