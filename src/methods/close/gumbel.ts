/** Straight-through Gumbel softmax (Jang et al., ICLR 2017): choices are hard forward and soft backward. */
import type { RandomStream } from '../../base/random.js'

export interface Choice {
  readonly index: number
  /** softmax((logits + Gumbel noise) / temperature). */
  readonly soft: Float64Array
}

/** Draws an index with probability softmax(logits), at any temperature. */
export function gumbelChoice(logits: Float64Array, temperature: number, random: RandomStream): Choice {
  // Replaces zero, whose logarithm is infinite, by the next number that a stream can give.
  const noisy = logits.map((logit) => logit - Math.log(-Math.log(Math.max(random.uniform(), 2 ** -53))))
  const largest = noisy.reduce((most, value) => Math.max(most, value))
  const powers = noisy.map((value) => Math.exp((value - largest) / temperature))
  const total = powers.reduce((sum, power) => sum + power, 0)
  return { index: noisy.indexOf(largest), soft: powers.map((power) => power / total) }
}

/** Gradient of the logits, given the gradient of the one-hot choice, as if that choice had been `soft`. */
export function gumbelBackward({ soft }: Choice, temperature: number, gradient: ArrayLike<number>): Float64Array {
  const mean = soft.reduce((sum, share, i) => sum + share * gradient[i], 0)
  return soft.map((share, i) => (share * (gradient[i] - mean)) / temperature)
}
