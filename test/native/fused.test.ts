/**
 * What the addon's own kernels compute in one pass with something else: drop paths, concatenations, batch norms and
 * crops before a convolution. The reference arithmetic computes each instruction alone, by ATen, from the same seed.
 */
import { describe, expect, it } from 'vitest'
import type { Arithmetic, ConvolutionKernels, Precision } from '../../src/native/index.js'
import type { Shape, Value } from '../../src/programs/program.js'
import { computeWith } from '../support/kernels.js'
import { gradientErrors, NetBuilder, relativeError, rootMeanSquareError, smallNet } from '../support/small-net.js'
import { byName } from '../support/state.js'

const CLASSES = 5
const NO_BIAS = { bias: false } as const

/** From a value of some channels to another; each is fused in its own way. */
type Body = (net: NetBuilder, x: Value, channels: number) => Value

/** A convolution and the batch norm after it. */
function unit(net: NetBuilder, x: Value, channels: number, kernel = 1, groups = 1, running = false) {
  return net.norm(net.conv(x, channels, kernel, { ...NO_BIAS, groups }), { running })
}

const BODIES: Readonly<Record<string, Body>> = {
  'drop paths of two norms': (net, x, c) =>
    net.program.add([0.3, 0.6].map((p) => net.program.dropPath(unit(net, x, c), { p }))),
  'a drop path and its input': (net, x, c) => net.program.add([net.program.dropPath(unit(net, x, c), { p: 0.5 }), x]),
  'a drop path of a 3×3 convolution': (net, x, c) =>
    net.program.add([net.program.dropPath(unit(net, x, c, 3), { p: 0.4 }), unit(net, x, c)]),
  'drop paths of four norms': (net, x, c) =>
    net.program.add([0.2, 0.3, 0.4, 0.5].map((p) => net.program.dropPath(unit(net, x, c), { p }))),
  'a drop path of a norm of a sum': (net, x, c) => {
    const sum = net.program.add([unit(net, x, c), x])
    return net.program.add([net.program.dropPath(net.norm(sum), { p: 0.4 }), x])
  },
  'a concatenation': (net, x, c) => unit(net, net.program.concat([unit(net, x, c), x, unit(net, x, 2 * c)]), c),
  'a concatenation of a value with itself': (net, x, c) => unit(net, net.program.concat([x, x]), c),
  'a concatenation and its ReLU': (net, x, c) => {
    const joined = net.program.concat([unit(net, x, c), unit(net, x, 4), x])
    const read = net.program.relu(joined)
    return net.program.add([unit(net, read, c), unit(net, read, c), unit(net, joined, c)])
  },
  'a concatenation that something else reads': (net, x, c) => {
    const joined = net.program.concat([unit(net, x, c), x])
    return net.program.add([unit(net, joined, c), unit(net, net.program.avgPool2d(joined, { kernel: 3 }), c)])
  },
  'a factorized reduction of a concatenation': (net, x, c) => {
    const read = net.program.relu(net.program.concat([unit(net, x, c), x]))
    const odd = net.program.crop2d(read, { top: 1, left: 1 })
    // Of an odd extent, the two would differ.
    const halves = [x.shape.height % 2 === 0 ? read : odd, odd].map((part) =>
      net.conv(part, c, 1, { ...NO_BIAS, stride: 2 }),
    )
    return net.norm(net.program.concat(halves))
  },
  'a strided convolution of a value that others read': (net, x, c) => {
    const small = unit(net, net.program.maxPool2d(x, { kernel: 3, stride: 2 }), c)
    return net.program.add([net.norm(net.conv(x, c, 1, { ...NO_BIAS, stride: 2 })), small])
  },
  'a norm and a ReLU before a depthwise convolution': (net, x, c) =>
    unit(net, net.program.relu(unit(net, x, c)), c, 3, c),
  'a norm before a depthwise convolution of 5×5': (net, x, c) => unit(net, unit(net, x, c), c, 5, c),
  'a block of MobileNet': (net, x, c) => {
    const wide = net.program.relu6(unit(net, x, 3 * c))
    return net.program.add([x, unit(net, net.program.relu6(unit(net, wide, 3 * c, 3, 3 * c)), c)])
  },
  'a norm and a ReLU before a convolution': (net, x, c) => unit(net, net.program.relu(unit(net, x, c)), c, 3),
  'a norm and a ReLU6 that two convolutions read': (net, x, c) => {
    const read = net.program.relu6(unit(net, x, c))
    return net.program.add([unit(net, read, c), unit(net, read, c, 3, c)])
  },
  'norms with running statistics': (net, x, c) =>
    unit(net, net.program.relu(unit(net, x, c, 1, 1, true)), c, 3, c, true),
  'separable convolutions': (net, x, c) =>
    net.norm(separable(net, net.norm(separable(net, x, c, 3, { stride: 2 })), 2 * c, 5)),
  'a dilated separable convolution and its drop path': (net, x, c) => {
    const deep = net.conv(net.program.relu(x), c, 3, { ...NO_BIAS, groups: c, padding: 2, dilation: 2 })
    const norm = net.norm(net.conv(deep, c, 1, NO_BIAS))
    return net.program.add([net.program.dropPath(norm, { p: 0.4 }), x])
  },
  'separable convolutions of one value': (net, x, c) =>
    net.program.add([3, 5, 7].map((kernel) => net.norm(separable(net, x, c, kernel)))),
  'a depthwise convolution that two others read': (net, x, c) => {
    const deep = net.conv(x, c, 3, { ...NO_BIAS, groups: c, padding: 1 })
    return net.program.add([net.norm(net.conv(deep, c, 1, NO_BIAS)), net.norm(net.conv(deep, c, 1, NO_BIAS))])
  },
  'a depthwise convolution, a ReLU and a pointwise one': (net, x, c) =>
    unit(net, net.program.relu(net.conv(x, c, 3, { ...NO_BIAS, groups: c, padding: 1 })), c),
  'max pools': (net, x, c) =>
    net.program.add([
      net.program.maxPool2d(unit(net, x, c), { kernel: 3 }),
      net.program.maxPool2d(x, { kernel: 5, padding: 2 }),
    ]),
}

/** A ReLU, a depthwise convolution and a pointwise one, as DARTS has them. */
function separable(net: NetBuilder, x: Value, channels: number, kernel: number, window: { stride?: number } = {}) {
  const padding = (kernel - 1) / 2
  const read = net.program.relu(x)
  const deep = net.conv(read, x.shape.channels, kernel, { ...NO_BIAS, groups: x.shape.channels, padding, ...window })
  return net.conv(deep, channels, 1, NO_BIAS)
}

/** Height and width; of the second no dimension fills a block of pixels, nor does it have pairs of pixels. */
const EXTENTS = [
  [8, 8],
  [7, 9],
] as const

async function measure(body: Body, channels: number, extent: readonly [number, number], how: How) {
  const input: Shape = { channels: 4, height: extent[0], width: extent[1] }
  const net = new NetBuilder()
  const stem = net.norm(net.conv(net.program.input(input), channels, 1, NO_BIAS))
  return measureNet(net, body(net, stem, channels), input, how)
}

async function measureNet(net: NetBuilder, body: Value, input: Shape, how: How) {
  // A pool right after a norm would give its bias, and no gradient to anything before it.
  const classifier = net.classify(net.program.relu(body), CLASSES)
  const options = { count: 5, classes: CLASSES, buffers: net.buffers, ...how }
  using small = await smallNet(classifier, net.specs, input, options)
  const { net: supernet, plan, dataset, indices } = small
  await supernet.accumulate(plan, { dataset, indices, drop: { seed: 7, pathScale: 0.9 } })
  const gradients = byName(net.specs, await supernet.read('gradients'))
  return { gradients, logits: await supernet.logits(plan, dataset, indices) }
}

interface How {
  readonly arithmetic: Arithmetic
  readonly precision?: Precision
}

type Measured = Awaited<ReturnType<typeof measure>>

const CHANNELS = [4, 12, 20, 36, 72]

describe.each<ConvolutionKernels>(['amxbf16', 'avx512bf16', 'avx512', 'avx2'])('with kernels of %s', (kernels) => {
  computeWith(kernels)

  it.each(Object.keys(BODIES))('%s is what ATen computes of each instruction', async (name) => {
    for (const channels of CHANNELS) {
      for (const extent of EXTENTS) {
        const fused = await measure(BODIES[name], channels, extent, { arithmetic: 'fast' })
        const alone = await measure(BODIES[name], channels, extent, { arithmetic: 'reference' })
        expectEqual(fused, alone, `${channels} channels, ${extent.join('×')}`)
      }
    }
  })

  // An image of 12 channels has 82 kB: three make a block of a separable convolution. One of 36 channels is a block.
  it.each([12, 36])('separable convolutions of images in blocks, %d channels', async (channels) => {
    const input: Shape = { channels, height: 40, width: 43 }
    const of = (arithmetic: Arithmetic) => {
      const net = new NetBuilder()
      const first = net.norm(separable(net, net.program.input(input), channels, 3))
      return measureNet(net, net.norm(separable(net, first, channels, 5)), input, { arithmetic })
    }
    // Gradients are sums over 8,600 pixels. ATen's own differ by 5e-4 between one thread and two.
    expectEqual(await of('fast'), await of('reference'), `${channels} channels`, 2e-3)
  })

  it.each(Object.keys(BODIES))('%s in bfloat16 is as near float32 as what ATen computes', async (name) => {
    for (const channels of [36, 72]) {
      for (const extent of EXTENTS) {
        const exact = await measure(BODIES[name], channels, extent, { arithmetic: 'reference' })
        const fused = await measure(BODIES[name], channels, extent, { arithmetic: 'fast', precision: 'bfloat16' })
        const alone = await measure(BODIES[name], channels, extent, { arithmetic: 'reference', precision: 'bfloat16' })
        // Rounding may switch a ReLU or a maximum in one of the two only, which moves five images by up to 0.09, and the
        // gradient of one parameter by up to 0.31. A value in a wrong place moves them by about 1.
        const where = `${channels} channels, ${extent.join('×')}`
        const allowed = Math.max(0.15, 2.5 * distance(alone, exact))
        expect(distance(fused, exact), where).toBeLessThan(allowed)
        const ofAlone = new Map(distances(alone, exact))
        for (const [parameter, error] of distances(fused, exact)) {
          expect(error, `${where}: ${parameter}`).toBeLessThan(Math.max(0.5, 1.5 * ofAlone.get(parameter)!))
        }
      }
    }
  })
})

function expectEqual(fused: Measured, alone: Measured, where: string, tolerance = 1e-4) {
  expect(relativeError(fused.logits, alone.logits), where).toBeLessThan(2e-5)
  for (const [name, error] of gradientErrors(fused.gradients, alone.gradients)) {
    expect(error, `${where}: ${name}`).toBeLessThan(tolerance)
  }
}

/** The root mean square error of all gradients, or of the logits if that is larger, over the values' own. */
function distance(found: Measured, exact: Measured): number {
  const all = ({ gradients }: Measured) => [...gradients.values()].flatMap((values) => [...values])
  return Math.max(rootMeanSquareError(found.logits, exact.logits), rootMeanSquareError(all(found), all(exact)))
}

/** The root mean square error of each parameter's gradient. */
function distances(found: Measured, exact: Measured): [name: string, error: number][] {
  return [...exact.gradients].map(([name, values]) => [
    name,
    rootMeanSquareError(found.gradients.get(name) ?? [], values),
  ])
}
