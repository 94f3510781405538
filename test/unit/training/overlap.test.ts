/** Steps that begin while the one before them computes: the same steps, in the same order, with nothing idle between. */
import '../../support/fake-addon.js'
import { afterEach, expect, it, vi } from 'vitest'
import { createRandom } from '../../../src/base/random.js'
import type { Method } from '../../../src/methods/index.js'
import { createMethod } from '../../../src/methods/index.js'
import { Dataset, Supernet } from '../../../src/native/index.js'
import { nasBench201 } from '../../../src/spaces/index.js'
import { train } from '../../../src/training/loop.js'
import type { Snapshot } from '../../../src/training/snapshot.js'
import { journal } from '../../support/fake-journal.js'
import { tinyConfig, tinyImages } from '../../support/tiny.js'

afterEach(() => void vi.restoreAllMocks())

/** Trains three epochs of seven steps, and compares the steps that have begun with those that are reported. */
async function run(overlapping: boolean) {
  journal.steps.length = 0
  const config = tinyConfig()
  const space = nasBench201({ channels: 2, cellsPerStage: 1, input: { channels: 1, height: 8, width: 8 }, classes: 4 })
  const random = createRandom(config.seed)
  const method = createMethod(config.method, { space, images: 50, epochs: 3, learningRate: 0.05, random })
  let begun = 0
  let open = 0
  let most = 0
  // Milliseconds. A report is due every tenth of a second: every few steps, and after each that takes long.
  let now = 0
  vi.spyOn(performance, 'now').mockImplementation(() => now)
  const counting: Method = Object.create(method, {
    overlapping: { value: overlapping },
    step: {
      value: async (...args: Parameters<Method['step']>) => {
        begun++
        most = Math.max(most, ++open)
        try {
          return await method.step(...args)
        } finally {
          now += journal.steps.length % 4 === 0 ? 300 : 20
          open--
        }
      },
    },
    // Getters and methods with private state need the object itself.
    pathDistribution: { get: () => method.pathDistribution },
    connectionDistribution: { get: () => method.connectionDistribution },
    epochIndices: { value: () => method.epochIndices() },
    endEpoch: { value: (epoch: number) => method.endEpoch(epoch) },
    state: { value: () => method.state() },
  })
  using supernet = new Supernet(space.parameters())
  using data = new Dataset(tinyImages(50))
  const saved: Snapshot[] = []
  const save = async (snapshot: Snapshot) => void saved.push(snapshot)
  const settings = config.training
  let withinEpochs = 0
  for await (const event of train({ space, supernet, data, method: counting, random, settings, save })) {
    if (event.event !== 'step') continue
    expect(begun).toBe(7 * event.epoch + event.step)
    if (event.step < 7) withinEpochs++
  }
  return { most, withinEpochs, steps: [...journal.steps], last: saved.at(-1)! }
}

it('gives the same training', async () => {
  const apart = await run(false)
  const overlapped = await run(true)
  expect(apart.most).toBe(1)
  expect(overlapped.most).toBe(2)
  expect(overlapped.withinEpochs).toBeGreaterThan(3)
  expect(overlapped.steps).toEqual(apart.steps)
  expect(overlapped.last.weights).toEqual(apart.last.weights)
  expect(overlapped.last.state).toEqual(apart.last.state)
  expect(overlapped.last.random).toEqual(apart.last.random)
})
