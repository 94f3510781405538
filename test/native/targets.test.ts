/** Label smoothing and mixup: loss, gradients and importance against PyTorch's in float64. */
import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Dataset, type Plan, Supernet } from '../../src/native/index.js'
import { NetBuilder } from '../support/small-net.js'
import { byName } from '../support/state.js'

interface Targets {
  readonly features: number[][]
  readonly weight: number[]
  readonly bias: number[]
  readonly labels: number[]
  readonly factors: number[]
  readonly partners: number[]
  readonly cases: {
    smoothing: number
    share: number
    loss: number
    weight: number[]
    bias: number[]
    importance: number[]
    correct: number
  }[]
}
const fixture: Targets = JSON.parse(
  readFileSync(new URL('../fixtures/augmentation.json', import.meta.url), 'utf8'),
).targets

const CLASSES = fixture.bias.length
const FEATURES = fixture.features[0].length
const builder = new NetBuilder()
const program = builder.classify(builder.program.input({ channels: FEATURES, height: 1, width: 1 }), CLASSES)
let net: Supernet
let plan: Plan
let dataset: Dataset
beforeAll(async () => {
  net = new Supernet(builder.specs)
  await net.write('parameters', Float32Array.from([...fixture.weight, ...fixture.bias]))
  plan = net.compile(program)
  const images = Float32Array.from(fixture.features.flat())
  dataset = new Dataset({ images, labels: Int32Array.from(fixture.labels), channels: FEATURES, height: 1, width: 1 })
})
afterAll(() => {
  for (const handle of [plan, dataset, net]) handle.dispose()
})

const batchOf = ({ smoothing, share }: { smoothing: number; share: number }) => ({
  dataset,
  indices: Int32Array.from(fixture.labels, (_, i) => i),
  weights: Float32Array.from(fixture.factors),
  labelSmoothing: smoothing,
  ...(share < 1 && { mixup: { share, partners: Int32Array.from(fixture.partners) } }),
})

function expectClose(actual: ArrayLike<number>, expected: readonly number[]) {
  expect(actual.length).toBe(expected.length)
  const largest = Math.max(...expected.map(Math.abs))
  for (const [i, value] of expected.entries()) expect(Math.abs(actual[i] - value)).toBeLessThan(2e-6 * largest)
}

describe('targets', () => {
  it.each(fixture.cases)('smoothed by $smoothing and mixed by $share are those of PyTorch', async (wanted) => {
    const batch = batchOf(wanted)
    const record = await net.accumulate(plan, batch)
    const gradients = byName(builder.specs, await net.read('gradients'))
    await net.discardGradients()
    expect(record.loss).toBeCloseTo(wanted.loss, 5)
    expect(record.correct).toBe(wanted.correct)
    expectClose(record.importance, wanted.importance)
    expectClose(gradients.get('head.weight')!, wanted.weight)
    expectClose(gradients.get('head.bias')!, wanted.bias)
    const observed = await net.observe(plan, batch)
    expect(observed.loss).toBe(record.loss)
    expect(observed.correct).toBe(record.correct)
  })

  it('are the labels alone if nothing is smoothed and every image keeps its whole share', async () => {
    const { labelSmoothing, ...plain } = batchOf({ smoothing: 0, share: 1 })
    const gradientsOf = async (batch: Parameters<typeof net.accumulate>[1]) => {
      await net.accumulate(plan, batch)
      const gradients = await net.read('gradients')
      await net.discardGradients()
      return gradients
    }
    const expected = await gradientsOf(plain)
    expect(await gradientsOf({ ...plain, labelSmoothing })).toEqual(expected)
    const mixup = { share: 1, partners: Int32Array.from(fixture.partners) }
    expect(await gradientsOf({ ...plain, mixup })).toEqual(expected)
  })

  it('of an evaluation are never smoothed or mixed', async () => {
    const before = await net.evaluate(plan, dataset, { batchSize: 4 })
    await net.observe(plan, batchOf({ smoothing: 0.5, share: 0.3 }))
    expect(await net.evaluate(plan, dataset, { batchSize: 4 })).toEqual(before)
  })

  it.each<[object, string]>([
    [{ labelSmoothing: 1 }, 'a number of at least 0 and below 1 for labelSmoothing but received 1'],
    [{ labelSmoothing: 'a' }, 'a number for labelSmoothing but received a'],
    [{ mixup: { share: 1.2, partners: Int32Array.of(0) } }, 'a number from 0 to 1 for mixup.share but received 1.2'],
    [{ mixup: { share: 1, partners: Int32Array.of(0, 1) } }, 'one partner per index for mixup.partners but received 2'],
    [{ mixup: { share: 1, partners: Int32Array.of(1) } }, 'positions in the batch for mixup.partners but received 1'],
    [{ mixup: { share: 1, partners: [0] } }, 'an Int32Array for mixup.partners'],
  ])('refuse %j', async (fields, message) => {
    const call = async () => net.accumulate(plan, { dataset, indices: Int32Array.of(0), ...fields })
    await expect(call()).rejects.toThrow(`Expected ${message}`)
  })
})
