import { describe, expect, it } from 'vitest'
import { createRandom } from '../../src/base/random.js'
import { Dataset, Supernet, setThreads } from '../../src/native/index.js'
import { PathSampler } from '../../src/sampling/paths.js'
import { nasBench201 } from '../../src/spaces/index.js'
import { gradientVariance } from '../../src/training/gradient-variance.js'
import { PlanCache } from '../../src/training/plan-cache.js'
import { randomFloats, randomNumbers } from '../support/random.js'
import { NetBuilder } from '../support/small-net.js'
import { byName, size } from '../support/state.js'

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
    const options = {
      learningRate: 0,
      optimizer: { kind: 'sgd', momentum: 0, weightDecay: 0 },
      clipNorm: 1,
      unsampled: 'skip',
    } as const
    for (let step = 0; step < steps; step++) {
      await net.trainStep(plan, { dataset, indices: Int32Array.of(step) }, options)
    }
    const { timesSampled, meanVariance } = await net.moments()
    expect([...timesSampled]).toEqual([steps, steps])
    // Float32 sums of x and x² lose the variance altogether.
    expect(Math.abs(meanVariance[0] / variance - 1)).toBeLessThan(1e-4)
    expect(Math.abs(naiveFloat32(gradients) / variance - 1)).toBeGreaterThan(0.1)
    // The bias sees the same gradient in every step.
    expect(meanVariance[1]).toBeLessThan(1e-12)

    await net.resetMoments()
    const reset = await net.moments()
    expect([...reset.timesSampled, ...reset.meanVariance]).toEqual([0, 0, 0, 0])
  })

  it('of a supernet in training give its gradient variance over 500 steps as two float64 passes do', async () => {
    await setThreads(1)
    const steps = 500
    const input = { channels: 1, height: 8, width: 8 }
    const space = nasBench201({ channels: 2, cellsPerStage: 1, input, classes: 4 })
    const specs = space.parameters()
    const random = randomNumbers(5)
    const images = randomFloats(random, 64 * 64, 1)
    const labels = Int32Array.from({ length: 64 }, (_, i) => (i * 7) % 4)
    using net = new Supernet(specs)
    await net.write('parameters', randomFloats(random, size(specs), 0.4))
    using dataset = new Dataset({ images, labels, ...input })
    using plans = new PlanCache(space, net)
    const paths = PathSampler.uniform(space.choices)
    const { paths: stream, data } = createRandom(1)
    const seen: Float32Array[][] = specs.map(() => [])
    for (let step = 0; step < steps; step++) {
      const plan = plans.get(paths.draw(stream))
      await net.accumulate(plan, { dataset, indices: Int32Array.from({ length: 4 }, () => data.integer(64)) })
      const gradients = byName(specs, await net.read('gradients'))
      const sampled = new Set(plan.parameters)
      for (const [i, { name }] of specs.entries()) if (sampled.has(name)) seen[i].push(gradients.get(name)!)
      await net.recordMoments()
      await net.clip(5)
      await net.update({
        learningRate: 0.05,
        optimizer: { kind: 'sgd', momentum: 0.9, weightDecay: 2.5e-4 },
        unsampled: 'decay',
      })
    }
    const moments = await net.moments()
    expect([...moments.timesSampled]).toEqual(seen.map((each) => each.length))
    const exact = { ...moments, meanVariance: Float64Array.from(seen, twoPassVariance) }
    const actual = gradientVariance(specs, space.operations, moments)
    const expected = gradientVariance(specs, space.operations, exact)
    expect(Math.abs(actual.all / expected.all - 1)).toBeLessThan(1e-4)
    expect(Math.abs(actual.candidates! / expected.candidates! - 1)).toBeLessThan(1e-4)
    for (const [operation, value] of Object.entries(expected.byOperation)) {
      expect(Math.abs(actual.byOperation[operation]! / value! - 1), operation).toBeLessThan(1e-4)
    }
  })
})

/** Population variance of every scalar over the steps, averaged over scalars. */
function twoPassVariance(gradients: readonly Float32Array[]): number {
  const [first] = gradients
  return (
    first.reduce((total, _, i) => {
      const mean = gradients.reduce((sum, gradient) => sum + gradient[i], 0) / gradients.length
      return total + gradients.reduce((sum, gradient) => sum + (gradient[i] - mean) ** 2, 0) / gradients.length
    }, 0) / first.length
  )
}

function naiveFloat32(values: Float64Array): number {
  let sum = 0
  let squares = 0
  for (const value of values) {
    sum = Math.fround(sum + Math.fround(value))
    squares = Math.fround(squares + Math.fround(value * value))
  }
  return squares / values.length - (sum / values.length) ** 2
}
