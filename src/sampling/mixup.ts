/** Draws of mixup (Zhang et al. 2018): how much of each image stays, and which other image of the batch is added. */
import type { RandomStream } from '../base/random.js'
import type { AugmentationConfig } from '../config/augmentation.js'
import type { Mixup } from '../native/index.js'
import { shuffledIndices } from './indices.js'

/** Mixup of a batch of `count` images, if the list of augmentations has it: a share from Beta(α, α), and a permutation. */
export function drawMixup(list: readonly AugmentationConfig[], stream: RandomStream, count: number): Mixup | undefined {
  const mixup = list.find((entry) => entry.kind === 'mixup')
  return mixup && { share: betaShare(mixup.alpha, stream), partners: shuffledIndices(count, stream) }
}

/** A number from Beta(α, α), as the share that one gamma variable has of the sum of two. */
export function betaShare(alpha: number, stream: RandomStream): number {
  return 1 / (1 + Math.exp(logGamma(alpha, stream) - logGamma(alpha, stream)))
}

/**
 * The logarithm of a number from Gamma(α, 1), by Marsaglia and Tsang (2000). A number from Gamma(α) is one from
 * Gamma(α + 1) times the α-th root of a uniform number; logarithms do not underflow if α is small.
 */
function logGamma(alpha: number, stream: RandomStream): number {
  const d = alpha + 1 - 1 / 3
  const c = 1 / Math.sqrt(9 * d)
  for (;;) {
    const x = stream.normal()
    const v = (1 + c * x) ** 3
    if (v <= 0) continue
    if (Math.log(positiveUniform(stream)) >= 0.5 * x * x + d - d * v + d * Math.log(v)) continue
    return Math.log(d * v) + Math.log(positiveUniform(stream)) / alpha
  }
}

/** Uniform in (0, 1]. */
function positiveUniform(stream: RandomStream): number {
  return 1 - stream.uniform()
}
