/** Batches that are computed in parts: the step is that of the whole batch. */
import { describe, expect, it } from 'vitest'
import { type Batch, Dataset, type StepOptions, Supernet } from '../../src/native/index.js'
import type { Program } from '../../src/programs/program.js'
import { randomFloats, randomNumbers } from '../support/random.js'
import { NetBuilder, relativeError } from '../support/small-net.js'
import { size } from '../support/state.js'

const INPUT = { channels: 3, height: 5, width: 5 }
const COUNT = 11
const CLASSES = 4
const OPTIONS: StepOptions = {
  learningRate: 0.1,
  optimizer: { kind: 'sgd', momentum: 0.9, weightDecay: 0.01 },
  unsampled: 'skip',
  clipNorm: 0.3,
}

/** Convolutions with a drop path, dropout and, if asked for, a batch norm with running statistics. */
function network(norm: boolean): { builder: NetBuilder; program: Program } {
  const builder = new NetBuilder()
  const { program } = builder
  const first = builder.conv(program.input(INPUT), 6, 3, { padding: 1 })
  const normed = norm ? builder.norm(first, { running: true }) : first
  const dropped = program.dropPath(builder.conv(program.relu(normed), 6, 1), { p: 0.3 })
  return { builder, program: builder.classify(program.dropout(program.add([normed, dropped]), { p: 0.2 }), CLASSES) }
}

async function open(norm: boolean) {
  const { builder, program } = network(norm)
  const random = randomNumbers(5)
  const net = new Supernet(builder.specs, { buffers: builder.buffers })
  await net.write('parameters', randomFloats(random, size(builder.specs), 0.5))
  const dataset = new Dataset({
    images: Uint8Array.from({ length: COUNT * 75 }, () => 127.5 + 127.5 * random()),
    labels: Int32Array.from({ length: COUNT }, (_, i) => i % CLASSES),
    ...INPUT,
    mean: [0.4, 0.5, 0.6],
    std: [0.2, 0.25, 0.3],
  })
  const plan = net.compile(program)
  const batch: Batch = {
    dataset,
    indices: Int32Array.from({ length: COUNT }, (_, i) => (i * 7) % COUNT),
    augmentation: { seed: 3, list: [{ kind: 'flip', probability: 0.5 }] },
    drop: { seed: 9, pathScale: 0.8 },
    weights: Float32Array.from({ length: COUNT }, (_, i) => 0.5 + 0.1 * i),
  }
  return { net, plan, batch, [Symbol.dispose]: () => [plan, dataset, net].map((handle) => handle.dispose()) }
}

describe('a step in parts', () => {
  it.each([1, 2, 4, 6, 10, 11, 100])(
    'of at most %i images equals the step of the whole batch',
    async (microBatchSize) => {
      using whole = await open(false)
      using parts = await open(false)
      for (let step = 0; step < 3; step++) {
        const one = await whole.net.trainStep(whole.plan, whole.batch, OPTIONS)
        const many = await parts.net.trainStep(parts.plan, { ...parts.batch, microBatchSize }, OPTIONS)
        expect(many.loss).toBeCloseTo(one.loss, 5)
        expect(many.correct).toBe(one.correct)
        expect(many.importance).toHaveLength(COUNT)
        expect(relativeError(many.importance, one.importance)).toBeLessThan(1e-5)
        expect(relativeError(many.gradientNorms, one.gradientNorms)).toBeLessThan(1e-5)
        expect(one.clipScale).toBeLessThan(1)
        expect(many.clipScale).toBeCloseTo(one.clipScale, 5)
      }
      for (const kind of ['parameters', 'momentum', 'momentMean', 'momentM2'] as const) {
        expect(relativeError(await parts.net.read(kind), await whole.net.read(kind)), kind).toBeLessThan(1e-5)
      }
      expect(await parts.net.counts()).toEqual(await whole.net.counts())
    },
  )

  it('without weights of images has the mean loss of the batch', async () => {
    using whole = await open(false)
    using parts = await open(false)
    const { weights, ...batch } = whole.batch
    const one = await whole.net.accumulate(whole.plan, batch)
    const many = await parts.net.accumulate(parts.plan, { ...batch, dataset: parts.batch.dataset, microBatchSize: 3 })
    expect(many.loss).toBeCloseTo(one.loss, 5)
    expect(relativeError(await parts.net.read('gradients'), await whole.net.read('gradients'))).toBeLessThan(1e-5)
  })

  it('normalises by the part, and updates running statistics once per part', async () => {
    using together = await open(true)
    using apart = await open(true)
    const { drop: _, augmentation: __, ...batch } = apart.batch
    await together.net.accumulate(together.plan, { ...batch, dataset: together.batch.dataset, microBatchSize: 4 })
    // Parts of 4, 4 and 3 images, as batches of their own, with losses weighted by their shares of the images.
    for (const [first, last] of [
      [0, 4],
      [4, 8],
      [8, 11],
    ]) {
      const weights = batch.weights!.slice(first, last).map((weight) => (weight * (last - first)) / COUNT)
      await apart.net.accumulate(apart.plan, { ...batch, indices: batch.indices.slice(first, last), weights })
    }
    for (const kind of ['gradients', 'buffers'] as const) {
      expect(relativeError(await together.net.read(kind), await apart.net.read(kind)), kind).toBeLessThan(1e-6)
    }
    using whole = await open(true)
    await whole.net.accumulate(whole.plan, { ...batch, dataset: whole.batch.dataset })
    expect(relativeError(await whole.net.read('gradients'), await apart.net.read('gradients'))).toBeGreaterThan(1e-2)
  })

  it('works on a held batch', async () => {
    using whole = await open(false)
    using parts = await open(false)
    using held = parts.net.hold({ ...parts.batch, microBatchSize: 5 })
    for (let pass = 0; pass < 2; pass++) {
      await parts.net.accumulate(parts.plan, held)
      await whole.net.accumulate(whole.plan, whole.batch)
    }
    expect(relativeError(await parts.net.read('gradients'), await whole.net.read('gradients'))).toBeLessThan(1e-5)
  })

  it('refuses what compares whole batches, and sizes that are none', async () => {
    using parts = await open(false)
    const batch = { ...parts.batch, microBatchSize: 5 }
    await expect(parts.net.observe(parts.plan, batch)).rejects.toThrow(
      'Expected a batch without microBatchSize for observe but received one with several parts',
    )
    await parts.net.observe(parts.plan, { ...batch, microBatchSize: COUNT })
    await expect(parts.net.accumulate(parts.plan, batch, { alignment: 1 })).rejects.toThrow(
      'Expected a batch without microBatchSize for alignment but received one with several parts',
    )
    await expect(async () => parts.net.accumulate(parts.plan, { ...batch, microBatchSize: 0 })).rejects.toThrow(
      'Expected a whole number of at least 1 for microBatchSize but received 0',
    )
  })
})
