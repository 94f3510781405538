/**
 * The addon's own depthwise convolutions against ATen's, which `instructions.test.ts` compares with float64 loops at
 * channel counts that have no kernels.
 */
import { isDeepStrictEqual } from 'node:util'
import { describe, expect, it } from 'vitest'
import {
  type Arithmetic,
  type ConvolutionKernels,
  limitConvolutionKernels,
  type Precision,
  peakMemory,
  resetPeakMemory,
} from '../../src/native/index.js'
import { computeWith, onProcessor } from '../support/kernels.js'
import { NetBuilder, relativeError, rootMeanSquareError, smallNet } from '../support/small-net.js'
import { byName } from '../support/state.js'

const CLASSES = 5

/** Channels, kernel, stride, dilation, padding (−1: the default), height and width. */
type Convolution = readonly [number, number, number, number, number, number, number]

const WITH_KERNEL: readonly Convolution[] = [
  [16, 3, 1, 1, -1, 8, 8],
  [16, 3, 2, 1, -1, 8, 8],
  [16, 3, 2, 1, -1, 7, 9],
  [16, 3, 1, 2, -1, 9, 7],
  [16, 5, 1, 2, -1, 9, 12],
  [16, 5, 2, 2, -1, 11, 8],
  [16, 7, 1, 1, -1, 9, 16],
  [16, 7, 2, 1, -1, 9, 16],
  [16, 3, 3, 1, 0, 11, 10],
  [16, 5, 1, 1, -1, 2, 2],
  [16, 7, 2, 1, -1, 1, 3],
  // Padding wider than the kernel needs, and a stride that skips pixels.
  [16, 3, 1, 1, 2, 4, 4],
  [16, 3, 4, 1, 1, 9, 9],
  // Channels that do not fill the widest vectors.
  [4, 3, 1, 1, -1, 6, 6],
  [12, 3, 1, 2, -1, 8, 5],
  [20, 3, 2, 2, -1, 8, 5],
  [24, 3, 1, 1, -1, 6, 6],
  [36, 3, 1, 2, -1, 9, 8],
  [36, 5, 2, 1, -1, 7, 7],
  [72, 3, 2, 1, -1, 7, 8],
  [144, 5, 1, 1, -1, 6, 9],
]

/** Channel counts and kernels of other sizes. */
const LEFT_TO_ATEN: readonly Convolution[] = [
  [17, 3, 2, 2, -1, 8, 5],
  [16, 2, 2, 1, 0, 6, 6],
]

const SHAPES = [...WITH_KERNEL, ...LEFT_TO_ATEN]

async function gradients(
  [channels, kernel, stride, dilation, padding, height, width]: Convolution,
  rectified: boolean,
  arithmetic: Arithmetic,
  precision: Precision = 'float32',
  lone = false,
) {
  const input = { channels: 4, height, width }
  const net = new NetBuilder()
  const { program } = net
  const options = { stride, dilation, groups: channels, bias: false, ...(padding < 0 ? {} : { padding }) }
  // The first convolution makes the input's gradient matter; two read it, so gradients accumulate.
  const stem = net.conv(program.input(input), channels, 1, { bias: lone })
  const x = lone ? stem : program.batchNorm(stem)
  const read = rectified ? program.relu(x) : x
  const branches = [0, 1].map(() => program.batchNorm(net.conv(read, channels, kernel, options)))
  // Without a ReLU, which rounding would switch for some number in bfloat16.
  const classifier = net.classify(program.add(branches), CLASSES)
  using small = await smallNet(classifier, net.specs, input, { count: 5, classes: CLASSES, arithmetic, precision })
  const { net: supernet, plan, dataset, indices } = small
  const logits = await supernet.logits(plan, dataset, indices)
  await supernet.accumulate(plan, { dataset, indices })
  return { logits, gradients: byName(net.specs, await supernet.read('gradients')) }
}

it.runIf(onProcessor)('taps far apart take no memory that grows with the square of their distance', async () => {
  const far: Convolution = [16, 3, 1, 1000, -1, 8, 8]
  const exact = await gradients(far, true, 'reference')
  await resetPeakMemory()
  const before = await peakMemory()
  const own = await gradients(far, true, 'fast')
  // Rows of zeros between taps that are 1000 pixels apart would take 260 MB.
  expect(await peakMemory()).toBeLessThan(before + 64 * 2 ** 20)
  expect(relativeError(own.logits, exact.logits)).toBeLessThan(2e-5)
})

describe.each<[boolean, ConvolutionKernels]>([
  [true, 'avx512'],
  [false, 'avx512'],
  [true, 'avx2'],
  [false, 'avx2'],
])('own depthwise convolutions (through a ReLU: %s) with %s', (rectified, kernels) => {
  computeWith(kernels)

  it.each(SHAPES)(
    '%i channels, kernel %i, stride %i, dilation %i, padding %i, %i×%i equal ATen’s',
    async (...shape) => {
      const own = await gradients(shape, rectified, 'fast')
      const aten = await gradients(shape, rectified, 'reference')
      expect(relativeError(own.logits, aten.logits)).toBeLessThan(2e-5)
      for (const [name, expected] of aten.gradients) {
        expect(relativeError(own.gradients.get(name) ?? [], expected, 0.01), name).toBeLessThan(5e-5)
      }
    },
  )

  it.each(SHAPES)(
    '%i channels, kernel %i, stride %i, dilation %i, padding %i, %i×%i in bfloat16 are as near float32 as ATen’s',
    async (...shape) => {
      const exact = await gradients(shape, rectified, 'reference')
      const own = await gradients(shape, rectified, 'fast', 'bfloat16')
      const aten = await gradients(shape, rectified, 'reference', 'bfloat16')
      const distance = (found: typeof own) =>
        Math.max(
          rootMeanSquareError(found.logits, exact.logits),
          ...[...exact.gradients].map(([name, values]) => rootMeanSquareError(found.gradients.get(name) ?? [], values)),
        )
      // Rounding may switch a ReLU in one of the two only.
      expect(distance(own)).toBeLessThan(Math.max(0.05, 2.5 * distance(aten)))
    },
  )
  // A convolution with a bias has no kernel, unless a norm cancels it: those under test differ, or nothing does.
  const usesKernel = async (shape: Convolution) => {
    const computed = await gradients(shape, rectified, 'fast', 'float32', true)
    await limitConvolutionKernels('none')
    return !isDeepStrictEqual(computed, await gradients(shape, rectified, 'fast', 'float32', true))
  }

  it.runIf(onProcessor).each(WITH_KERNEL)(
    '%i channels, kernel %i, stride %i, dilation %i, padding %i, %i×%i have a kernel',
    async (...shape) => expect(await usesKernel(shape)).toBe(true),
  )

  it.each(LEFT_TO_ATEN)(
    '%i channels, kernel %i, stride %i, dilation %i, padding %i, %i×%i have none',
    async (...shape) => expect(await usesKernel(shape)).toBe(false),
  )
})
