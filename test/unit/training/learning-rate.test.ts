import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import type { ScheduleConfig } from '../../../src/config/schema.js'
import {
  cosineLearningRate,
  learningRateOf,
  plateauLearningRate,
  strength,
} from '../../../src/training/learning-rate.js'

const values = (schedule: ScheduleConfig) => [0, 1, 2, 3].map((epoch) => strength(schedule, epoch, 4))

describe('strength', () => {
  it('rises linearly from 0', () => {
    expect(values({ kind: 'linear' })).toEqual([0, 0.25, 0.5, 0.75])
  })

  it('stays constant', () => {
    expect(values({ kind: 'constant', value: 0.5 })).toEqual([0.5, 0.5, 0.5, 0.5])
  })

  it('rises along a cosine', () => {
    const [a, b, c, d] = values({ kind: 'cosine' })
    expect([a, c]).toEqual([0, expect.closeTo(0.5, 12)])
    expect(b).toBeCloseTo((1 - Math.SQRT1_2) / 2, 12)
    expect(d).toBeCloseTo((1 + Math.SQRT1_2) / 2, 12)
  })

  it('rises in equal steps, at whole epochs', () => {
    expect(values({ kind: 'step', steps: 2 })).toEqual([0, 0, 0.5, 0.5])
    const ten = Array.from({ length: 100 }, (_, epoch) => strength({ kind: 'step', steps: 10 }, epoch, 100))
    expect(ten.map((value) => Math.round(value * 10))).toEqual(ten.map((_, epoch) => Math.floor(epoch / 10)))
  })
})

describe('cosineLearningRate', () => {
  it('starts at the initial rate, halves midway and ends near 0, as CosineAnnealingLR', () => {
    expect(cosineLearningRate(0.05, 0, 250)).toBe(0.05)
    expect(cosineLearningRate(0.05, 125, 250)).toBeCloseTo(0.025, 15)
    // torch.optim.lr_scheduler.CosineAnnealingLR(…, T_max=250) from 0.05, epochs 1 and 249
    expect(cosineLearningRate(0.05, 1, 250)).toBeCloseTo(0.049998026105095406, 15)
    expect(cosineLearningRate(0.05, 249, 250)).toBeCloseTo(1.9738949045972052e-6, 15)
  })

  it('ends near the minimum, where there is one', () => {
    // CosineAnnealingLR(…, T_max=50, eta_min=0.001) from 0.025, epochs 0, 1, 25 and 49
    const rates = [0, 1, 25, 49].map((epoch) => cosineLearningRate(0.025, epoch, 50, 0.001))
    const expected = [0.025, 0.02497632074113926, 0.013, 0.0010236792588607412]
    for (const [i, rate] of rates.entries()) expect(rate).toBeCloseTo(expected[i], 14)
  })
})

interface PlateauFixture {
  readonly losses: readonly number[]
  readonly settings: readonly { patience: number; factor: number; minimum: number; rates: readonly number[] }[]
}

const fixture: PlateauFixture = JSON.parse(
  readFileSync(new URL('../../fixtures/schedules.json', import.meta.url), 'utf8'),
)

describe('plateauLearningRate', () => {
  it.each(fixture.settings)('is that of ReduceLROnPlateau: patience $patience, factor $factor', (setting) => {
    const { minimum, rates } = setting
    expect(new Set(rates).size).toBeGreaterThan(2)
    for (const [epoch, rate] of rates.entries()) {
      const received = plateauLearningRate(0.05, fixture.losses.slice(0, epoch), setting, minimum)
      expect(received, `epoch ${epoch}`).toBeCloseTo(rate, 12)
    }
  })
})

describe('learningRateOf', () => {
  const settings = { epochs: 10, learningRate: 0.05, learningRateMin: 0.001 }
  const losses = [3, 2, 2, 2, 1, 1, 1, 1, 1, 1]

  it('goes along a cosine of what is left after a restart', () => {
    const cosine = { ...settings, schedule: { kind: 'cosine' } } as const
    const rates = [0, 3, 4, 9].map((epoch) => learningRateOf(cosine, { epoch, losses, restarts: [4] }))
    const expected = [0.05, cosineLearningRate(0.05, 3, 10, 0.001), 0.05, cosineLearningRate(0.05, 5, 6, 0.001)]
    expect(rates).toEqual(expected)
  })

  it('knows the losses of earlier epochs only, and since a restart', () => {
    const plateau = { ...settings, schedule: { kind: 'plateau', patience: 1, factor: 0.5 } } as const
    const rates = losses.map((_, epoch) => learningRateOf(plateau, { epoch, losses }))
    expect(rates).toEqual([0.05, 0.05, 0.05, 0.05, 0.025, 0.025, 0.025, 0.0125, 0.0125, 0.00625])
    const restarted = losses.map((_, epoch) => learningRateOf(plateau, { epoch, losses, restarts: [5] }))
    expect(restarted).toEqual([0.05, 0.05, 0.05, 0.05, 0.025, 0.05, 0.05, 0.05, 0.025, 0.025])
  })
})
