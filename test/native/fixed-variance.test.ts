import { describe, expect, it, vi } from 'vitest'
import { createRandom, randomState } from '../../src/base/random.js'
import { parseConfig } from '../../src/config/index.js'
import { createMethod } from '../../src/methods/index.js'
import { type Batch, Dataset, Supernet, setThreads } from '../../src/native/index.js'
import { nasBench201, type Path } from '../../src/spaces/index.js'
import { fixedGradientVariance } from '../../src/training/fixed-variance.js'
import { PlanCache } from '../../src/training/plan-cache.js'
import { randomFloats, randomNumbers } from '../support/random.js'
import { byName, size } from '../support/state.js'

const input = { channels: 1, height: 8, width: 8 }
const space = nasBench201({ channels: 2, cellsPerStage: 1, input, classes: 4 })
const specs = space.parameters()
const rates = {
  learningRate: 0.05,
  optimizer: { kind: 'sgd', momentum: 0.9, weightDecay: 1e-4 },
  clipNorm: 5,
  unsampled: 'decay',
} as const

async function setUp(settings: object, batchSize = 8) {
  await setThreads(1)
  const random = createRandom(3)
  const { method: config } = parseConfig({ method: settings as never })
  const method = createMethod(config, { space, images: 64, epochs: 2, learningRate: 0.05, random })
  const numbers = randomNumbers(5)
  const images = randomFloats(numbers, 64 * 64, 1)
  const dataset = new Dataset({ images, labels: Int32Array.from({ length: 64 }, (_, i) => (i * 7) % 4), ...input })
  const trained = (method.space ?? space).parameters()
  const supernet = new Supernet(trained)
  await supernet.write('parameters', randomFloats(numbers, size(trained), 0.4))
  const plans = new PlanCache(space, supernet)
  const drawn: { path: Path; indices: Int32Array }[] = []
  const engine = {
    supernet,
    plan: (path: Path) => {
      drawn.push({ path, indices: new Int32Array(0) })
      return plans.get(path)
    },
  }
  const batch = (indices: Int32Array): Batch => {
    drawn.push({ path: [], indices })
    return { dataset, indices }
  }
  const steps = 40
  const measured = { supernet, engine, method, random, operations: space.operations, steps, batchSize }
  const measureUntil = (isDue: () => boolean) => {
    const stopping = {
      get isDue() {
        return isDue()
      },
      note() {},
    }
    return fixedGradientVariance({ ...measured, batch, options: () => rates, stopping })
  }
  const measure = async () => (await measureUntil(() => false))!
  return { supernet, method, random, engine, plans, dataset, measure, measureUntil, drawn, batch }
}

describe('gradient variance at fixed weights', () => {
  it('is the unbiased float64 variance of the gradients that the method draws', async () => {
    const { supernet, measure, drawn, plans, dataset } = await setUp({ name: 'spos' })
    const variance = await measure()
    expect(drawn).toHaveLength(80)
    const seen: Float32Array[][] = specs.map(() => [])
    for (let step = 0; step < 40; step++) {
      const [{ indices }, { path }] = drawn.slice(2 * step)
      const plan = plans.get(path)
      await supernet.accumulate(plan, { dataset, indices })
      const gradients = byName(specs, await supernet.read('gradients'))
      for (const [i, { name }] of specs.entries())
        if (plan.parameters.includes(name)) seen[i].push(gradients.get(name)!)
      await supernet.discardGradients()
    }
    let sum = 0
    let count = 0
    for (const gradients of seen) {
      if (gradients.length < 2) continue
      for (let i = 0; i < gradients[0].length; i++) {
        const mean = gradients.reduce((total, gradient) => total + gradient[i], 0) / gradients.length
        sum += gradients.reduce((total, gradient) => total + (gradient[i] - mean) ** 2, 0) / (gradients.length - 1)
        count++
      }
    }
    // Float32 moments of 40 numbers.
    expect(Math.abs(variance.all / (sum / count) - 1)).toBeLessThan(1e-5)
  })

  it.each([
    [24, 24],
    [100, 64],
  ])('takes no smaller batch at the end of an epoch of 64 images: batches of %i have %i', async (batchSize, taken) => {
    const { measure, drawn } = await setUp({ name: 'spos' }, batchSize)
    await measure()
    const sizes = drawn.filter(({ path }) => path.length === 0).map(({ indices }) => indices.length)
    expect(sizes).toEqual(new Array(40).fill(taken))
  })

  it('does not train the gate of CLOSE', async () => {
    const { method, engine, measure, batch } = await setUp({ name: 'close', curriculum: [1, 2] })
    await method.beginEpoch?.(1, engine)
    const gate = method.state().gate.slice()
    const step = method.step.bind(method)
    const moved: boolean[] = []
    vi.spyOn(method, 'step').mockImplementation(async (...args) => {
      const record = await step(...args)
      moved.push(method.state().gate.some((value, i) => value !== gate[i]))
      return record
    })
    await measure()
    expect(moved).toEqual(new Array(40).fill(false))
    // A step of training moves it.
    await method.step(engine, batch(method.epochIndices().subarray(0, 8)), rates)
    expect(moved.at(-1)).toBe(true)
  })

  it.each([{ name: 'spos' }, { name: 'pada' }, { name: 'fairnas' }, { name: 'sumnas' }])(
    'leaves everything as it was: $name',
    async (settings) => {
      const { supernet, method, random, engine, measure, measureUntil, batch } = await setUp(settings)
      const order = method.epochIndices()
      for (let step = 0; step < 3; step++)
        await method.step(engine, batch(order.subarray(8 * step, 8 * step + 8)), rates)
      await supernet.resetMoments()
      const state = async () => ({
        parameters: await supernet.read('parameters'),
        momentum: await supernet.read('momentum'),
        gradients: await supernet.read('gradients'),
        counts: await supernet.counts(),
        moments: await supernet.moments(),
        method: structuredClone(method.state()),
        random: randomState(random),
      })
      const before = await state()
      const first = await measure()
      expect(await state()).toEqual(before)
      expect(first.all).toBeGreaterThan(0)
      let checks = 0
      expect(await measureUntil(() => ++checks === 4)).toBeUndefined()
      expect(checks).toBe(4)
      expect(await state()).toEqual(before)
      expect((await measure()).all).toBe(first.all)
    },
  )
})
