/**
 * Steps whose numbers arrive late, as those of a GPU do: the next step begins before. Without a GPU, numbers of the CPU
 * are made to arrive late.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { loadBinding } from '../../src/native/binding.js'
import type { StepOptions } from '../../src/native/index.js'
import { NetBuilder, smallNet } from '../support/small-net.js'
import { canStandIn, standInOptions } from '../support/stand-in-cuda.js'

const INPUT = { channels: 3, height: 6, width: 7 }
const STEPS = 12

describe.skipIf(!canStandIn)('a step under way', () => {
  const addon = loadBinding()
  beforeAll(() => addon.setCudaKernels(standInOptions()))
  afterAll(() => addon.setCudaKernels({ groups: [] }))

  async function net() {
    const builder = new NetBuilder()
    const stem = builder.norm(builder.conv(builder.program.input(INPUT), 8, 3, { bias: false }))
    const program = builder.classify(builder.program.relu(stem), 4)
    return smallNet(program, builder.specs, INPUT, { count: 5, classes: 4 })
  }

  /** Every step differs from the one before: numbers of another step would show. */
  const optionsOf = (step: number): StepOptions => ({
    learningRate: 0.02 * (1 + step),
    optimizer: { kind: 'sgd', momentum: 0.9, weightDecay: 1e-3 },
    unsampled: 'skip',
    clipNorm: 0.5,
  })

  it('gives the numbers that it gives if it is awaited', async () => {
    using awaited = await net()
    const expected = []
    for (let step = 0; step < STEPS; step++) {
      expected.push(await awaited.net.trainStep(awaited.plan, awaited, optionsOf(step)))
    }
    expect(new Set(expected.map(({ loss }) => loss)).size).toBe(STEPS)
    using queued = await net()
    const steps = Array.from({ length: STEPS }, (_, step) => queued.net.trainStep(queued.plan, queued, optionsOf(step)))
    // Other work in the queue sees the weights after all steps.
    const weights = queued.net.read('parameters')
    expect(await Promise.all(steps)).toEqual(expected)
    expect(await weights).toEqual(await awaited.net.read('parameters'))
  })

  it('answers in the order of the calls, also if one in between fails', async () => {
    using small = await net()
    const order: string[] = []
    const begin = (name: string, options: StepOptions) =>
      small.net.trainStep(small.plan, small, options).then(
        () => order.push(name),
        ({ message }) => order.push(`${name}: ${message}`),
      )
    const options = optionsOf(0)
    // Nothing was observed that the second could be compared with.
    const wrong = { ...options, alignment: 1 }
    await Promise.all([begin('first', options), begin('second', wrong), begin('third', options)])
    expect(order).toEqual(['first', 'second: Expected a path observed before for alignment but received none', 'third'])
  })

  it('may outlive the handles of its supernet and images', async () => {
    const step = await (async () => {
      using small = await net()
      return { record: small.net.trainStep(small.plan, small, optionsOf(0)) }
    })()
    expect((await step.record).loss).toBeGreaterThan(0)
  })
})
