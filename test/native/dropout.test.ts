/** What dropout draws: `instructions.test.ts` compares the arithmetic, this the odds and the seeds. */
import { describe, expect, it } from 'vitest'
import { Dataset } from '../../src/native/index.js'
import type { Program } from '../../src/programs/program.js'
import { NetBuilder, type SmallNet, smallNet } from '../support/small-net.js'
import { byName } from '../support/state.js'

const CHANNELS = 16
const SIZE = 8
const COUNT = 8
const INPUT = { channels: CHANNELS, height: SIZE, width: SIZE }

/** Drops parts of ones, and lets the head's weight gradient tell what is left of each channel. */
function network(op: 'dropout' | 'dropPath', p: number): { builder: NetBuilder; program: Program } {
  const builder = new NetBuilder()
  return { builder, program: builder.classify(builder.program[op](builder.program.input(INPUT), { p }), 2) }
}

async function open(op: 'dropout' | 'dropPath', p: number): Promise<SmallNet & { builder: NetBuilder }> {
  const { builder, program } = network(op, p)
  return { ...(await smallNet(program, builder.specs, INPUT, { count: COUNT, classes: 2 })), builder }
}

/** The mean of each channel of each sample after the drop, if the images were ones: sample by sample. */
async function means(op: 'dropout' | 'dropPath', p: number, drop?: { seed: number; pathScale?: number }) {
  using small = await open(op, p)
  const { net, plan, builder } = small
  const size = CHANNELS * SIZE * SIZE
  using ones = new Dataset({ images: new Float32Array(COUNT * size).fill(1), labels: new Int32Array(COUNT), ...INPUT })
  const result: number[] = []
  for (let sample = 0; sample < COUNT; sample++) {
    await net.write('gradients', new Float32Array((await net.read('gradients')).length))
    const weights = Float32Array.from({ length: COUNT }, (_, i) => (i === sample ? 1 : 0))
    const indices = Int32Array.from({ length: COUNT }, (_, i) => i)
    await net.accumulate(plan, { dataset: ones, indices, weights, drop })
    const gradients = byName(builder.specs, await net.read('gradients'))
    const scale = gradients.get('head.bias')![0]
    for (let channel = 0; channel < CHANNELS; channel++) {
      result.push(gradients.get('head.weight')![channel] / scale)
    }
  }
  return result
}

const average = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length

describe('dropout', () => {
  it('drops each number with its probability and keeps the mean', async () => {
    const p = 0.25
    const values = await means('dropout', p, { seed: 3 })
    // 8192 draws: the mean's standard deviation is √(p / (1 − p) / 8192) = 0.0064; 4 of them, at a fixed seed.
    expect(Math.abs(average(values) - 1)).toBeLessThan(4 * Math.sqrt(p / (1 - p) / (COUNT * CHANNELS * SIZE * SIZE)))
    // Each mean is of 64 draws: a whole number of times 1 / (1 − p) / 64, and not all the same.
    for (const value of values) expect(value * 64 * (1 - p)).toBeCloseTo(Math.round(value * 64 * (1 - p)), 2)
    expect(new Set(values.map((value) => value.toFixed(3))).size).toBeGreaterThan(10)
  })

  it('draws the same for a seed, another for another, and nothing without one', async () => {
    const first = await means('dropout', 0.5, { seed: 1 })
    expect(await means('dropout', 0.5, { seed: 1 })).toEqual(first)
    expect(await means('dropout', 0.5, { seed: 2 })).not.toEqual(first)
    for (const value of await means('dropout', 0.5)) expect(value).toBeCloseTo(1, 4)
  })
})

describe('dropPath', () => {
  it('drops samples as a whole, in proportion to the scale of the step', async () => {
    const p = 0.5
    let kept = 0
    const seeds = 25
    for (let seed = 0; seed < seeds; seed++) {
      const values = await means('dropPath', p, { seed, pathScale: 0.5 })
      for (let sample = 0; sample < COUNT; sample++) {
        const channels = values.slice(sample * CHANNELS, (sample + 1) * CHANNELS)
        const expected = channels[0] > 0.5 ? 1 / (1 - p / 2) : 0
        for (const value of channels) expect(value).toBeCloseTo(expected, 3)
        if (expected > 0) kept++
      }
    }
    // 200 samples kept with probability 0.75: a standard deviation of 6.1; 4 of them, at fixed seeds.
    expect(Math.abs(kept - 150)).toBeLessThan(25)
  })

  it('takes another scale in each step of one plan', async () => {
    using small = await open('dropPath', 0.8)
    const { net, plan, dataset, indices, builder } = small
    const gradientsAt = async (pathScale?: number) => {
      await net.discardGradients()
      const drop = pathScale === undefined ? undefined : { seed: 5, pathScale }
      await net.accumulate(plan, { dataset, indices, drop })
      return byName(builder.specs, await net.read('gradients')).get('head.weight')!
    }
    const whole = await gradientsAt()
    expect(await gradientsAt(0)).toEqual(whole)
    const [some, most] = [await gradientsAt(0.5), await gradientsAt(1)]
    expect(some).not.toEqual(whole)
    expect(most).not.toEqual(some)
    expect(await gradientsAt(0.5)).toEqual(some)
    // The default is the whole probability.
    await net.discardGradients()
    await net.accumulate(plan, { dataset, indices, drop: { seed: 5 } })
    expect(byName(builder.specs, await net.read('gradients')).get('head.weight')).toEqual(most)
  })

  it('refuses scales that are none', async () => {
    using small = await open('dropPath', 0.5)
    const { net, plan, dataset, indices } = small
    for (const pathScale of [-0.1, 1.5, Number.NaN]) {
      const call = async () => net.accumulate(plan, { dataset, indices, drop: { seed: 1, pathScale } })
      await expect(call()).rejects.toThrow(/^Expected a number from 0 to 1 for drop.pathScale but received /)
    }
  })
})
