/** Axes of measured values. */

/** Largest ratio of values on a linear axis, if the format suits a logarithmic one. */
const FAR = 10
/** Share of the axis that is left free beyond the extreme values. */
const MARGIN = 0.05

/** Scale and ticks of an axis, for Vega-Lite. */
export interface ValueAxis {
  readonly scale: { readonly type?: string; readonly domain: readonly [number, number]; readonly nice: false }
  /** Number format and, on a logarithmic axis, the places of the ticks. */
  readonly axis: object
}

/**
 * The axis of some values, which need not begin at zero. `format` is a number format of d3. If it is for numbers of many
 * sizes (it ends in `e`, `s` or `r`), all values are positive, and the largest exceeds the smallest by the factor
 * {@link FAR}, the axis is logarithmic.
 */
export function valueAxis(values: readonly number[], format: string): ValueAxis {
  const low = values.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY)
  const high = values.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY)
  if (/[ers]$/.test(format) && low > 0 && high / low > FAR) {
    const margin = (high / low) ** MARGIN
    const domain = [low / margin, high * margin] as const
    return {
      scale: { type: 'log', domain, nice: false },
      axis: { format: format.replace(/^.*e$/, '~e'), values: logTicks(domain) },
    }
  }
  const margin = high > low ? MARGIN * (high - low) : Math.abs(high) / 2 || 1
  const axis = format.endsWith('e') ? { labelExpr: `datum.value ? format(datum.value, '${format}') : '0'` } : { format }
  return { scale: { domain: [low - margin, high + margin], nice: false }, axis: { ...axis, tickCount: 4 } }
}

/** The powers of ten in a range of positive numbers, and their doubles and fivefolds if the powers are few. */
export function logTicks([low, high]: readonly number[]): number[] {
  const within = (factors: readonly number[]) => {
    const powers = Array.from(
      { length: Math.ceil(Math.log10(high)) - Math.floor(Math.log10(low)) + 1 },
      (_, i) => Math.floor(Math.log10(low)) + i,
    )
    const ticks = powers.flatMap((power) => factors.map((factor) => Number(`${factor}e${power}`)))
    return ticks.filter((tick) => tick >= low && tick <= high)
  }
  const powers = within([1])
  return powers.length >= 3 ? powers : within([1, 2, 5])
}
