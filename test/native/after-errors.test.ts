/** What is left after an error: no call that failed may change what later ones compute. */
import { describe, expect, it } from 'vitest'
import { type Arithmetic, Dataset, Supernet } from '../../src/native/index.js'
import { flip, padCrop } from '../support/augmentation.js'
import { NetBuilder, relativeError, smallNet } from '../support/small-net.js'

const INPUT = { channels: 2, height: 4, width: 3 }
const UPDATE = {
  learningRate: 0.1,
  optimizer: { kind: 'sgd', momentum: 0, weightDecay: 0 },
  unsampled: 'skip',
} as const

/** A convolution, a norm with running statistics and a classifier. */
async function network(classes = 3, arithmetic: Arithmetic = 'fast') {
  const net = new NetBuilder()
  const body = net.norm(net.conv(net.program.input(INPUT), 4, 3), { running: true })
  const program = net.classify(net.program.tap(body, { slot: 0 }), classes)
  const options = { count: 6, classes, arithmetic, buffers: net.buffers }
  return { program, small: await smallNet(program, net.specs, INPUT, options) }
}

/** Two norms with running statistics, of which the second has one value of each image and channel. */
async function pooledNetwork(arithmetic: Arithmetic) {
  const net = new NetBuilder()
  const body = net.norm(net.conv(net.program.input(INPUT), 4, 3), { running: true })
  const pooled = net.norm(net.program.globalAvgPool(body), { running: true })
  const options = { count: 6, classes: 3, arithmetic, buffers: net.buffers }
  return smallNet(net.classify(pooled, 3), net.specs, INPUT, options)
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

  it('leaves them as they are if its images do not fit the network', async () => {
    using small = (await network()).small
    const { net, plan, dataset, indices } = small
    await net.recalibrate(plan, { dataset, indices, batchSize: 3 })
    const before = await net.read('buffers')
    using other = new Dataset({ ...INPUT, height: 3, images: new Float32Array(36), labels: Int32Array.of(0, 1) })
    await expect(net.recalibrate(plan, { dataset: other, indices: Int32Array.of(0, 1), batchSize: 2 })).rejects.toThrow(
      "Expected images of shape 2x4x3 for the program's input but received 2x3x3",
    )
    expect(await net.read('buffers')).toEqual(before)
  })

  it.each(['fast', 'reference'] as const)(
    'leaves them as they are if a later batch has no variance: %s',
    async (how) => {
      using small = await pooledNetwork(how)
      const { net, plan, dataset } = small
      await net.recalibrate(plan, { dataset, indices: Int32Array.of(0, 1, 2, 3), batchSize: 4 })
      const before = await net.read('buffers')
      // Batches of two and of one.
      await expect(net.recalibrate(plan, { dataset, indices: Int32Array.of(3, 4, 5), batchSize: 2 })).rejects.toThrow(
        'Expected more than one value per channel for a batch norm with running statistics',
      )
      expect(await net.read('buffers')).toEqual(before)
    },
  )

  it('gives each batch the positions of its images', async () => {
    using small = (await network()).small
    const { net, plan, dataset } = small
    const list = [padCrop(1), flip()]
    const statistics = async (indices: number[], positions: number[], seed: number, batchSize: number) => {
      const augmentation = { seed, list, positions: Int32Array.from(positions) }
      await net.recalibrate(plan, { dataset, indices: Int32Array.from(indices), augmentation, batchSize })
      return net.read('buffers')
    }
    const [all, first, second] = [
      await statistics([0, 1, 2, 3, 4, 5], [9, 4, 11, 2, 30, 7], 5, 3),
      await statistics([0, 1, 2], [9, 4, 11], 5, 3),
      await statistics([3, 4, 5], [2, 30, 7], 6, 3),
    ]
    const mean = first.map((value, i) => (value + second[i]) / 2)
    expect(relativeError(all, mean)).toBeLessThan(1e-6)
    expect(relativeError(all, first)).toBeGreaterThan(1e-3)
    await expect(statistics([0, 1, 2, 3], [1, 2, 3], 5, 3)).rejects.toThrow(
      'Expected one position per index for augmentation.positions but received 3',
    )
    expect(await net.read('buffers')).toEqual(second)
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

describe.each(['fast', 'reference'] as const)(
  'a refused pass moves no running statistics and leaves no gradients: %s',
  (how) => {
    it('because the batch is not the one that was observed', async () => {
      using small = (await network(3, how)).small
      const { net, plan, dataset } = small
      await net.observe(plan, { dataset, indices: Int32Array.of(0, 1, 2, 3) })
      const before = await net.read('buffers')
      await expect(
        net.accumulate(plan, { dataset, indices: Int32Array.of(0, 1, 2) }, { alignment: 1 }),
      ).rejects.toThrow(
        'Expected the batch that was observed, 4 images of 4x4x3 for alignment but received 3 images of 4x4x3',
      )
      expect(await net.read('buffers')).toEqual(before)
    })

    it.each([
      ['one image has no variance', [0], undefined],
      ['the last part of the batch has none', [0, 1, 2], 2],
    ])('because %s', async (_, images, microBatchSize) => {
      using small = await pooledNetwork(how)
      const { net, plan, dataset } = small
      const before = await net.read('buffers')
      await expect(net.accumulate(plan, { dataset, indices: Int32Array.from(images), microBatchSize })).rejects.toThrow(
        'Expected more than one value per channel for a batch norm with running statistics',
      )
      expect(await net.read('buffers')).toEqual(before)
      expect((await net.read('gradients')).every((value) => value === 0)).toBe(true)
    })
  },
)

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
  const half = (name: string) => ({ ...spec, name, shape: [2 ** 31, 2 ** 31] })
  const halves = [half('a'), half('b')]
  expect(() => new Supernet(halves)).toThrow('Expected a shape of less than 2^63 values for parameter "b"')
})
