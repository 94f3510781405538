import '../../support/fake-addon.js'
import { expect, it, onTestFinished, vi } from 'vitest'
import { bench } from '../../../src/benchmark/bench.js'
import { createSpace } from '../../../src/spaces/index.js'
import { journal } from '../../support/fake-journal.js'
import { FakeSupernet } from '../../support/fake-supernet.js'
import { tinyConfig, tinySplits } from '../../support/tiny.js'

/** Measures a path whose steps take 0.4 seconds by a clock of its own. Resolves to numbers of steps: timed, and all. */
async function measured(options: { readonly warmup?: number; readonly steps?: number }) {
  let clock = 0
  const now = vi.spyOn(performance, 'now').mockImplementation(() => clock)
  const { evaluate } = FakeSupernet.prototype
  const step = vi.spyOn(FakeSupernet.prototype, 'evaluate').mockImplementation(async function (
    this: FakeSupernet,
    ...args
  ) {
    clock += 400
    return evaluate.apply(this, args)
  })
  onTestFinished(() => {
    now.mockRestore()
    step.mockRestore()
  })
  const config = tinyConfig()
  const space = createSpace(config.space, { channels: 1, height: 8, width: 8 }, tinySplits.classes)
  const job = { config, space, splits: tinySplits, generated: false, paths: [[0, 1, 2, 3, 4, 0]], batchSize: 4 }
  for await (const event of bench({ ...job, mode: 'eval', ...options })) {
    if (event.event === 'path') return { timed: event.steps, all: journal.evaluated }
  }
  return expect.unreachable()
}

it('steps as training does, with averages, noise and parts of a batch', async () => {
  journal.steps.length = 0
  const training = { microBatchSize: 2, averaging: { decay: 0.9 }, gradientNoise: 0.5 }
  const config = tinyConfig({ training })
  const space = createSpace(config.space, { channels: 1, height: 8, width: 8 }, tinySplits.classes)
  const job = { config, space, splits: tinySplits, generated: false, paths: [[0, 1, 2, 3, 4, 0]], batchSize: 4 }
  for await (const _ of bench({ ...job, mode: 'train', warmup: 0, steps: 1 }));
  const [{ batch, options }] = journal.steps
  expect(batch).toMatchObject({ microBatchSize: 2 })
  expect(options).toMatchObject({ averageDecay: 0.9, noise: { deviation: 0.5 } })
})

it.each([
  [{}, { timed: 5, all: 7 }],
  [{ warmup: 0 }, { timed: 5, all: 6 }],
  [
    { warmup: 0, steps: 3 },
    { timed: 3, all: 3 },
  ],
])('takes as many steps as fit into two seconds, unless a number is given: %j', async (options, steps) => {
  expect(await measured(options)).toEqual(steps)
})
