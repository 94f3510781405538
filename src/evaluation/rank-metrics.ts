/**
 * Metrics that compare predicted scores with true ones. Both lists hold one finite number per architecture; larger is
 * better. Lists of unequal length and numbers that are not finite throw a RangeError. No metric depends on the order of
 * the architectures, except that {@link bestFound} takes the first of equal predictions.
 */

/** Kendall's tau-b in [−1, 1] by Knight's O(n log n) algorithm (1966); NaN if one list is constant. */
export function kendallTauB(a: ArrayLike<number>, b: ArrayLike<number>): number {
  check(a, b)
  const n = a.length
  const order = Uint32Array.from({ length: n }, (_, i) => i)
  order.sort((i, j) => compare(a[i], a[j]) || compare(b[i], b[j]))
  const sorted = Float64Array.from(order, (i) => b[i])
  const tiedInA = tiedPairs(n, (i, j) => a[order[i]] === a[order[j]])
  const tiedInBoth = tiedPairs(n, (i, j) => a[order[i]] === a[order[j]] && sorted[i] === sorted[j])
  const discordant = sortAndCountInversions(sorted)
  const tiedInB = tiedPairs(n, (i, j) => sorted[i] === sorted[j])
  const pairs = (n * (n - 1)) / 2
  const difference = pairs - tiedInA - tiedInB + tiedInBoth - 2 * discordant
  return clamp(difference / (Math.sqrt(pairs - tiedInA) * Math.sqrt(pairs - tiedInB)))
}

/**
 * Standard deviation of Kendall's tau of `n` architectures in an order by chance, whose mean is 0, without ties
 * (Kendall, 1938): 1 for two, 0.13 for 30, 0.02 for 1,000. It is undefined, NaN, for one.
 */
export function kendallTauDeviationByChance(n: number): number {
  return Math.sqrt((2 * (2 * n + 5)) / (9 * n * (n - 1)))
}

/** Spearman's rank correlation in [−1, 1]. Equal values share their mean rank. NaN if one list is constant. */
export function spearman(a: ArrayLike<number>, b: ArrayLike<number>): number {
  check(a, b)
  const x = meanRanks(a)
  const y = meanRanks(b)
  const mean = (a.length + 1) / 2
  let xy = 0
  let xx = 0
  let yy = 0
  for (let i = 0; i < x.length; i++) {
    xy += (x[i] - mean) * (y[i] - mean)
    xx += (x[i] - mean) ** 2
    yy += (y[i] - mean) ** 2
  }
  return clamp(xy / (Math.sqrt(xx) * Math.sqrt(yy)))
}

/**
 * P@top-K (Ning et al., 2021): the share in [0, 1] of the K best predictions that are among the K truly best. `k` below
 * 1 is a fraction of all architectures (rounded, at least one); otherwise it is a number of architectures. If ties
 * leave the K best open, the value is the expectation over breaking the ties at random.
 */
export function precisionAtTopK(predicted: ArrayLike<number>, truth: ArrayLike<number>, k: number): number {
  check(predicted, truth)
  const n = predicted.length
  const count = k < 1 ? Math.max(1, Math.round(k * n)) : k
  if (!(k > 0) || !Number.isInteger(count) || count > n) {
    throw new RangeError(`Expected a fraction in (0, 1) or a whole number up to ${n} for k but received ${k}`)
  }
  const a = topMembership(predicted, count)
  const b = topMembership(truth, count)
  return a.reduce((sum, share, i) => sum + share * b[i], 0) / count
}

/** The sub-model that a ranking puts first. */
export interface BestFound {
  /** Index of the architecture with the largest prediction. */
  readonly index: number
  /** Its true value, in the unit of `truth`. */
  readonly truth: number
  /** Best true value minus `truth`, in the same unit. */
  readonly regret: number
}

/**
 * The architecture that a search finds if it trusts the predictions. `best` is the best true value that exists;
 * default: the best of `truth`. An empty list throws a RangeError.
 */
export function bestFound(predicted: ArrayLike<number>, truth: ArrayLike<number>, best?: number): BestFound {
  check(predicted, truth)
  if (predicted.length === 0) throw new RangeError('Expected at least one architecture but received none')
  let index = 0
  let most = truth[0]
  for (let i = 1; i < predicted.length; i++) {
    if (predicted[i] > predicted[index]) index = i
    if (truth[i] > most) most = truth[i]
  }
  return { index, truth: truth[index], regret: (best ?? most) - truth[index] }
}

function check(a: ArrayLike<number>, b: ArrayLike<number>): void {
  if (a.length !== b.length) {
    throw new RangeError(`Expected lists of equal length but received ${a.length} and ${b.length} numbers`)
  }
  for (const list of [a, b]) {
    for (let i = 0; i < list.length; i++) {
      if (!Number.isFinite(list[i])) throw new RangeError(`Expected a finite number at ${i} but received ${list[i]}`)
    }
  }
}

function compare(x: number, y: number): number {
  return x < y ? -1 : x > y ? 1 : 0
}

/** Rounding can push a perfect correlation a few ulps past one. */
function clamp(correlation: number): number {
  return Math.min(1, Math.max(-1, correlation))
}

/** Number of pairs in runs of equal neighbours. */
function tiedPairs(n: number, equal: (i: number, j: number) => boolean): number {
  let pairs = 0
  for (let i = 1, run = 0; i < n; i++) {
    run = equal(i - 1, i) ? run + 1 : 0
    pairs += run
  }
  return pairs
}

/** Merge sort in place; returns the number of pairs that were in strictly decreasing order. */
function sortAndCountInversions(values: Float64Array): number {
  let inversions = 0
  let from = values
  let to: Float64Array = new Float64Array(values.length)
  for (let width = 1; width < values.length; width *= 2) {
    for (let start = 0; start < values.length; start += 2 * width) {
      const middle = Math.min(start + width, values.length)
      const end = Math.min(middle + width, values.length)
      for (let out = start, i = start, j = middle; out < end; out++) {
        if (j === end || (i < middle && from[i] <= from[j])) to[out] = from[i++]
        else {
          to[out] = from[j++]
          inversions += middle - i
        }
      }
    }
    ;[from, to] = [to, from]
  }
  if (from !== values) values.set(from)
  return inversions
}

/** Ranks 1…n by ascending value. Equal values share their mean rank. */
export function meanRanks(values: ArrayLike<number>): Float64Array {
  const n = values.length
  const order = Uint32Array.from({ length: n }, (_, i) => i).sort((i, j) => compare(values[i], values[j]))
  const ranks = new Float64Array(n)
  for (let start = 0, end = 0; start < n; start = end) {
    while (end < n && values[order[end]] === values[order[start]]) end++
    for (let i = start; i < end; i++) ranks[order[i]] = (start + end + 1) / 2
  }
  return ranks
}

/** Probability that each element is among the `count` largest if ties are broken at random. */
function topMembership(values: ArrayLike<number>, count: number): Float64Array {
  const sorted = Float64Array.from(values).sort().reverse()
  const threshold = sorted[count - 1]
  const above = sorted.indexOf(threshold)
  const tied = sorted.lastIndexOf(threshold) - above + 1
  const share = (count - above) / tied
  return Float64Array.from(values, (value) => (value > threshold ? 1 : value === threshold ? share : 0))
}
