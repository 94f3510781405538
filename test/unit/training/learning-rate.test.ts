import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import type { z } from 'zod'
import { training } from '../../../src/config/training.js'
import { cosineLearningRate, learningRateOf, plateauLearningRate } from '../../../src/training/learning-rate.js'

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
  /** Rates of other schedulers: of each epoch, or of each of `steps` steps in each epoch. */
  readonly rates: readonly {
    readonly scheduler: string
    readonly training: z.input<typeof training>
    readonly steps?: number
    readonly rates: readonly number[]
  }[]
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
    const rates = [0, 3, 4, 9].map((epoch) =>
      learningRateOf(cosine, { step: 0, steps: 1, epoch, losses, restarts: [4] }),
    )
    const expected = [0.05, cosineLearningRate(0.05, 3, 10, 0.001), 0.05, cosineLearningRate(0.05, 5, 6, 0.001)]
    expect(rates).toEqual(expected)
  })

  it('knows the losses of earlier epochs only, and since a restart', () => {
    const plateau = { ...settings, schedule: { kind: 'plateau', patience: 1, factor: 0.5 } } as const
    const rates = losses.map((_, epoch) => learningRateOf(plateau, { step: 0, steps: 1, epoch, losses }))
    expect(rates).toEqual([0.05, 0.05, 0.05, 0.05, 0.025, 0.025, 0.025, 0.0125, 0.0125, 0.00625])
    const restarted = losses.map((_, epoch) =>
      learningRateOf(plateau, { step: 0, steps: 1, epoch, losses, restarts: [5] }),
    )
    expect(restarted).toEqual([0.05, 0.05, 0.05, 0.05, 0.025, 0.05, 0.05, 0.05, 0.025, 0.025])
  })

  it.each(fixture.rates)('is that of $scheduler', (row) => {
    const { rates, steps = 1 } = row
    const settings = training.parse(row.training)
    expect(rates).toHaveLength(settings.epochs * steps)
    for (const [time, rate] of rates.entries()) {
      const position = { epoch: Math.floor(time / steps), step: time % steps, steps, losses: [] }
      const received = learningRateOf(settings, position)
      expect(Math.abs(received / rate - 1), `${time}: ${received}, not ${rate}`).toBeLessThan(1e-12)
    }
  })

  it('changes within an epoch only if the schedule or the warm-up is by step', () => {
    const within = (changes: z.input<typeof training>) => {
      const settings = training.parse({ epochs: 10, ...changes })
      const rates = [0, 1, 2].map((step) => learningRateOf(settings, { epoch: 1, step, steps: 3, losses: [1] }))
      return new Set(rates).size
    }
    for (const kind of ['cosine', 'plateau', 'step', 'exponential', 'constant'] as const) {
      expect(within({ schedule: { kind } }), kind).toBe(1)
    }
    expect(within({ schedule: { kind: 'constant' }, warmup: { epochs: 5 } })).toBe(1)
    expect(within({ schedule: { kind: 'constant' }, warmup: { steps: 10 } })).toBe(3)
    expect(within({ schedule: { kind: 'cosine', per: 'step' } })).toBe(3)
    expect(within({ schedule: { kind: 'exponential', per: 'step' } })).toBe(3)
    expect(within({ schedule: { kind: 'one-cycle' } })).toBe(3)
  })

  it('stays at or above the minimum, but a warm-up may begin below it', () => {
    const rates = (changes: z.input<typeof training>) => {
      const settings = training.parse({ epochs: 100, learningRate: 0.1, learningRateMin: 0.04, ...changes })
      return Array.from({ length: 100 }, (_, epoch) => learningRateOf(settings, { epoch, step: 0, steps: 1, losses }))
    }
    for (const kind of ['step', 'exponential', 'one-cycle'] as const) {
      expect(Math.min(...rates({ schedule: { kind } })), kind).toBe(0.04)
    }
    expect(rates({ schedule: { kind: 'step' }, warmup: { epochs: 4 } })[1]).toBeCloseTo(0.025, 15)
  })

  it('warms up again after a restart', () => {
    const settings = training.parse({ epochs: 10, learningRate: 0.1, warmup: { epochs: 2 } })
    const rates = [0, 1, 2, 5, 6, 7].map((epoch) =>
      learningRateOf(settings, { epoch, step: 0, steps: 1, losses, restarts: [5] }),
    )
    expect(rates.map((rate) => Math.round(rate * 1e4))).toEqual([
      0,
      500,
      Math.round(cosineLearningRate(1000, 2, 10)),
      0,
      500,
      Math.round(cosineLearningRate(1000, 2, 5)),
    ])
  })

  it('is finite in the shortest trainings of one cycle', () => {
    for (const steps of [1, 2, 3, 4]) {
      const settings = training.parse({ epochs: 1, learningRate: 0.1, schedule: { kind: 'one-cycle' } })
      for (let step = 0; step < steps; step++) {
        const rate = learningRateOf(settings, { epoch: 0, step, steps, losses: [] })
        expect(rate >= 0.1 / 25 / 1e4 - 1e-18 && rate <= 0.1, `${step} of ${steps}: ${rate}`).toBe(true)
      }
    }
  })
})
