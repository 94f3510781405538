/** The verbs that steps of several passes are made of. */
import { beforeAll, describe, expect, it } from 'vitest'
import { Dataset, Supernet, setThreads } from '../../src/native/index.js'
import { flip, padCrop } from '../support/augmentation.js'
import { chiSquareNormal } from '../support/normal.js'
import { fixtureImages, fixtureWeights, input, space, fixture as tiny } from '../support/tiny-fixture.js'

const specs = space.parameters()
const dataset = new Dataset({ images: fixtureImages(), labels: Int32Array.from(tiny.labels), ...input })
const batch = { dataset, indices: Int32Array.of(0, 3, 5), augmentation: { seed: 5, list: [padCrop(2), flip()] } }
const sgd = { learningRate: 0.1, optimizer: { kind: 'sgd', momentum: 0.9, weightDecay: 0 }, unsampled: 'skip' } as const

// A step of this size is too short to share.
beforeAll(() => setThreads(1))

async function supernet() {
  const net = new Supernet(specs)
  await net.write('parameters', fixtureWeights())
  return net
}

describe('a held batch', () => {
  it('gives what the batch itself gives, as often as it is used', async () => {
    using net = await supernet()
    using plan = net.compile(space.program([3, 2, 3, 1, 4, 3]))
    const once = await net.accumulate(plan, batch)
    const gradients = await net.read('gradients')
    await net.discardGradients()
    using held = net.hold(batch)
    for (let time = 0; time < 2; time++) {
      expect(await net.accumulate(plan, held)).toEqual(once)
      expect(await net.read('gradients')).toEqual(gradients)
      await net.discardGradients()
    }
    const step = await net.trainStep(plan, held, { ...sgd, clipNorm: 5 })
    expect(step.loss).toBe(once.loss)
  })

  it('is refused once disposed', async () => {
    using net = await supernet()
    using plan = net.compile(space.program([3, 3, 3, 3, 3, 3]))
    const held = net.hold(batch)
    held.dispose()
    await expect((async () => net.accumulate(plan, held))()).rejects.toThrow('Expected an open HeldBatch')
  })

  it('refuses what is no batch', () => {
    expect(() => new Supernet(specs).hold({ dataset, indices: [1] as unknown as Int32Array })).toThrow(
      'Expected an Int32Array for indices',
    )
  })
})

describe('discarded gradients', () => {
  it('are all that are held, also those that were written', async () => {
    using net = await supernet()
    using plan = net.compile(space.program([3, 2, 3, 1, 4, 3]))
    const written = (await net.read('gradients')).fill(1)
    await net.accumulate(plan, batch)
    await net.write('gradients', written)
    await net.discardGradients()
    expect((await net.read('gradients')).every((value) => value === 0)).toBe(true)
  })

  it('leave values, momentum and counts, and are not part of the next update', async () => {
    using net = await supernet()
    using plan = net.compile(space.program([3, 2, 3, 1, 4, 3]))
    await net.accumulate(plan, batch)
    await net.discardGradients()
    expect((await net.read('gradients')).every((value) => value === 0)).toBe(true)
    await net.update(sgd)
    expect(await net.read('parameters')).toEqual(fixtureWeights())
    expect((await net.counts()).everSampled.every((sampled) => sampled === 0)).toBe(true)
  })
})

describe('gradient noise', () => {
  const candidates = Int32Array.from(specs.flatMap(({ operation }, i) => (operation === undefined ? [] : [i])))
  /** Differences of gradients with and without noise, by parameter. */
  async function noiseOf(path: readonly number[], seed: number, deviation = 1e-2, parameters = candidates) {
    using net = await supernet()
    using plan = net.compile(space.program(path))
    await net.accumulate(plan, batch)
    const before = await net.read('gradients')
    await net.addGradientNoise({ deviation, seed, parameters })
    const after = await net.read('gradients')
    const difference = after.map((value, i) => value - before[i])
    let offset = 0
    return specs.map(({ shape }) => {
      const length = shape.reduce((product, extent) => product * extent, 1)
      offset += length
      return difference.slice(offset - length, offset)
    })
  }

  it('is on candidate operations that the step sampled, and on nothing else', async () => {
    const noise = await noiseOf([3, 2, 3, 1, 4, 3], 1)
    for (const [i, { name, operation }] of specs.entries()) {
      const sampled = /edges\.(1<-0|2<-1|3<-2)\.3\.|edges\.2<-0\.2\./.test(name)
      expect(
        noise[i].some((value) => value !== 0),
        name,
      ).toBe(operation !== undefined && sampled)
    }
  })

  it('is normal with the deviation asked for', async () => {
    const noise = (await noiseOf([3, 3, 3, 3, 3, 3], 2, 4)).flatMap((values) => [...values].filter((x) => x !== 0))
    expect(noise.length).toBeGreaterThan(15_000)
    // Twenty classes of equal probability: the 99.9 % quantile of χ² with 19 degrees of freedom is 43.8.
    expect(
      chiSquareNormal(
        noise.map((value) => value / 4),
        20,
      ),
    ).toBeLessThan(43.8)
    // Neighbours come from one draw: they must not be correlated (standard deviation 1/√n).
    const pairs = noise.reduce((sum, value, i) => sum + (i % 2 === 0 ? (value * (noise[i + 1] ?? 0)) / 16 : 0), 0)
    expect(Math.abs(pairs / (noise.length / 2))).toBeLessThan(4 / Math.sqrt(noise.length / 2))
  })

  it('is the same for the same seed, whatever else the path takes, and another for another', async () => {
    const one = await noiseOf([3, 2, 3, 1, 4, 3], 7)
    const other = await noiseOf([3, 0, 1, 1, 4, 3], 7)
    const kernel = specs.findIndex(({ name }) => name === 'cells.0.edges.1<-0.3.op.1.weight')
    const rounding = 1e-7
    expect(Math.max(...one[kernel].map((value, i) => Math.abs(value - other[kernel][i])))).toBeLessThan(rounding)
    const third = await noiseOf([3, 2, 3, 1, 4, 3], 8)
    expect(Math.max(...one[kernel].map((value, i) => Math.abs(value - third[kernel][i])))).toBeGreaterThan(1e-3)
  })

  it('comes before the moments in a training step', async () => {
    using net = await supernet()
    using plan = net.compile(space.program([3, 3, 3, 3, 3, 3]))
    const frozen = { ...sgd, learningRate: 0, clipNorm: Number.POSITIVE_INFINITY }
    const deviation = 3
    for (let seed = 0; seed < 60; seed++) {
      await net.trainStep(plan, batch, { ...frozen, noise: { deviation, seed, parameters: candidates } })
    }
    const { meanVariance } = await net.moments()
    for (const [i, { name, operation, shape }] of specs.entries()) {
      if (operation !== 3 && operation !== undefined) continue
      const scalars = shape.reduce((product, extent) => product * extent, 1)
      // The mean over n scalars of a variance of S draws has a relative deviation of √(2/(nS)).
      const tolerance = 5 * Math.sqrt(2 / (scalars * 60))
      if (operation === 3) expect(Math.abs(meanVariance[i] / 9 - 1), name).toBeLessThan(tolerance + 1 / 60)
      else expect(meanVariance[i], name).toBeLessThan(1e-9)
    }
  })

  it.each([
    [{ deviation: -1, seed: 0, parameters: candidates }, 'a number of at least 0 for noise.deviation'],
    [{ deviation: 1, seed: 0.5, parameters: candidates }, 'a whole number of at least 0 for noise.seed'],
    [{ deviation: 1, seed: 0, parameters: Int32Array.of(999) }, 'indices of parameters for noise.parameters'],
  ])('refuses %o', async (noise, message) => {
    using net = await supernet()
    await expect((async () => net.addGradientNoise(noise))()).rejects.toThrow(message)
  })
})

describe('a trial', () => {
  it('puts weights back to the bit, and adds up how far they went', async () => {
    using net = await supernet()
    const start = fixtureWeights()
    using first = net.compile(space.program([3, 2, 3, 1, 4, 3]))
    using second = net.compile(space.program([2, 2, 3, 3, 4, 3]))
    const expected = new Float64Array(start.length)
    for (const [plan, share] of [
      [first, 0.25],
      [second, 0.75],
    ] as const) {
      await net.snapshot(plan)
      await net.accumulate(plan, batch)
      await net.update(sgd)
      const moved = await net.read('parameters')
      for (const [i, value] of moved.entries()) expected[i] += share * (start[i] - value)
      await net.restore(plan, { displacement: share, optimizer: 'reset' })
      expect(await net.read('parameters')).toEqual(start)
      expect((await net.read('momentum')).every((value) => value === 0)).toBe(true)
    }
    await net.displacementToGradients()
    const gradients = await net.read('gradients')
    expect(Math.max(...gradients.map((value, i) => Math.abs(value - expected[i])))).toBeLessThan(1e-7)
    // They are the gradients of the next update, once.
    await net.update({ ...sgd, learningRate: 1, optimizer: { ...sgd.optimizer, momentum: 0 } })
    const after = await net.read('parameters')
    expect(Math.max(...after.map((value, i) => Math.abs(value - (start[i] - expected[i]))))).toBeLessThan(1e-6)
    await net.displacementToGradients()
    expect((await net.read('gradients')).every((value) => value === 0)).toBe(true)
  })

  it('keeps momentum if asked to, and needs a snapshot', async () => {
    using net = await supernet()
    using plan = net.compile(space.program([3, 2, 3, 1, 4, 3]))
    const options = { displacement: 0, optimizer: 'keep' } as const
    const none = 'Expected a snapshot of this plan for restore but received none'
    await expect(net.restore(plan, options)).rejects.toThrow(none)
    await net.snapshot(plan)
    using other = net.compile(space.program([2, 2, 3, 3, 4, 3]))
    const start = await net.read('parameters')
    await expect(net.restore(other, options)).rejects.toThrow(none)
    expect(await net.read('parameters')).toEqual(start)
    await net.accumulate(plan, batch)
    await net.update(sgd)
    const momentum = await net.read('momentum')
    await net.restore(plan, options)
    expect(await net.read('momentum')).toEqual(momentum)
    await expect(net.restore(plan, options)).rejects.toThrow(none)
  })
})
