/** Formats numbers for people, as text without colours. */

const BARS = '▁▂▃▄▅▆▇█'

/** Whole seconds below an hour, whole minutes above: `9 s`, `2 min 31 s`, `3 h 5 min`. */
export function duration(seconds: number): string {
  if (!Number.isFinite(seconds) || seconds < 0) return '–'
  if (seconds < 59.5) return `${Math.round(seconds)} s`
  const total = Math.round(seconds)
  if (total < 3600) return total % 60 === 0 ? `${total / 60} min` : `${Math.floor(total / 60)} min ${total % 60} s`
  const minutes = Math.round(total / 60)
  return minutes % 60 === 0 ? `${minutes / 60} h` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`
}

export function percent(fraction: number | null | undefined): string {
  return isNumber(fraction) ? `${(100 * fraction).toFixed(2)} %` : '–'
}

/** An accuracy of the ground truth, which is in percent. */
export function percentTruth(accuracy: number | null): string {
  return percent(accuracy === null ? null : accuracy / 100)
}

/** A difference of accuracies in percent. */
export function points(difference: number | null): string {
  return isNumber(difference) ? `${difference.toFixed(2)} points` : '–'
}

export function decimal(value: number | null | undefined, digits = 3): string {
  return isNumber(value) ? value.toFixed(digits) : '–'
}

export function scientific(value: number | null | undefined): string {
  return isNumber(value) ? value.toExponential(2) : '–'
}

/** Groups thousands: `12,345`. */
export function integer(value: number): string {
  return Math.round(value).toLocaleString('en-US')
}

/** A number of things whose plural ends in s: `1 epoch`, `90 epochs`. */
export function counted(count: number, noun: string): string {
  return `${integer(count)} ${noun}${count === 1 ? '' : 's'}`
}

/** Three digits and a unit of thousands: `8.51k`, `259k`, `1.20M`. */
export function rounded(value: number): string {
  return value.toLocaleString('en-US', {
    notation: 'compact',
    minimumSignificantDigits: 3,
    maximumSignificantDigits: 3,
  })
}

/**
 * One block character per value. The scale is logarithmic if all values are positive, because gradient variances span
 * decades. If there are more than `width` values, each character is the mean of neighbouring values.
 */
export function sparkline(values: readonly number[], width = 60): string {
  const grouped = group(values.filter(Number.isFinite), width)
  const heights = grouped.every((value) => value > 0) ? grouped.map(Math.log) : grouped
  const low = Math.min(...heights)
  const span = Math.max(...heights) - low
  const level = (height: number) => (span > 0 ? Math.round(((height - low) / span) * (BARS.length - 1)) : 0)
  return heights.map((height) => BARS[level(height)]).join('')
}

function group(values: readonly number[], count: number): number[] {
  if (values.length <= count) return [...values]
  return Array.from({ length: count }, (_, i) => {
    const part = values.slice(Math.floor((i * values.length) / count), Math.floor(((i + 1) * values.length) / count))
    return part.reduce((sum, value) => sum + value, 0) / part.length
  })
}

function isNumber(value: number | null | undefined): value is number {
  return typeof value === 'number' && Number.isFinite(value)
}
