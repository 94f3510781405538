/** Worker threads: each has handles of its own, all share the one thread that computes, and any may end at any time. */
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'
import { describe, expect, it } from 'vitest'
import { addonPath, buildFolders } from '../../src/base/folders.js'
import { Dataset, Supernet } from '../../src/native/index.js'
import { encodeProgram } from '../../src/programs/encode-program.js'
import { ProgramBuilder } from '../../src/programs/program-builder.js'
import type { ParameterSpec } from '../../src/spaces/space.js'
import { randomFloats, randomNumbers } from '../support/random.js'
import { size } from '../support/state.js'

const options = {
  learningRate: 0.05,
  optimizer: { kind: 'sgd', momentum: 0.9, weightDecay: 0 },
  clipNorm: 5,
  unsampled: 'skip',
} as const

/** A pointwise convolution of `channels`, and 16 images of one pixel: many weights, and little to compute. */
function job(channels: number) {
  const input = { channels, height: 1, width: 1 }
  const builder = new ProgramBuilder()
  const wide = builder.conv2d(builder.input(input), { weight: 'wide', channels, kernel: 1 })
  const program = builder.finish(builder.linear(builder.relu(wide), { weight: 'head', bias: 'bias', features: 4 }))
  const zeros = { kind: 'zeros' } as const
  const specs: ParameterSpec[] = [
    { name: 'wide', shape: [channels, channels, 1, 1], init: zeros },
    { name: 'head', shape: [4, channels], init: zeros },
    { name: 'bias', shape: [4], init: zeros },
  ]
  const random = randomNumbers(1)
  const weights = randomFloats(random, size(specs), 0.1)
  const images = randomFloats(random, 16 * channels, 1)
  const indices = Int32Array.from({ length: 16 }, (_, i) => i)
  return { specs, weights, data: { images, labels: indices.map((i) => i % 4), ...input }, program, indices }
}

function start(steps: number, { specs, program, ...rest }: ReturnType<typeof job>): Worker {
  const workerData = {
    addon: addonPath(buildFolders()[0]),
    names: specs.map(({ name }) => name),
    shapes: specs.map(({ shape }) => shape),
    program: encodeProgram(program),
    ...rest,
    options,
    steps,
  }
  return new Worker(fileURLToPath(new URL('worker.cjs', import.meta.url)), { workerData })
}

/** What a worker does, here. */
async function lossesHere(steps: number): Promise<number[]> {
  const { specs, weights, data, program, indices } = job(8)
  using net = new Supernet(specs)
  await net.write('parameters', weights)
  using dataset = new Dataset(data)
  using plan = net.compile(program)
  const losses: number[] = []
  for (let step = 0; step < steps; step++) losses.push((await net.trainStep(plan, { dataset, indices }, options)).loss)
  return losses
}

async function lossesThere(steps: number): Promise<number[]> {
  const [losses] = await once(start(steps, job(8)), 'message')
  return losses
}

describe('worker threads', () => {
  it('train at once with each other and the main thread, to the same numbers as alone', async () => {
    const alone = await lossesHere(6)
    expect(new Set(alone).size).toBe(6)
    const together = await Promise.all([lossesThere(6), lossesThere(6), lossesHere(6)])
    for (const losses of together) expect(losses).toEqual(alone)
  })

  it('may be terminated in the middle of a step, and leave nothing behind', async () => {
    const memory: number[] = []
    // 16 MB of weights and four times as much beside them, which abandoned steps hold too.
    const wide = job(2048)
    for (let round = 0; round < 24; round++) {
      const worker = start(Number.POSITIVE_INFINITY, wide)
      await once(worker, 'message')
      expect(await worker.terminate()).toBe(1)
      memory.push(process.memoryUsage().rss)
    }
    // The first rounds fill what allocators keep for later, and any may differ by 70 MB. The two means are 11 rounds apart,
    // in which a copy of the weights alone would be 176 MB.
    const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length
    expect(mean(memory.slice(13)) - mean(memory.slice(2, 13))).toBeLessThan(88e6)
    expect(await lossesHere(2)).toHaveLength(2)
  })

  it('may be terminated in the middle of calls that answer at once, also of refused ones', async () => {
    const caller = new URL('../../scripts/fuzz/caller.mjs', import.meta.url)
    const workerData = { addon: addonPath(buildFolders()[0]) }
    for (let round = 0; round < 8; round++) {
      const workers = Array.from({ length: 4 }, () => new Worker(fileURLToPath(caller), { workerData }))
      await Promise.all(workers.map((worker) => once(worker, 'message')))
      expect(await Promise.all(workers.map((worker) => worker.terminate()))).toEqual([1, 1, 1, 1])
    }
    expect(await lossesHere(2)).toHaveLength(2)
  })

  it('are not given handles of another thread', () => {
    const { specs, data, program, indices } = job(8)
    using net = new Supernet(specs)
    using dataset = new Dataset(data)
    using plan = net.compile(program)
    using held = net.hold({ dataset, indices })
    const { port1, port2 } = new MessageChannel()
    for (const handle of [net, dataset, plan, held]) {
      expect(() => port1.postMessage({ handle })).toThrow(/handlesStayInTheirThread.* could not be cloned/)
    }
    port2.close()
    port1.close()
  })
})
