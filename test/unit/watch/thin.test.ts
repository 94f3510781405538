import { expect, test } from 'vitest'
import { Curves } from '../../../assets/watch/store.js'
import { bucketSize, lengthOf, positionsOf, spreadRows, thinned } from '../../../assets/watch/thin.js'

/** Curves with these epochs, and with these losses. */
function curves(epochs: readonly number[], losses: readonly number[]): Curves {
  const made = new Curves()
  add(made, epochs, losses)
  return made
}
function add(to: Curves, epochs: readonly number[], losses: readonly number[]): void {
  const head = { generation: 0, from: to.rows, rows: epochs.length, columns: ['epoch', 'loss'] }
  to.take(head, (column) => (column === 0 ? epochs : losses))
}

test('a short curve is drawn whole, with gaps where epochs are missing', () => {
  const drawn = curves([0, 1, 3], [5, 4, 2])
  const length = lengthOf(drawn)
  expect(positionsOf(length, bucketSize(length))).toEqual([1, 2, 3, 4])
  expect(thinned(drawn, 'loss', { size: 1, length })).toEqual([5, 4, null, 2])
  expect(thinned(drawn, 'none', { size: 1, length })).toBeUndefined()
})

test('a long curve is drawn by the least and the largest value of each bucket, in their order', () => {
  const drawn = curves([0, 1, 2, 3], [1, 3, 2, -1])
  const size = 3
  expect(positionsOf(4, size)).toEqual([1.5, 2.5, 4.5, 5.5])
  expect(thinned(drawn, 'loss', { size, length: 4 })).toEqual([1, 3, -1, -1])
  // The last bucket grows.
  add(drawn, [4, 5], [9, Number.NaN])
  expect(thinned(drawn, 'loss', { size, length: 4 })).toEqual([1, 3, -1, 9])
  expect(thinned(drawn, 'loss', { size: 6, length: 2, positive: true })).toEqual([1, 9])
})

test('rows without an epoch are left out, and the rows around them are one bucket', () => {
  const none = [Number.NaN, Number.POSITIVE_INFINITY, -1]
  const drawn = curves([none[0], 0, none[1], 1, none[2]], [7, 1, 8, 3, 9])
  expect(lengthOf(drawn)).toBe(2)
  expect(thinned(drawn, 'loss', { size: 1, length: 2 })).toEqual([1, 3])
  expect(thinned(drawn, 'loss', { size: 2, length: 2 })).toEqual([1, 3])
  expect(lengthOf(curves(none, [1, 2, 3]))).toBe(0)
})

test('of long curves on top of each other, every second or third row is drawn, and the last', () => {
  const rowsOf = (epochs: number[]) => spreadRows(curves(epochs, epochs))
  expect(rowsOf([0, Number.NaN, 2])).toEqual([
    { row: 0, position: 1 },
    { row: 2, position: 3 },
  ])
  const long = rowsOf(Array.from({ length: 1001 }, (_, i) => i)).map(({ row }) => row)
  expect(long).toHaveLength(335)
  expect([long[1], long.at(-2), long.at(-1)]).toEqual([3, 999, 1000])
  expect(spreadRows(new Curves())).toEqual([])
})
