/** What is left after an error: no call that failed may change what later ones compute. */
import { describe, expect, it } from 'vitest'
import { Dataset, Supernet } from '../../src/native/index.js'
import { NetBuilder, smallNet } from '../support/small-net.js'

const INPUT = { channels: 2, height: 4, width: 3 }
const UPDATE = {
  learningRate: 0.1,
  optimizer: { kind: 'sgd', momentum: 0, weightDecay: 0 },
  unsampled: 'skip',
} as const

/** A convolution, a norm with running statistics and a classifier. */
async function network(classes = 3) {
  const net = new NetBuilder()
  const body = net.norm(net.conv(net.program.input(INPUT), 4, 3), { running: true })
  const program = net.classify(net.program.tap(body, { slot: 0 }), classes)
  return { program, small: await smallNet(program, net.specs, INPUT, { count: 6, classes, buffers: net.buffers }) }
}

describe('recalibrate', () => {
  it('leaves running statistics as they are if its images cannot be had', async () => {
    using small = (await network()).small
    const { net, plan, dataset, indices } = small
    await net.recalibrate(plan, { dataset, indices, batchSize: 3 })
    const before = await net.read('buffers')
    expect([...before].some((value) => value !== 0 && value !== 1)).toBe(true)
    await expect(net.recalibrate(plan, { dataset, indices: Int32Array.of(6), batchSize: 3 })).rejects.toThrow(
      'Expected indices from 0 to 5 for indices but received 6',
    )
    await expect(net.recalibrate(plan, { dataset, indices: new Int32Array(0), batchSize: 3 })).rejects.toThrow(
      'Expected at least one image for recalibrate but received none',
    )
    expect(await net.read('buffers')).toEqual(before)
  })

  it('forgets statistics that are not finite', async () => {
    using small = (await network()).small
    const { net, plan, dataset, indices } = small
    await net.recalibrate(plan, { dataset, indices, batchSize: 3 })
    const before = await net.read('buffers')
    await net.write(
      'buffers',
      before.map(() => Number.NaN),
    )
    await net.recalibrate(plan, { dataset, indices, batchSize: 3 })
    expect(await net.read('buffers')).toEqual(before)
  })
})

it('an observation that failed is none', async () => {
  using small = (await network()).small
  const { net, plan, dataset, indices } = small
  await net.observe(plan, { dataset, indices })
  await expect(net.observe(plan, { dataset, indices: Int32Array.of(9) })).rejects.toThrow(
    'Expected indices from 0 to 5',
  )
  await expect(net.accumulate(plan, { dataset, indices }, { alignment: 1 })).rejects.toThrow(
    'Expected a path observed before for alignment but received none',
  )
})

it('averages in use are neither a snapshot nor restored, and count no moments', async () => {
  using small = (await network()).small
  const { net, plan, dataset, indices } = small
  await net.snapshot(plan)
  await net.accumulate(plan, { dataset, indices })
  await net.restartAverages()
  await net.useWeights('averaged')
  const received = 'but received the averaged ones'
  await expect(net.snapshot(plan)).rejects.toThrow(`Expected the raw weights for a snapshot ${received}`)
  await expect(net.restore(plan, { displacement: 1, optimizer: 'keep' })).rejects.toThrow(
    `Expected the raw weights for restore ${received}`,
  )
  await expect(net.recordMoments()).rejects.toThrow(`Expected the raw weights for moments ${received}`)
  await expect(net.finishStep({ ...UPDATE, clipNorm: 1 })).rejects.toThrow(
    `Expected the raw weights for an update ${received}`,
  )
  await net.useWeights('raw')
  await net.recordMoments()
  const { timesSampled } = await net.counts()
  expect([...timesSampled]).toEqual(plan.parameters.map(() => 1))
})

it('a network that computes NaN has no image right, not even among five', async () => {
  using small = (await network(7)).small
  const { net, plan, dataset, indices } = small
  const parameters = await net.read('parameters')
  await net.write('parameters', parameters.fill(Number.NaN))
  const { correctTop5, loss } = await net.evaluate(plan, dataset, { batchSize: indices.length })
  expect(loss).toBeNaN()
  expect(correctTop5).toBe(0)
})

it('a norm that is no number makes all gradients none, as in clip_grad_norm_', async () => {
  using small = (await network()).small
  const { net, plan, dataset, indices } = small
  const parameters = await net.read('parameters')
  await net.write('parameters', parameters.fill(Number.NaN))
  await net.accumulate(plan, { dataset, indices })
  const { globalNorm, clipScale } = await net.clip(1)
  expect([globalNorm, clipScale]).toEqual([Number.NaN, Number.NaN])
  expect((await net.read('gradients')).every(Number.isNaN)).toBe(true)
})

it('shapes whose number of values has more than 64 bits are refused', () => {
  const images = new Float32Array(0)
  const labels = Int32Array.of(0)
  const data = (channels: number, height: number) => new Dataset({ images, labels, channels, height, width: 1 })
  expect(() => data(2 ** 32, 2 ** 32)).toThrow('Expected an image of at most 2^20 in each direction for data')
  expect(() => data(2 ** 20, 2 ** 20)).toThrow('Expected images of at most 2^31 values for data')
  const spec = { name: 'w', shape: [2 ** 32, 2 ** 32], init: { kind: 'zeros' } } as const
  expect(() => new Supernet([spec])).toThrow('Expected a shape of less than 2^63 values for parameter "w"')
})
