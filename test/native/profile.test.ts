/** What a benchmark asks of the addon: where the time goes, convolutions alone, memory. */
import { beforeAll, expect, it } from 'vitest'
import {
  FAMILIES,
  peakMemory,
  resetPeakMemory,
  setThreads,
  startProfile,
  stopProfile,
  takeProfile,
  traceDevice,
} from '../../src/native/index.js'
import { NetBuilder, type SmallNet, smallNet } from '../support/small-net.js'

/** Threads that wait for each other take long where other processes hold the processors. */
beforeAll(() => setThreads(1))

const INPUT = { channels: 3, height: 16, width: 16 }
const OPTIONS = {
  learningRate: 0.01,
  optimizer: { kind: 'sgd', momentum: 0.9, weightDecay: 0 },
  unsampled: 'skip',
  clipNorm: 5,
} as const
const TIMING = { batchSize: 8, training: true, warmup: 1, repetitions: 3 }

function network(precision: 'float32' | 'bfloat16' = 'float32'): Promise<SmallNet> {
  const builder = new NetBuilder()
  const { program } = builder
  const wide = program.relu(program.batchNorm(builder.conv(program.input(INPUT), 16, 3)))
  const deep = program.batchNorm(builder.conv(wide, 16, 3))
  const pooled = program.avgPool2d(wide, { kernel: 3 })
  const net = builder.classify(program.relu(program.add([deep, pooled, wide])), 3)
  return smallNet(net, builder.specs, INPUT, { count: 64, precision })
}

const total = (profile: Record<string, number>) => Object.values(profile).reduce((sum, seconds) => sum + seconds, 0)

it('a profile adds up to the time of the steps, and is over when it is stopped', async () => {
  using small = await network()
  const step = () => small.net.trainStep(small.plan, small, OPTIONS)
  for (let i = 0; i < 3; i++) await step()
  // What the machine does besides may fall between the calls, or this thread waits for its turn: the more steps there are,
  // the less of their time that is.
  let best = 0
  for (let count = 20; best < 0.8 && count <= 2560; count *= 2) {
    const start = performance.now()
    await startProfile()
    // Called all at once, so that the addon does not wait for JavaScript between two steps.
    const steps = Array.from({ length: count }, step)
    const profile = await takeProfile()
    await Promise.all(steps)
    const seconds = (performance.now() - start) / 1000
    expect(Object.keys(profile)).toEqual([...FAMILIES])
    for (const family of ['loss', 'statistics', 'optimizer', 'other'] as const) {
      expect(profile[family], family).toBeGreaterThan(0)
    }
    // The rest is JavaScript's.
    expect(total(profile)).toBeLessThan(seconds)
    best = Math.max(best, total(profile) / seconds)
  }
  expect(best).toBeGreaterThan(0.8)

  await stopProfile()
  await takeProfile()
  await step()
  expect(total(await takeProfile())).toBe(0)
})

it.each(['float32', 'bfloat16'] as const)(
  'convolutions alone take time in %s, and change nothing',
  async (precision) => {
    using small = await network(precision)
    expect(small.net.precision).toBe(precision)
    const before = await small.net.read('parameters')
    expect(await small.net.convolutionSeconds(small.plan, TIMING)).toBeGreaterThan(0)
    expect(await small.net.convolutionSeconds(small.plan, { ...TIMING, training: false })).toBeGreaterThan(0)
    expect(await small.net.read('parameters')).toEqual(before)
    expect((await small.net.read('gradients')).every((value) => value === 0)).toBe(true)
  },
)

it('convolutions alone are timed where oneDNN would write outside of its memory', async () => {
  const input = { channels: 3, height: 16, width: 8 }
  const net = new NetBuilder()
  const classifier = net.classify(net.conv(net.program.input(input), 3, 1, { stride: 2, bias: false }), 4)
  using small = await smallNet(classifier, net.specs, input)
  const timing = { batchSize: 13, training: true, warmup: 3, repetitions: 20 }
  expect(await small.net.convolutionSeconds(small.plan, timing)).toBeGreaterThan(0)
})

it('convolutions alone are timed without what a crop before them leaves out', async () => {
  const input = { channels: 8, height: 12, width: 12 }
  const net = new NetBuilder()
  const { program } = net
  const cropped = program.crop2d(net.conv(program.input(input), 8, 3), { top: 2, left: 1, height: 4, width: 5 })
  const classifier = net.classify(net.conv(cropped, 8, 1, { stride: 2 }), 4)
  using small = await smallNet(classifier, net.specs, input)
  const timing = { batchSize: 3, training: true, warmup: 1, repetitions: 2 }
  expect(await small.net.convolutionSeconds(small.plan, timing)).toBeGreaterThan(0)
})

it('convolutions alone refuse a batch of none and no rounds', async () => {
  using small = await network()
  const { net, plan } = small
  for (const wrong of [{ batchSize: 0 }, { repetitions: 0 }, { warmup: -1 }]) {
    const call = async () => net.convolutionSeconds(plan, { ...TIMING, ...wrong })
    await expect(call()).rejects.toThrow(/^Expected a whole number of at least \d for \w+ but received/)
  }
})

it('the peak of memory counts what was held in between', async () => {
  await resetPeakMemory()
  const before = await peakMemory()
  expect(before).toBeGreaterThan(2 ** 20)
  using small = await network()
  const indices = Int32Array.from({ length: 4096 }, (_, i) => i % 64)
  // 4096 images of 16×16 with 16 channels: 64 MiB for each activation that is kept.
  await small.net.accumulate(small.plan, { dataset: small.dataset, indices })
  expect(await peakMemory()).toBeGreaterThan(before + 64 * 2 ** 20)
})

it('a trace counts what is computed, and ends with what is traced', async () => {
  using small = await network()
  const steps = (count: number) => async () => {
    for (let i = 0; i < count; i++) await small.net.trainStep(small.plan, small, OPTIONS)
  }
  await steps(1)()
  const counts = async (count: number) =>
    new Map((await traceDevice('cpu', steps(count))).map((work) => [work.name, work.count]))
  const one = await counts(1)
  // The numbers of a step are read together.
  expect(one.get('aten::cat')).toBe(1)
  expect(await counts(3)).toEqual(new Map([...one].map(([name, count]) => [name, 3 * count])))
  await expect(traceDevice('cpu', () => Promise.reject(new Error('broken')))).rejects.toThrow('broken')
  const longest = (await traceDevice('cpu', steps(2))).map(({ seconds }) => seconds)
  expect(longest).toEqual([...longest].sort((a, b) => b - a))
})
