import '../../support/fake-addon.js'
import { describe, expect, it } from 'vitest'
import { createRandom } from '../../../src/base/random.js'
import { createMethod } from '../../../src/methods/index.js'
import { Dataset, Supernet } from '../../../src/native/index.js'
import { nasBench201 } from '../../../src/spaces/index.js'
import { dropPathScale } from '../../../src/training/drop-path.js'
import { train } from '../../../src/training/loop.js'
import { clearJournal, journal } from '../../support/fake-journal.js'
import { tinyConfig, tinyImages } from '../../support/tiny.js'

describe('dropPathScale', () => {
  it('is 1 in every epoch of a constant schedule', () => {
    for (const epoch of [0, 1, 9]) expect(dropPathScale({ dropPathSchedule: 'constant', epochs: 10 }, epoch)).toBe(1)
  })

  it('rises linearly from 0, as 0.2 · epoch / epochs in the code of DARTS', () => {
    const rate = (epoch: number) => 0.2 * dropPathScale({ dropPathSchedule: 'linear', epochs: 600 }, epoch)
    expect(rate(0)).toBe(0)
    expect(rate(1)).toBeCloseTo(0.2 / 600, 15)
    expect(rate(300)).toBeCloseTo(0.1, 15)
    expect(rate(599)).toBeCloseTo(0.2 - 0.2 / 600, 15)
  })
})

it.each([
  ['constant', [1, 1, 1]],
  ['linear', [0, 1 / 3, 2 / 3]],
] as const)('training gives every step of an epoch the scale of a %s schedule', async (dropPathSchedule, scales) => {
  clearJournal()
  const config = tinyConfig()
  const space = nasBench201({ channels: 2, cellsPerStage: 1, input: { channels: 1, height: 8, width: 8 }, classes: 4 })
  const random = createRandom(config.seed)
  const path = [1, 2, 3, 1, 2, 3]
  const context = { space, images: 50, epochs: 3, learningRate: 0.05, random }
  const method = createMethod({ name: 'standalone', path }, context)
  using supernet = new Supernet(space.parameters())
  using data = new Dataset(tinyImages(50))
  const settings = { ...config.training, epochs: 3, dropPathSchedule }
  for await (const _ of train({ space, supernet, data, method, random, settings }));
  const perEpoch = journal.steps.length / 3
  expect(journal.steps.map(({ batch }) => batch.drop?.pathScale)).toEqual(
    scales.flatMap((scale) => new Array(perEpoch).fill(scale)),
  )
  // Each step has a seed of its own, and all epochs the same plan.
  expect(new Set(journal.steps.map(({ batch }) => batch.drop?.seed)).size).toBe(journal.steps.length)
  expect(journal.compiled).toBe(1)
})
