/** Numbers as pages show them. */

/** @typedef {{ mean: number | null, deviation: number | null }} Statistic */

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
