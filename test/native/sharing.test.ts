/**
 * Weights that several places of a cell share. What a network computes with them is what one without sharing computes
 * where all places have equal weights, and their gradient is the sum of the gradients there.
 */
import { describe, expect, it } from 'vitest'
import { createRandom } from '../../src/base/random.js'
import { type Arithmetic, Dataset, type Precision, Supernet } from '../../src/native/index.js'
import { nasBench1Shot1, nasBench201, type Path, type SearchSpace } from '../../src/spaces/index.js'
import { initialise } from '../../src/training/snapshot.js'
import { randomFloats, randomNumbers } from '../support/random.js'
import { relativeError } from '../support/small-net.js'
import { byName, size } from '../support/state.js'

/** Channels in eights and extents of fours: all convolutions of 3×3 are Winograd's. */
const SIZE = { channels: 16, cellsPerStage: 1, input: { channels: 3, height: 16, width: 16 }, classes: 4 }
const COUNT = 8

/** The name that a parameter has where it is shared. */
const sharedName = (name: string) =>
  name.replace(/\.edges\.\d<-\d\.|\._choice_blocks\.\d\.mixed_op\._ops\./, '.blocks.0.')

const SPACES: Readonly<Record<string, { shared: SearchSpace; paths: readonly Path[] }>> = {
  nasbench201: {
    shared: nasBench201({ ...SIZE, sharing: 'perCell' }),
    paths: [
      [3, 3, 3, 3, 3, 3],
      [2, 3, 2, 1, 3, 2],
      // 1←0 and 3←1 are dead, and use what live edges use.
      [3, 3, 0, 3, 0, 2],
    ],
  },
  'nasbench1shot1-3': {
    shared: nasBench1Shot1('nasbench1shot1-3', { ...SIZE, sharing: 'perCell' }),
    paths: [
      [0, 1, 2, 3, 4, 1, 1, 1, 1, 1],
      [1, 2, 4, 1, 7, 1, 2, 1, 0, 2],
    ],
  },
}

async function gradients(
  space: SearchSpace,
  weights: ReadonlyMap<string, Float32Array>,
  path: Path,
  { arithmetic, precision }: { arithmetic: Arithmetic; precision: Precision },
) {
  const specs = space.parameters()
  const indices = Int32Array.from({ length: COUNT }, (_, i) => i)
  const { channels, height, width } = SIZE.input
  const images = randomFloats(randomNumbers(3), COUNT * channels * height * width, 2)
  using net = new Supernet(specs, { arithmetic, precision })
  using dataset = new Dataset({ ...SIZE.input, images, labels: indices.map((i) => i % SIZE.classes) })
  const values = new Float32Array(size(specs))
  for (const [name, part] of byName(specs, values)) part.set(weights.get(sharedName(name))!)
  await net.write('parameters', values)
  using plan = net.compile(space.program(path))
  const logits = await net.logits(plan, dataset, indices)
  await net.accumulate(plan, { dataset, indices })
  return { logits, gradients: byName(specs, await net.read('gradients')), parameters: plan.parameters }
}

describe.each(Object.entries(SPACES))('%s with one copy of weights per cell', (_, { shared, paths }) => {
  it.each([
    { arithmetic: 'fast', precision: 'float32', tolerance: 1e-4 },
    { arithmetic: 'reference', precision: 'float32', tolerance: 1e-4 },
    { arithmetic: 'fast', precision: 'bfloat16', tolerance: 0.02 },
    { arithmetic: 'reference', precision: 'bfloat16', tolerance: 0.02 },
  ] as const)('adds the gradients of all places: $arithmetic, $precision', async ({ tolerance, ...how }) => {
    const specs = shared.parameters()
    using start = new Supernet(specs)
    await initialise(start, createRandom(1))
    const weights = byName(specs, await start.read('parameters'))
    for (const path of paths) {
      const one = await gradients(shared, weights, path, how)
      const many = await gradients(shared.unshared!, weights, path, how)
      expect(relativeError(one.logits, many.logits)).toBeLessThan(1e-6)
      const sums = new Map(specs.map(({ name, shape }) => [name, new Float64Array(size([{ name, shape }]))]))
      for (const [name, gradient] of many.gradients) {
        const sum = sums.get(sharedName(name))!
        for (const [i, value] of gradient.entries()) sum[i] += value
      }
      const all = [...sums.values()]
      const largest = Math.max(...all.map((sum) => sum.reduce((most, value) => Math.max(most, Math.abs(value)), 0)))
      for (const [name, sum] of sums) {
        expect(relativeError(one.gradients.get(name)!, sum, largest / 10), `${path} ${name}`).toBeLessThan(tolerance)
      }
      // Sampled is what is sampled at any of the places, once.
      expect([...one.parameters].sort()).toEqual([...new Set(many.parameters.map(sharedName))].sort())
    }
  })
})
