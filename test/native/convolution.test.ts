/**
 * The addon's own convolutions against ATen's, which `instructions.test.ts` compares with float64 loops: those loops would
 * take minutes at the channel counts that have kernels.
 */
import { isDeepStrictEqual } from 'node:util'
import { describe, expect, it } from 'vitest'
import {
  type Arithmetic,
  type ConvolutionKernels,
  limitConvolutionKernels,
  type Precision,
} from '../../src/native/index.js'
import type { Shape } from '../../src/programs/program.js'
import { computeWith, onProcessor } from '../support/kernels.js'
import { NetBuilder, relativeError, rootMeanSquareError, smallNet } from '../support/small-net.js'
import { byName } from '../support/state.js'

const CLASSES = 5

/** Channels into and out of the convolution under test, its kernel and stride, and the image's height and width. */
type Convolution = readonly [number, number, number, number, number, number]

const WITH_KERNEL: readonly Convolution[] = [
  [1, 8, 3, 1, 9, 7],
  [3, 16, 3, 1, 8, 12],
  [8, 8, 3, 1, 16, 16],
  [8, 8, 1, 1, 5, 6],
  [8, 16, 3, 2, 16, 16],
  [8, 16, 3, 2, 7, 9],
  [16, 16, 3, 1, 4, 19],
  [16, 32, 1, 1, 8, 8],
  [16, 32, 3, 2, 8, 8],
  [32, 32, 3, 1, 4, 4],
  [32, 64, 3, 1, 3, 2],
  [64, 64, 3, 1, 8, 8],
  [64, 8, 1, 1, 6, 6],
  [128, 16, 3, 1, 5, 5],
  // Channels that do not fill the widest vectors, and more than one strip or tile of them.
  [4, 4, 1, 1, 5, 7],
  [12, 20, 1, 1, 5, 6],
  [36, 36, 1, 1, 8, 8],
  [72, 144, 1, 1, 4, 5],
  [144, 36, 1, 1, 7, 6],
  [3, 108, 3, 1, 8, 8],
  [3, 36, 3, 2, 7, 9],
  // Of the pixels that are read.
  [8, 16, 1, 2, 8, 8],
]

/** Channel counts without kernels. */
const LEFT_TO_ATEN: readonly Convolution[] = [
  [6, 8, 1, 2, 4, 4],
  [12, 24, 3, 1, 6, 6],
  [16, 20, 3, 1, 6, 6],
]

const SHAPES = [...WITH_KERNEL, ...LEFT_TO_ATEN]

async function gradients(
  [inputs, outputs, kernel, stride, height, width]: Convolution,
  arithmetic: Arithmetic,
  precision: Precision = 'float32',
  lone = false,
) {
  const input: Shape = { channels: inputs, height, width }
  const net = new NetBuilder()
  // The first convolution makes the input's gradient of the second one matter; both read it, so gradients accumulate.
  // Kernels for the few channels of images compute no such gradient.
  const image = net.program.input(input)
  const x = inputs < 4 ? image : net.conv(image, inputs, 1, { bias: lone })
  const y = net.program.batchNorm(net.conv(x, outputs, kernel, { stride, bias: false }))
  const z = net.program.batchNorm(net.conv(x, outputs, kernel, { stride, bias: false }))
  const program = net.classify(net.program.relu(net.program.add([y, z])), CLASSES)
  using small = await smallNet(program, net.specs, input, { count: 5, classes: CLASSES, arithmetic, precision })
  const { net: supernet, plan, dataset, indices } = small
  const logits = await supernet.logits(plan, dataset, indices)
  await supernet.accumulate(plan, { dataset, indices })
  return { logits, gradients: byName(net.specs, await supernet.read('gradients')) }
}

// Logits may be as far from float32 as those of ATen's own bfloat16 convolutions, times a factor: Winograd's values,
// where they are multiplied in bfloat16, round farther than a direct product. Gradients have no such measure: in five
// samples they move by several per cent with the sign of every ReLU input near zero, ATen's as much as these.
describe.each<[ConvolutionKernels, number]>([
  ['amxbf16', 5],
  ['avx512bf16', 5],
  ['avx512', 1.5],
  ['avx2', 1.5],
  ['none', 1.5],
])('bfloat16 convolutions with %s', (kernels, factor) => {
  computeWith(kernels)

  it.each(SHAPES)('%i → %i channels, kernel %i, stride %i, %i×%i are near float32', async (...shape) => {
    const exact = await gradients(shape, 'reference')
    const own = await gradients(shape, 'fast', 'bfloat16')
    const aten = await gradients(shape, 'reference', 'bfloat16')
    const theirs = rootMeanSquareError(aten.logits, exact.logits)
    expect(theirs).toBeGreaterThan(1e-4)
    expect(rootMeanSquareError(own.logits, exact.logits)).toBeLessThan(factor * theirs)
    for (const [name, values] of exact.gradients) {
      const found = own.gradients.get(name) ?? []
      // A batch norm makes the gradient of a lone scale zero: rounding is all there is of it, here and in ATen.
      if (values.length === 1) expect(Math.abs(found[0]), name).toBeLessThan(0.01)
      else expect(rootMeanSquareError(found, values), name).toBeLessThan(0.15)
    }
  })
})

describe.each<ConvolutionKernels>(['avx512', 'avx2', 'none'])('own convolutions with %s', (kernels) => {
  computeWith(kernels)

  it.each(SHAPES)('%i → %i channels, kernel %i, stride %i, %i×%i equal ATen’s', async (...shape) => {
    const own = await gradients(shape, 'fast')
    const aten = await gradients(shape, 'reference')
    // Float32 sums of a few thousand products in another order. A batch norm makes the gradient of a lone scale zero.
    expect(relativeError(own.logits, aten.logits)).toBeLessThan(2e-5)
    for (const [name, expected] of aten.gradients) {
      expect(relativeError(own.gradients.get(name) ?? [], expected, 0.01), name).toBeLessThan(5e-5)
    }
  })
  // A convolution with a bias has no kernel: those under test differ, or nothing does.
  const usesKernel = async (shape: Convolution) => {
    const computed = await gradients(shape, 'fast', 'float32', true)
    await limitConvolutionKernels('none')
    return !isDeepStrictEqual(computed, await gradients(shape, 'fast', 'float32', true))
  }

  it.runIf(onProcessor).each(WITH_KERNEL)(
    '%i → %i channels, kernel %i, stride %i, %i×%i have a kernel',
    async (...shape) => {
      expect(await usesKernel(shape)).toBe(kernels !== 'none')
    },
  )

  it.each(LEFT_TO_ATEN)('%i → %i channels, kernel %i, stride %i, %i×%i have none', async (...shape) => {
    expect(await usesKernel(shape)).toBe(false)
  })
})
