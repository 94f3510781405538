/**
 * Pearson's statistic of counts against probabilities, and its limit. A right generator exceeds the limit with
 * probability 1e-4, that is for one of 10,000 seeds (approximation of Wilson and Hilferty, 1931).
 */
export function chiSquare(counts: ArrayLike<number>, probabilities: ArrayLike<number>) {
  const total = Array.from(counts).reduce((sum, count) => sum + count, 0)
  let statistic = 0
  let freedom = -1
  for (let i = 0; i < counts.length; i++) {
    if (probabilities[i] === 0) {
      if (counts[i] > 0) statistic = Number.POSITIVE_INFINITY
      continue
    }
    const expected = total * probabilities[i]
    statistic += (counts[i] - expected) ** 2 / expected
    freedom++
  }
  const z = 3.719 // standard normal quantile of 1 − 1e-4
  const limit = freedom * (1 - 2 / (9 * freedom) + z * Math.sqrt(2 / (9 * freedom))) ** 3
  return { statistic, limit }
}

/** Counts each of `bins` indices in `draws` draws. */
export function histogram(bins: number, draws: number, draw: () => number): number[] {
  const counts = new Array<number>(bins).fill(0)
  for (let i = 0; i < draws; i++) counts[draw()]++
  return counts
}
