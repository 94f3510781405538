import { describe, expect, it } from 'vitest'
import { Dataset, Supernet } from '../../src/native.js'
import { randomNumbers } from '../support/random.js'
import { NetBuilder } from './small-net.js'

/**
 * A linear layer with weights zero and learning rate zero: the gradient of class k's weight is (1/2 − [label = k])·x
 * in every step, so the true variance is known from the images.
 */
const builder = new NetBuilder()
const program = builder.classify(builder.program.input({ channels: 1, height: 1, width: 1 }), 2)

describe('moments', () => {
  it('equal the float64 two-pass variance over 10,000 steps with a mean far above the deviation', async () => {
    const steps = 10_000
    const random = randomNumbers(3)
    const images = Float32Array.from({ length: steps }, () => 40 + random() / 50)
    const gradients = Float64Array.from(images, (x) => x / 2)
    const mean = gradients.reduce((sum, value) => sum + value, 0) / steps
    const variance = gradients.reduce((sum, value) => sum + (value - mean) ** 2, 0) / steps

    using net = new Supernet(builder.specs)
    using dataset = new Dataset({ images, labels: new Int32Array(steps), channels: 1, height: 1, width: 1 })
    using plan = net.compile(program)
    const options = { learningRate: 0, momentum: 0, weightDecay: 0, clipNorm: 1, unsampled: 'skip' } as const
    for (let step = 0; step < steps; step++) {
      await net.trainStep(plan, { dataset, indices: Int32Array.of(step) }, options)
    }
    const { timesSampled, meanVariance } = await net.moments()
    expect([...timesSampled]).toEqual([steps, steps])
    // The method works: its error is a thousandth or less. Float32 sums of x and x² lose the variance altogether.
    expect(Math.abs(meanVariance[0] / variance - 1)).toBeLessThan(1e-3)
    expect(Math.abs(naiveFloat32(gradients) / variance - 1)).toBeGreaterThan(0.1)
    // The bias sees the same gradient in every step.
    expect(meanVariance[1]).toBeLessThan(1e-12)

    await net.resetMoments()
    const reset = await net.moments()
    expect([...reset.timesSampled, ...reset.meanVariance]).toEqual([0, 0, 0, 0])
  })
})

function naiveFloat32(values: Float64Array): number {
  let sum = 0
  let squares = 0
  for (const value of values) {
    sum = Math.fround(sum + Math.fround(value))
    squares = Math.fround(squares + Math.fround(value * value))
  }
  return squares / values.length - (sum / values.length) ** 2
}
