/** Sets of instructions that the addon's own convolutions are compiled for. */
import { afterAll, beforeEach } from 'vitest'
import { type ConvolutionKernels, limitConvolutionKernels, nativeInfo } from '../../src/native/index.js'

/** True if tests compute on the processor, not on a GPU or what stands in for one; see `test-device.ts`. */
export const onProcessor = process.env.PADA_TEST_DEVICE === undefined

/** Lets all tests of a block compute with a set, and skips them where the processor has none such. */
export function computeWith(kernels: ConvolutionKernels): void {
  beforeEach(async ({ skip }) => {
    await limitConvolutionKernels(kernels)
    skip(nativeInfo().convolutionKernels !== kernels, `there is no ${kernels} here`)
  })
  afterAll(() => limitConvolutionKernels('amxbf16'))
}
