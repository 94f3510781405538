import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { PathImportance } from '../../src/methods/path-importance.js'
import { Dataset, type Moments, type StepRecord, Supernet } from '../../src/native/index.js'
import { gradientVariance } from '../../src/training/gradient-variance.js'
import { byName } from '../support/state.js'
import {
  fixture,
  fixtureImages,
  fixtureRates,
  fixtureWeights,
  input,
  type Step,
  space,
  type Variance,
} from '../support/tiny-fixture.js'

const specs = space.parameters()
const indices = Int32Array.from(fixture.labels, (_, i) => i)

let dataset: Dataset
beforeAll(() => {
  dataset = new Dataset({ images: fixtureImages(), labels: Int32Array.from(fixture.labels), ...input })
})
afterAll(() => dataset.dispose())

async function supernet(): Promise<Supernet> {
  const net = new Supernet(specs)
  await net.write('parameters', fixtureWeights())
  return net
}

/** Largest absolute difference. */
function difference(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  expect(actual.length).toBe(expected.length)
  return Array.from(expected).reduce((worst, value, i) => {
    const gap = Math.abs(actual[i] - value)
    return Number.isNaN(gap) || gap > worst ? gap : worst
  }, 0)
}

it('has the parameters of the reference, in its order', () => {
  expect(specs.map((spec) => spec.name)).toEqual(fixture.parameters)
})

describe('logits', () => {
  it.each(fixture.logits)('of path $path are those of PyTorch', async ({ path, values }) => {
    using net = await supernet()
    using plan = net.compile(space.program(path))
    expect(difference(await net.logits(plan, dataset, indices), values)).toBeLessThan(1e-4)
  })
})

/** Norms of convolution biases before a batch norm are exactly zero; a float32 implementation may leave noise. */
const isConvolutionBias = (name: string) => name.endsWith('.op.1.bias')

function compareStep(step: Step, record: StepRecord, parameters: readonly string[]) {
  expect(Math.abs(record.loss - step.loss)).toBeLessThan(1e-5)
  expect(record.correct).toBe(step.correct)
  expect(difference(record.importance, step.sampleImportance)).toBeLessThan(1e-5)
  expect(Math.abs(record.globalNorm / step.globalNorm - 1)).toBeLessThan(1e-3)

  const sampled = fixture.parameters.filter((_, i) => step.gradientNorms[i] !== null)
  expect([...parameters].sort()).toEqual([...sampled].sort())
  for (const [i, name] of parameters.entries()) {
    const expected = step.gradientNorms[fixture.parameters.indexOf(name)]!
    const gap = Math.abs(record.gradientNorms[i] - expected)
    expect(gap, name).toBeLessThan(isConvolutionBias(name) ? 1e-5 : 1e-3 * Math.max(expected, 1e-4))
  }

  const importance = new PathImportance(space, false)
  importance.add(step.path, parameters, record.gradientNorms, record.clipScale)
  for (const [operation, expected] of Object.entries(step.operationImportance)) {
    // The first step of an epoch halves its importance: s ← (0 + g)/2.
    const actual = 2 * importance.values[Number(operation)]
    expect(Math.abs(actual / expected - 1), `importance of ${operation}`).toBeLessThan(1e-3)
  }
}

function compareVariance(moments: Moments, expected: Variance) {
  expect([...moments.timesSampled]).toEqual([...expected.timesSampled])
  for (const [i, name] of fixture.parameters.entries()) {
    const gap = Math.abs(moments.meanVariance[i] - expected.meanVariance[i])
    expect(gap, name).toBeLessThan(isConvolutionBias(name) ? 1e-10 : 1e-3 * Math.max(expected.meanVariance[i], 1e-9))
  }
  expect(Math.abs(gradientVariance(specs, space.operations, moments).all / expected.value - 1)).toBeLessThan(1e-3)
}

describe('four SGD steps', () => {
  it.each(['skip', 'decay'] as const)(
    'with unsampled weights treated as %s are those of PyTorch',
    async (unsampled) => {
      const { steps, gradientVariance: variance } = fixture.training[unsampled]
      using net = await supernet()
      for (const step of steps) {
        using plan = net.compile(space.program(step.path))
        const record = await net.trainStep(plan, { dataset, indices }, { ...fixtureRates, unsampled })
        compareStep(step, record, plan.parameters)
        const weights = byName(specs, await net.read('parameters'))
        for (const [i, name] of fixture.parameters.entries()) {
          const norm = Math.hypot(...weights.get(name)!)
          expect(Math.abs(norm / step.parameterNorms[i] - 1), name).toBeLessThan(1e-5)
        }
      }
      compareVariance(await net.moments(), variance)
    },
  )
})
