import { describe, expect, it } from 'vitest'
import { median, statistic } from '../../../src/base/statistics.js'

describe('statistic', () => {
  // numpy: x.mean(), x.std(ddof=1); the first also scipy.stats.tstd.
  it.each([
    [[0.713, 0.733, 0.691], 0.7123333333333334, 0.021007935008784992],
    [[1.2e-5, 3.4e-5], 2.3e-5, 1.5556349186104044e-5],
    [[1e9 + 1, 1e9 + 2, 1e9 + 4, 1e9 + 8], 1000000003.75, 3.095695936834452],
  ])('of %j equals numpy', (values, mean, deviation) => {
    const computed = statistic(values)
    expect(computed.n).toBe(values.length)
    expect(computed.mean! / mean).toBeCloseTo(1, 13)
    expect(computed.deviation! / deviation).toBeCloseTo(1, 13)
  })

  it('leaves out what was not measured', () => {
    expect(statistic([null, 1, null, 3])).toEqual({ n: 2, mean: 2, deviation: Math.SQRT2 })
  })

  it('has no deviation of one number, and nothing of none', () => {
    expect(statistic([0.25])).toEqual({ n: 1, mean: 0.25, deviation: null })
    expect(statistic([null])).toEqual({ n: 0, mean: null, deviation: null })
  })
})

describe('median', () => {
  it('is the middle value, or the mean of the two middle ones, and leaves its input as it is', () => {
    const odd = [3, 10, 1]
    expect(median(odd)).toBe(3)
    expect(odd).toEqual([3, 10, 1])
    expect(median([4, 1, 3, 2])).toBe(2.5)
    expect(median([7])).toBe(7)
    expect(median([])).toBeNaN()
  })
})
