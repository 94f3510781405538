/** Work that several threads share: each computes a part, and their sums are brought together. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Arithmetic, type ConvolutionKernels, nativeInfo, setThreads } from '../../src/native/index.js'
import type { Shape, Value } from '../../src/programs/program.js'
import { computeWith } from '../support/kernels.js'
import { gradientErrors, NetBuilder, relativeError, smallNet } from '../support/small-net.js'
import { byName } from '../support/state.js'

const CLASSES = 5
const BIAS = { bias: false } as const

type Build = (net: NetBuilder, image: Value) => Value

async function measure(build: Build, input: Shape, count: number, arithmetic: Arithmetic) {
  const net = new NetBuilder()
  const program = net.classify(net.program.relu(build(net, net.program.input(input))), CLASSES)
  const options = { count, classes: CLASSES, arithmetic, buffers: net.buffers }
  using small = await smallNet(program, net.specs, input, options)
  const { net: supernet, plan, dataset, indices } = small
  await supernet.accumulate(plan, { dataset, indices, drop: { seed: 7 } })
  const gradients = byName(net.specs, await supernet.read('gradients'))
  const buffers = await supernet.read('buffers')
  return { gradients, buffers, logits: await supernet.logits(plan, dataset, indices) }
}

/**
 * Both sum in float32, in other orders: of a gradient over up to 65,536 pixels. As in `fused.test.ts`, whose sums are
 * short, errors are 1e-4 of a tensor's largest value at most. A share that is left out, or counted twice, is an error of
 * a quarter.
 */
async function compare(build: Build, input: Shape, count: number) {
  const fast = await measure(build, input, count, 'fast')
  const reference = await measure(build, input, count, 'reference')
  expect(relativeError(fast.logits, reference.logits)).toBeLessThan(1e-4)
  expect(relativeError(fast.buffers, reference.buffers)).toBeLessThan(1e-4)
  for (const [name, error] of gradientErrors(fast.gradients, reference.gradients)) {
    expect(error, name).toBeLessThan(1e-4)
  }
}

let threads: number
beforeAll(async () => {
  threads = nativeInfo().threads
  await setThreads(4)
})
afterAll(() => setThreads(threads))

describe.each<ConvolutionKernels>(['avx512', 'avx2'])('four threads with kernels of %s', (kernels) => {
  computeWith(kernels)

  // Each of these convolutions of 32 images of 16×16 has 4 to 16 times 2²³ products, which are worth a share.
  it.each<[string, number, Build]>([
    ['a kernel of 3', 32, (net, x) => net.norm(net.conv(x, 32, 3, BIAS), { running: true })],
    ['a kernel of 1', 128, (net, x) => net.norm(net.conv(x, 128, 1, BIAS))],
    ['a depthwise kernel', 128, (net, x) => net.norm(net.conv(x, 128, 7, { ...BIAS, groups: 128 }))],
    [
      'norms and a ReLU that convolutions read, and a drop path',
      32,
      (net, x) => {
        const read = net.program.relu(net.norm(net.conv(x, x.shape.channels, 3, BIAS)))
        const y = net.norm(net.conv(read, x.shape.channels, 3, BIAS), { running: true })
        return net.program.add([x, net.program.dropPath(y, { p: 0.4 })])
      },
    ],
    [
      'a separable convolution',
      32,
      (net, x) => {
        const deep = net.conv(net.program.relu(x), x.shape.channels, 5, { ...BIAS, groups: x.shape.channels })
        return net.norm(net.conv(deep, 128, 1, BIAS))
      },
    ],
  ])('convolutions of %s', async (_, channels, build) => {
    // The stem lets the gradient of the input matter.
    const stemmed: Build = (net, image) => build(net, net.norm(net.conv(image, channels, 1, BIAS)))
    await compare(stemmed, { channels: 4, height: 16, width: 16 }, 32)
  })

  // 64 images of 32×32 with 16 channels: 2²⁰ numbers, which are worth four shares.
  it('statistics of channels and sums of gradients', async () => {
    const build: Build = (net, x) => {
      const y = net.conv(x, 16, 1, BIAS)
      // No convolution computes the statistics of a sum.
      return net.norm(net.program.add([y, net.program.avgPool2d(y, { kernel: 3 })]), { running: true })
    }
    await compare(build, { channels: 4, height: 32, width: 32 }, 64)
  })
})
