/** Buffers as state of a supernet: where they start, what reads, writes and refuses them. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { Communicator, Supernet } from '../../src/native/index.js'
import type { BufferSpec } from '../../src/spaces/space.js'
import { NetBuilder, relativeError, smallNet } from '../support/small-net.js'

const INPUT = { channels: 2, height: 4, width: 4 }

/** `inner` is the width between the two convolutions; 8 has kernels in `fast` arithmetic. */
function network(inner = 8) {
  const builder = new NetBuilder()
  const { program } = builder
  const x = builder.norm(builder.conv(program.input(INPUT), inner, 3, { bias: false }), { running: true })
  const y = builder.norm(builder.conv(program.relu(x), inner, 3, { bias: false }), { running: true, affine: false })
  return { builder, program: builder.classify(program.relu(y), 3) }
}

const open = ({ builder, program }: ReturnType<typeof network>, precision: 'float32' | 'bfloat16' = 'float32') =>
  smallNet(program, builder.specs, INPUT, { buffers: builder.buffers, precision, count: 6 })

/** A batch norm of the images themselves. */
function normOfInput(input: typeof INPUT, count: number) {
  const builder = new NetBuilder()
  const program = builder.classify(builder.norm(builder.program.input(input), { running: true }), 3)
  return smallNet(program, builder.specs, input, { buffers: builder.buffers, count })
}

/** Mean and unbiased variance of a channel of the images first … last - 1, which have two channels. */
function moments(images: ArrayLike<number>, channel: number, first: number, last: number, pixels = 16) {
  const values: number[] = []
  for (let i = first; i < last; i++) {
    for (let p = 0; p < pixels; p++) values.push(images[(2 * i + channel) * pixels + p])
  }
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0)
  return { mean, variance: squares / (values.length - 1) }
}

describe('running statistics', () => {
  it('start as their specs say, and are written and read like parameters', async () => {
    using small = await open(network(2))
    const { net } = small
    expect(net.buffers.map(({ name }) => name.replace(/^\w+\./, ''))).toEqual([
      ...['running_mean', 'running_var'],
      ...['running_mean', 'running_var'],
    ])
    expect([...(await net.read('buffers'))]).toEqual([0, 0, 1, 1, 0, 0, 1, 1])
    await net.write('buffers', Float32Array.of(1, 2, 3, 4, 5, 6, 7, 8))
    expect([...(await net.read('buffers'))]).toEqual([1, 2, 3, 4, 5, 6, 7, 8])
    await expect(async () => net.write('buffers', new Float32Array(3))).rejects.toThrow(/^Expected 8 numbers for/)
  })

  it('are not learned: a step moves them without gradient or momentum, an evaluation not at all', async () => {
    using small = await open(network())
    const { net, plan, dataset, indices } = small
    const options = {
      learningRate: 0.1,
      optimizer: { kind: 'sgd', momentum: 0.9, weightDecay: 0.1 },
      unsampled: 'decay',
      clipNorm: 1,
    } as const
    await net.trainStep(plan, { dataset, indices }, { ...options, learningRate: 0 })
    const moved = await net.read('buffers')
    await net.evaluate(plan, dataset, { batchSize: 2 })
    await net.logits(plan, dataset, indices)
    expect(await net.read('buffers')).toEqual(moved)
    // The same batch and weights: each step goes a tenth of the way that is left.
    await net.trainStep(plan, { dataset, indices }, { ...options, learningRate: 0 })
    const initial = net.buffers.flatMap(({ shape, init }) => new Array<number>(shape[0]).fill(init))
    const expected = Array.from(moved, (value, i) => value + 0.9 * (value - initial[i]))
    expect(relativeError(await net.read('buffers'), expected)).toBeLessThan(1e-5)
  })

  it('make logits independent of the rest of the batch', async () => {
    using small = await open(network())
    const { net, plan, dataset, indices } = small
    await net.accumulate(plan, { dataset, indices })
    const together = await net.logits(plan, dataset, indices)
    const alone = await net.logits(plan, dataset, indices.subarray(2, 3))
    expect(relativeError(alone, together.subarray(6, 9))).toBeLessThan(1e-5)
  })

  it('after recalibration on one batch normalise it as training does', async () => {
    using small = await open(network())
    const { net, plan, dataset, indices } = small
    await net.write('buffers', (await net.read('buffers')).fill(7))
    await net.recalibrate(plan, { dataset, indices, batchSize: 100 })
    const { loss } = await net.accumulate(plan, { dataset, indices })
    await net.recalibrate(plan, { dataset, indices, batchSize: 100 })
    const evaluated = await net.evaluate(plan, dataset, { batchSize: 6 })
    // But for the running variance, which is n / (n − 1) times the batch's: 96 values here.
    expect(Math.abs(evaluated.loss / loss - 1)).toBeLessThan(0.02)
  })

  it.each([
    [5, 4, [3, 2]],
    [7, 3, [3, 2, 2]],
    [6, 3, [3, 3]],
  ])(
    'after recalibration on %i images in batches of at most %i are means over images',
    async (count, batchSize, sizes) => {
      using small = await normOfInput(INPUT, count)
      const { net, plan, dataset, indices, batch } = small
      await net.recalibrate(plan, { dataset, indices, batchSize })
      const expected = new Array<number>(4).fill(0)
      let first = 0
      for (const size of sizes) {
        for (let channel = 0; channel < 2; channel++) {
          const { mean, variance } = moments(batch.images, channel, first, first + size)
          expected[channel] += (mean * size) / count
          expected[2 + channel] += (variance * size) / count
        }
        first += size
      }
      expect(relativeError(await net.read('buffers'), expected)).toBeLessThan(1e-5)
    },
  )

  it('after recalibration on 201 images in batches of 200 are those of 201 images', async () => {
    using small = await normOfInput(INPUT, 201)
    const { net, plan, dataset, indices, batch } = small
    await net.recalibrate(plan, { dataset, indices, batchSize: 200 })
    const all = [0, 1].map((channel) => moments(batch.images, channel, 0, 201))
    const [mean0, mean1, variance0, variance1] = await net.read('buffers')
    expect(
      relativeError(
        [mean0, mean1],
        all.map(({ mean }) => mean),
      ),
    ).toBeLessThan(1e-5)
    expect(
      relativeError(
        [variance0, variance1],
        all.map(({ variance }) => variance),
      ),
    ).toBeLessThan(2e-3)
  })

  it('of one value per channel and image are recalibrated from any number of images above one', async () => {
    using small = await normOfInput({ channels: 2, height: 1, width: 1 }, 5)
    const { net, plan, dataset, indices, batch } = small
    await net.recalibrate(plan, { dataset, indices, batchSize: 4 })
    const mean = moments(batch.images, 0, 0, 5, 1).mean
    expect((await net.read('buffers'))[0]).toBeCloseTo(mean, 5)
  })

  it('are float32 in bfloat16 too', async () => {
    const buffers = []
    for (const precision of ['float32', 'bfloat16'] as const) {
      using small = await open(network(), precision)
      const { net, plan, dataset, indices } = small
      await net.accumulate(plan, { dataset, indices })
      buffers.push(await net.read('buffers'))
    }
    expect(relativeError(buffers[1], buffers[0])).toBeLessThan(0.01)
    expect(buffers[1]).not.toEqual(buffers[0])
  })

  it('take more than one value per channel', async () => {
    const builder = new NetBuilder()
    const { program } = builder
    const pooled = program.globalAvgPool(builder.conv(program.input(INPUT), 2, 3))
    const classifier = builder.classify(builder.norm(pooled, { running: true }), 3)
    using small = await smallNet(classifier, builder.specs, INPUT, { buffers: builder.buffers })
    const { net, plan, dataset, indices } = small
    await net.logits(plan, dataset, indices.subarray(0, 1))
    await expect(net.accumulate(plan, { dataset, indices: indices.subarray(0, 1) })).rejects.toThrow(
      'Expected more than one value per channel for a batch norm with running statistics but received 1',
    )
  })
})

describe('a supernet', () => {
  it.each<[string, readonly BufferSpec[], RegExp]>([
    ['no buffers', [], /^Expected a buffer of the supernet for instruction 2 \(batchNorm\) but received "norm1/],
    [
      'buffers of another shape',
      network().builder.buffers.map((buffer) => ({ ...buffer, shape: [3] })),
      /^Expected a buffer of shape \[8\] for instruction 2 \(batchNorm\) but received \[3\]/,
    ],
  ])('with %s refuses a program that needs them', (_, buffers, message) => {
    const { builder, program } = network()
    using net = new Supernet(builder.specs, { buffers })
    expect(() => net.compile(program)).toThrow(message)
  })

  it('refuses two buffers of one name', () => {
    const { builder } = network()
    const buffers = [...builder.buffers, builder.buffers[0]]
    expect(() => new Supernet(builder.specs, { buffers })).toThrow(/^Expected distinct names for buffers but received /)
  })
})

it('a variance of all processes that is no number does not become 0', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'pada-norms-'))
  using small = await open(network())
  const { net, plan, dataset, indices } = small
  using communicator = new Communicator({ file: join(folder, 'store') }, { rank: 0, size: 1 })
  await communicator.connect()
  await net.distribute(communicator, true)
  const parameters = await net.read('parameters')
  await net.write('parameters', parameters.fill(Number.NaN))
  await net.accumulate(plan, { dataset, indices })
  expect((await net.read('buffers')).every(Number.isNaN)).toBe(true)
  communicator.fallSilent()
  rmSync(folder, { recursive: true })
})
