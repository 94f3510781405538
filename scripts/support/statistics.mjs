/** Mean and variance as plain numbers. */
import { statistic } from '#dist/base/statistics.js'

/** NaN without values. @param {readonly number[]} values */
export function mean(values) {
  return statistic(values).mean ?? Number.NaN
}

/** Unbiased; 0 for a single value. @param {readonly number[]} values */
export function variance(values) {
  return (statistic(values).deviation ?? 0) ** 2
}
