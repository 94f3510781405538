/** What a training counts as its time, and whom it asks to save. */
import '../../support/fake-addon.js'
import { afterEach, expect, it, vi } from 'vitest'
import { createRandom } from '../../../src/base/random.js'
import type { ConfigInput } from '../../../src/config/index.js'
import { createMethod } from '../../../src/methods/index.js'
import { Dataset, Supernet } from '../../../src/native/index.js'
import { nasBench201 } from '../../../src/spaces/index.js'
import type { EpochEvent, StepEvent } from '../../../src/training/events.js'
import { type TrainOptions, train } from '../../../src/training/loop.js'
import type { Snapshot } from '../../../src/training/snapshot.js'
import { tinyConfig, tinyImages } from '../../support/tiny.js'

afterEach(() => void vi.restoreAllMocks())

/** Options as an object of a class, whose `save` needs the object. */
class Options implements TrainOptions {
  readonly space = nasBench201({
    channels: 2,
    cellsPerStage: 1,
    input: { channels: 1, height: 8, width: 8 },
    classes: 4,
  })
  readonly supernet = new Supernet(this.space.parameters())
  readonly random = createRandom(1)
  readonly saved: Snapshot[] = []
  readonly settings: TrainOptions['settings']
  readonly method: TrainOptions['method']
  readonly data: TrainOptions['data']

  constructor(training: ConfigInput['training'], data: TrainOptions['data'] = new Dataset(tinyImages(50))) {
    const config = tinyConfig({ training })
    const { space, random } = this
    this.settings = config.training
    this.method = createMethod(config.method, { space, images: 50, epochs: 2, learningRate: 0.05, random })
    this.data = data
  }

  async save(snapshot: Snapshot): Promise<void> {
    this.saved.push(snapshot)
  }
}

it('saves by the method of its options, within an epoch, after it, and before a measurement that is stopped', async () => {
  const options = new Options({ epochs: 2, checkpointSeconds: 0, varianceSteps: 2 })
  for await (const _ of train(options));
  expect(options.saved.map(({ progress: { epoch, step } }) => [epoch, step])).toEqual([
    ...[1, 2, 3, 4, 5, 6].map((step) => [0, step]),
    [1, 0],
    ...[1, 2, 3, 4, 5, 6].map((step) => [1, step]),
    [2, 0],
  ])

  const controller = new AbortController()
  const { signal } = controller
  const stopped = Object.assign(new Options({ epochs: 1, checkpointSeconds: 1000, varianceSteps: 2 }), { signal })
  const work = async () => {
    for await (const event of train(stopped)) {
      if (event.event === 'step' && event.step === event.steps) controller.abort(new Error('enough'))
    }
  }
  await expect(work()).rejects.toThrow('enough')
  expect(stopped.saved.map(({ progress: { epoch, step } }) => [epoch, step])).toEqual([[0, 7]])
})

it('tells the learning rate that updates have, also if a method has one of its own', async () => {
  const ratesOf = async (method: object) => {
    const options = Object.assign(new Options({ epochs: 2 }), { method })
    const rates: number[] = []
    for await (const event of train(options)) if (event.event === 'epoch') rates.push(event.learningRate)
    return rates
  }
  const { method } = new Options({ epochs: 2 })
  const rates = await ratesOf(method)
  expect(await ratesOf(Object.assign(method, { learningRateFactor: 20 }))).toEqual(rates.map((rate) => 20 * rate))
})

it('counts the time of whoever receives an epoch, but not that of a measurement', async () => {
  let now = 0
  vi.spyOn(performance, 'now').mockImplementation(() => now)
  const options = new Options({ epochs: 2, varianceSteps: 3 })
  const { method } = options
  const step = method.step.bind(method)
  vi.spyOn(method, 'step').mockImplementation((...args) => {
    now += 1000
    return step(...args)
  })
  let seconds = 0
  for await (const event of train(options)) {
    if (event.event !== 'epoch') continue
    seconds += event.seconds
    now += 100_000
  }
  expect(seconds).toBe(14)
  expect(options.saved.at(-1)?.progress.seconds).toBe(214)
})

it('says nothing of what a measurement waited for images', async () => {
  let now = 0
  vi.spyOn(performance, 'now').mockImplementation(() => now)
  const images = new Dataset(tinyImages(50))
  let waitedSeconds = 0
  const data = Object.create(images, { waitedSeconds: { get: () => waitedSeconds } })
  const options = new Options({ epochs: 2, varianceSteps: 3 }, data)
  const { method } = options
  const step = method.step.bind(method)
  let steps = 0
  vi.spyOn(method, 'step').mockImplementation((...args) => {
    now += 1000
    // Steps 8 to 10 are of the first measurement.
    if (++steps > 7 && steps <= 10) waitedSeconds += 1
    return step({ ...args[0] }, { ...args[1], dataset: images } as never, args[2])
  })
  const events: (StepEvent | EpochEvent)[] = []
  const measured: number[] = []
  for await (const event of train(options)) {
    if (event.event === 'step' || event.event === 'epoch') events.push(event)
    // It comes before the first step of the measurement.
    else if (event.event === 'measuring') measured.push(steps)
  }
  expect(measured).toEqual([7, 17])
  expect(events.map(({ waiting }) => waiting)).toEqual(events.map(() => 0))
})
