import { expect, test } from 'vitest'
import { besideLines } from '../../../src/report/figures/labels-beside-lines.js'

const area = { places: ['4', '8'], height: 100, scale: { domain: [0, 10] } }
const points = (...means: readonly [number, number][]) =>
  means.flatMap(([at, then], i) => [
    { place: '4', series: `${i}`, mean: at },
    { place: '8', series: `${i}`, mean: then },
  ])
/** Middles of the numbers at the first place, in pixels from the top, from the top to the bottom. */
const middles = (...means: readonly [number, number][]) =>
  besideLines(points(...means), area).flatMap(({ point, dy }) =>
    point.place === '4' ? [100 * (1 - point.mean / 10) + dy] : [],
  )

test('a number is below a line that goes up, above one that goes down, and beside its end', () => {
  expect(besideLines(points([5, 9]), area).map(({ dy }) => dy)).toEqual([10, 0])
  expect(besideLines(points([5, 1]), area).map(({ dy }) => dy)).toEqual([-10, 0])
})

test('numbers that would overlap are moved apart, in the order of their points', () => {
  // Alone they would be at 40 and 39: the mean stays, and 13 pixels lie between them.
  expect(middles([5, 1], [5.1, 1])).toEqual([33, 46])
  // The third one touches the two that were moved.
  expect(middles([5, 1], [5.1, 1], [4, 1])).toEqual([30, 43, 56].map((y) => expect.closeTo(y, 5)))
  expect(middles([9, 1], [5, 1])).toEqual([6.5, 40])
})

test('numbers stay within the panel', () => {
  expect(middles([9.9, 1], [9.8, 1])).toEqual([6.5, 19.5])
  expect(middles([0.1, 1], [0.2, 1])).toEqual([80.5, 93.5])
})

test('heights on a logarithmic axis are those of the logarithms', () => {
  const log = { ...area, height: 200, scale: { type: 'log', domain: [1, 100] } }
  const [upper, lower] = besideLines(points([10, 1], [9.9, 1]), log)
  // The points are at 100 and 100.4, so both numbers were wished for at 90.
  expect(100 + upper.dy).toBeCloseTo(83.7, 1)
  expect(200 * (1 - Math.log10(9.9) / 2) + lower.dy).toBeCloseTo(96.7, 1)
})
