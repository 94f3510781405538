/** Mean and spread over seeds. */
export interface Statistic {
  /** Number of values that are not null. */
  readonly n: number
  /** Null without numbers. */
  readonly mean: number | null
  /** Sample standard deviation (divisor n − 1); null with fewer than two numbers. */
  readonly deviation: number | null
}

/** Statistic of the numbers among `values`; null stands for a value that was not measured. */
export function statistic(values: readonly (number | null)[]): Statistic {
  const numbers = values.filter((value) => value !== null)
  const n = numbers.length
  if (n === 0) return { n, mean: null, deviation: null }
  const mean = numbers.reduce((sum, value) => sum + value, 0) / n
  if (n === 1) return { n, mean, deviation: null }
  const squares = numbers.reduce((sum, value) => sum + (value - mean) ** 2, 0)
  return { n, mean, deviation: Math.sqrt(squares / (n - 1)) }
}

/** Statistic of values of which none is missing; of no values if one is. */
export function completeStatistic(values: readonly (number | null)[]): Statistic {
  return statistic(values.includes(null) ? [] : values)
}

/** Middle of the sorted values, or the mean of the two middle ones; NaN without values. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}
