import { describe, expect, test } from 'vitest'
import { decimal, duration, percent, rounded, scientific, sparkline } from '../../../src/base/format.js'
import { Pace } from '../../../src/base/pace.js'

describe('numbers as people read them', () => {
  test('durations', () => {
    expect([0.2, 9.4, 60, 151, 3600, 11100].map(duration)).toEqual([
      '0 s',
      '9 s',
      '1 min',
      '2 min 31 s',
      '1 h',
      '3 h 5 min',
    ])
    expect(duration(Number.NaN)).toBe('–')
    expect(duration(Number.POSITIVE_INFINITY)).toBe('–')
  })

  test('unknown numbers are dashes', () => {
    expect([percent(null), decimal(undefined), scientific(Number.NaN)]).toEqual(['–', '–', '–'])
  })

  test('a sparkline spans its range on a logarithmic scale', () => {
    expect(sparkline([1e-4, 1e-5, 1e-6])).toBe('█▄▁')
    expect(sparkline([3, 3])).toBe('▁▁')
    expect(sparkline([])).toBe('')
    expect(sparkline([0, 1])).toBe('▁█')
    expect(sparkline(Array.from({ length: 1000 }, (_, i) => i + 1))).toHaveLength(60)
  })

  test('large numbers in three digits', () => {
    expect([8514, 259_232, 1_200_000, 12].map(rounded)).toEqual(['8.51K', '259K', '1.20M', '12.0'])
  })

  test('pace follows the recent past', () => {
    let now = 0
    const pace = new Pace(() => now)
    expect(pace.observe(0)).toBeUndefined()
    now = 1
    expect(pace.observe(100)).toBe(100)
    now = 61
    expect(pace.observe(100 + 60 * 10)).toBeCloseTo(10, 1)
  })

  test('pace leaves out a pause', () => {
    let now = 0
    const pace = new Pace(() => now)
    pace.observe(0)
    now = 1
    expect(pace.observe(100)).toBe(100)
    pace.pause()
    now = 1000
    expect(pace.observe(100)).toBe(100)
    now = 1001
    expect(pace.observe(200)).toBe(100)
  })
})
