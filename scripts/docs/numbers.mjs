/** Numbers as pages show them. */

import { statistic } from '#dist/base/statistics.js'

/** @typedef {{ mean: number | null, deviation: number | null }} Statistic */

/** The mean of paired differences and, as its deviation, the mean's standard error. @param {readonly number[]} values */
export function withError(values) {
  const { mean, deviation } = statistic(values)
  return { mean, deviation: deviation === null ? null : deviation / Math.sqrt(values.length) }
}

/** @param {Statistic} statistic @param {{ signed?: boolean, places?: number }} [format] */
export function decimals({ mean, deviation }, { signed = false, places = 3 } = {}) {
  if (mean === null) return '–'
  const sign = signed && mean >= 0 ? '+' : ''
  const error = deviation === null ? '' : ` ± ${deviation.toFixed(places)}`
  return `${sign}${mean.toFixed(places)}${error}`.replace('-', '−')
}

/** @param {Statistic} statistic */
export function scientific({ mean, deviation }) {
  if (mean === null) return '–'
  return `${mean.toExponential(1)}${deviation === null ? '' : ` ± ${deviation.toExponential(1)}`}`
}
