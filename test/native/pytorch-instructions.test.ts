/** Instructions whose meaning is PyTorch's convention, against what scripts/fixtures/instructions.py wrote. */
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { type Arithmetic, Dataset, Supernet } from '../../src/native/index.js'
import type { Program, Shape, Value } from '../../src/programs/program.js'
import { randomFloats, randomNumbers } from '../support/random.js'
import { NetBuilder, relativeError } from '../support/small-net.js'
import { byName, size } from '../support/state.js'

/** Gradients are in the order of the parameters. */
interface Result {
  readonly logits: readonly number[]
  readonly gradients: readonly (readonly number[])[]
}

/** Buffers are in the order of the instructions, running mean first. */
interface RunningStatistics extends Result {
  readonly steps: readonly { indices: number[]; loss: number; buffers: readonly (readonly number[])[] }[]
  readonly recalibrated: {
    readonly order: readonly number[]
    readonly batchSize: number
    readonly buffers: readonly (readonly number[])[]
    readonly logits: readonly number[]
  }
}

interface Fixture {
  readonly seed: number
  readonly maxPools: Result
  readonly convolutions: Result
  readonly runningStatistics: RunningStatistics
}

const fixture: Fixture = JSON.parse(readFileSync(new URL('../fixtures/instructions.json', import.meta.url), 'utf8'))
const COUNT = 6
const CLASSES = 3
const everything = Int32Array.from({ length: COUNT }, (_, i) => i)

/** A supernet of one program with the fixture's weights and images; `alter` changes them before they are used. */
async function open(
  builder: NetBuilder,
  program: Program,
  input: Shape,
  arithmetic: Arithmetic,
  alter: (weights: Float32Array, images: Float32Array) => void = () => {},
) {
  const random = randomNumbers(fixture.seed)
  const weights = randomFloats(random, size(builder.specs), 0.7)
  const images = randomFloats(random, COUNT * input.channels * input.height * input.width, 2)
  alter(weights, images)
  const net = new Supernet(builder.specs, { arithmetic, buffers: builder.buffers })
  await net.write('parameters', weights)
  const labels = Int32Array.from(everything, (i) => i % CLASSES)
  return { net, plan: net.compile(program), dataset: new Dataset({ images, labels, ...input }) }
}

async function compareGradients(net: Supernet, expected: readonly (readonly number[])[]) {
  const gradients = byName(net.specs, await net.read('gradients'))
  for (const [i, { name }] of net.specs.entries()) {
    expect(relativeError(gradients.get(name)!, expected[i], 0.01), name).toBeLessThan(1e-4)
  }
}

async function compareBuffers(net: Supernet, expected: readonly (readonly number[])[]) {
  const buffers = byName(net.buffers, await net.read('buffers'))
  for (const [i, { name }] of net.buffers.entries()) {
    expect(relativeError(buffers.get(name)!, expected[i]), name).toBeLessThan(1e-5)
  }
}

describe.each(['fast', 'reference'] as const)('in %s arithmetic', (arithmetic) => {
  it('the first of equal maxima has the gradient of a pool', async () => {
    const input = { channels: 2, height: 7, width: 6 }
    const builder = new NetBuilder()
    const x = builder.conv(builder.program.input(input), 3, 1, { bias: false })
    const windows = [{ kernel: 3 }, { kernel: 3, stride: 2 }, { kernel: 2, stride: 2, padding: 0 }]
    const pools = windows.map((window) => builder.program.globalAvgPool(builder.program.maxPool2d(x, window)))
    const program = builder.classify(builder.program.concat(pools), CLASSES)
    const { net, plan, dataset } = await open(builder, program, input, arithmetic, (weights, images) => {
      for (const output of [0, 1, 2]) weights[2 * output + 1] = 0
      const area = input.height * input.width
      for (let i = 0; i < images.length; i++) {
        if (Math.floor(i / area) % 2 === 0) images[i] = Math.round(images[i])
      }
    })
    const { logits, gradients } = fixture.maxPools
    expect(relativeError(await net.logits(plan, dataset, everything), logits)).toBeLessThan(1e-5)
    await net.accumulate(plan, { dataset, indices: everything })
    await compareGradients(net, gradients)
    for (const handle of [plan, dataset, net]) handle.dispose()
  })

  it('grouped, dilated and factorized convolutions look where PyTorch’s do', async () => {
    const input = { channels: 2, height: 8, width: 8 }
    const builder = new NetBuilder()
    const { program } = builder
    let x = program.relu(builder.conv(program.input(input), 4, 5, { dilation: 2, groups: 2 }))
    x = program.relu(builder.conv(x, 6, 3, { dilation: 2, groups: 2, stride: 2 }))
    const halved = { stride: 2, padding: 0, bias: false }
    const even = builder.conv(x, 2, 1, halved)
    const odd = builder.conv(program.crop2d(x, { top: 1, left: 1 }), 3, 1, halved)
    const classifier = builder.classify(program.concat([even, odd]), CLASSES)
    const { net, plan, dataset } = await open(builder, classifier, input, arithmetic)
    const { logits, gradients } = fixture.convolutions
    expect(relativeError(await net.logits(plan, dataset, everything), logits)).toBeLessThan(1e-5)
    await net.accumulate(plan, { dataset, indices: everything })
    await compareGradients(net, gradients)
    for (const handle of [plan, dataset, net]) handle.dispose()
  })

  it('running statistics move, serve and are made anew as PyTorch’s', async () => {
    const input = { channels: 2, height: 5, width: 6 }
    const builder = new NetBuilder()
    const { program } = builder
    const both = { affine: true, running: true }
    let x: Value = builder.conv(program.input(input), 4, 3, { bias: false })
    x = program.relu6(builder.norm(x, both))
    x = builder.conv(x, 4, 3, { groups: 4, bias: false })
    x = program.relu(builder.norm(x, both))
    const { net, plan, dataset } = await open(builder, builder.classify(x, CLASSES), input, arithmetic)
    const { steps, gradients, logits, recalibrated } = fixture.runningStatistics
    for (const { indices, loss, buffers } of steps) {
      expect((await net.accumulate(plan, { dataset, indices: Int32Array.from(indices) })).loss).toBeCloseTo(loss, 5)
      await compareBuffers(net, buffers)
    }
    await compareGradients(net, gradients)
    expect(relativeError(await net.logits(plan, dataset, everything), logits)).toBeLessThan(1e-5)
    // Evaluation leaves them alone.
    await compareBuffers(net, steps.at(-1)!.buffers)

    const { order, batchSize } = recalibrated
    await net.recalibrate(plan, { dataset, indices: Int32Array.from(order), batchSize })
    await compareBuffers(net, recalibrated.buffers)
    expect(relativeError(await net.logits(plan, dataset, everything), recalibrated.logits)).toBeLessThan(1e-5)
    for (const handle of [plan, dataset, net]) handle.dispose()
  })
})
