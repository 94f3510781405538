/** Histograms as TensorBoard keeps them: `HistogramProto` in tensorboard/compat/proto/histogram.proto. */

/** Buckets of equal width; TensorBoard shows as many. */
const BUCKETS = 30

/** Weights of buckets that adjoin each other. */
export interface Histogram {
  /** Left end of the first bucket, and right end of the last one. */
  readonly min: number
  readonly max: number
  /** Number of values, their sum, and the sum of their squares. */
  readonly count: number
  readonly sum: number
  readonly sumOfSquares: number
  /** Right end of each bucket. */
  readonly limits: readonly number[]
  /** Values in each bucket. */
  readonly counts: readonly number[]
}

/**
 * How often values occur. Equal values are in one bucket of width 1 around them, as TensorBoard's own writer puts them.
 * `values` has at least one, and all are finite.
 */
export function histogramOf(values: ArrayLike<number>): Histogram {
  const list = Array.from(values)
  const least = list.reduce((a, b) => Math.min(a, b))
  const most = list.reduce((a, b) => Math.max(a, b))
  const sums = {
    count: list.length,
    sum: list.reduce((sum, value) => sum + value, 0),
    sumOfSquares: list.reduce((sum, value) => sum + value ** 2, 0),
  }
  const step = (most - least) / BUCKETS
  if (step === 0) {
    return { ...sums, min: least - 0.5, max: most + 0.5, limits: [most + 0.5], counts: [list.length] }
  }
  const counts = new Array<number>(BUCKETS).fill(0)
  for (const value of list) counts[Math.min(BUCKETS - 1, Math.floor((value - least) / step))]++
  const limits = counts.map((_, i) => (i === BUCKETS - 1 ? most : least + (i + 1) * step))
  return { ...sums, min: least, max: most, limits, counts }
}

/** A distribution over 0 … K−1: each number has a bucket of width 1 around it, whose weight is its probability. */
export function histogramOfShares(shares: readonly number[]): Histogram {
  const moment = (power: number) => shares.reduce((sum, share, k) => sum + share * k ** power, 0)
  return {
    min: -0.5,
    max: shares.length - 0.5,
    count: moment(0),
    sum: moment(1),
    sumOfSquares: moment(2),
    limits: shares.map((_, k) => k + 0.5),
    counts: shares,
  }
}
