import { describe, expect, it } from 'vitest'
import type { ScheduleConfig } from '../../../src/config/schema.js'
import { strength } from '../../../src/sampling/strength.js'

const values = (schedule: ScheduleConfig) => [0, 1, 2, 3].map((epoch) => strength(schedule, epoch, 4))

describe('strength', () => {
  it('rises linearly from 0', () => {
    expect(values({ kind: 'linear', end: 1 })).toEqual([0, 0.25, 0.5, 0.75])
  })

  it('stays constant', () => {
    expect(values({ kind: 'constant', value: 0.5 })).toEqual([0.5, 0.5, 0.5, 0.5])
  })

  it('rises along a cosine', () => {
    const [a, b, c, d] = values({ kind: 'cosine', end: 1 })
    expect([a, c]).toEqual([0, expect.closeTo(0.5, 12)])
    expect(b).toBeCloseTo((1 - Math.SQRT1_2) / 2, 12)
    expect(d).toBeCloseTo((1 + Math.SQRT1_2) / 2, 12)
  })

  it('rises towards its end', () => {
    expect(values({ kind: 'linear', end: 0.5 })).toEqual([0, 0.125, 0.25, 0.375])
    expect(values({ kind: 'step', steps: 2, end: 0.5 })).toEqual([0, 0, 0.25, 0.25])
    expect(values({ kind: 'cosine', end: 0.5 })[2]).toBeCloseTo(0.25, 12)
  })

  it('rises in equal steps, at whole epochs', () => {
    expect(values({ kind: 'step', steps: 2, end: 1 })).toEqual([0, 0, 0.5, 0.5])
    const ten = Array.from({ length: 100 }, (_, epoch) => strength({ kind: 'step', steps: 10, end: 1 }, epoch, 100))
    expect(ten.map((value) => Math.round(value * 10))).toEqual(ten.map((_, epoch) => Math.floor(epoch / 10)))
  })
})
