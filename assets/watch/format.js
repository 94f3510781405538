/** Numbers and words as the terminal shows them: see src/base/format.ts. */

/**
 * What is done while training waits.
 *
 * @type {Readonly<Record<'gradientVariance' | 'accuracy', string>>}
 */
const MEASURING = { gradientVariance: 'measuring the gradient variance', accuracy: 'evaluating on test images' }

/** @param {number} seconds */
export function duration(seconds) {
  if (!Number.isFinite(seconds) || seconds < 0) return '–'
  if (seconds < 59.5) return `${Math.round(seconds)} s`
  const total = Math.round(seconds)
  if (total < 3600) return total % 60 === 0 ? `${total / 60} min` : `${Math.floor(total / 60)} min ${total % 60} s`
  const minutes = Math.round(total / 60)
  return minutes % 60 === 0 ? `${minutes / 60} h` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`
}

/** @param {number | null | undefined} fraction */
export function percent(fraction) {
  return isNumber(fraction) ? `${(100 * fraction).toFixed(2)} %` : '–'
}

/** @param {number} fraction A round number */
export function percentTick(fraction) {
  return `${Number((100 * fraction).toFixed(2))} %`
}

/** @param {number} value A round number */
export function plainTick(value) {
  return String(Number(value.toPrecision(3)))
}

/** @param {number | null | undefined} difference A difference of accuracies in percent */
export function points(difference) {
  return isNumber(difference) ? `${difference.toFixed(2)} points` : '–'
}

/** @param {number | null | undefined} value */
export function decimal(value) {
  return isNumber(value) ? value.toFixed(3) : '–'
}

/** @param {number | null | undefined} value */
export function scientific(value) {
  return isNumber(value) ? value.toExponential(2) : '–'
}

/** @param {number} value */
export function integer(value) {
  return Math.round(value).toLocaleString('en-US')
}

/**
 * A number of things: `1 epoch`, `90 epochs`.
 *
 * @param {number} count
 * @param {string} noun Whose plural ends in s
 */
export function counted(count, noun) {
  return `${integer(count)} ${noun}${count === 1 ? '' : 's'}`
}

/**
 * How far a run is, in words, and as a fraction; undefined if nobody knows. `meanwhile` is what training waits for.
 *
 * @param {import('../../src/watch/messages.js').RunOverview} run
 * @returns {{ words: string, fraction?: number, left: string, meanwhile?: string }}
 */
export function progressOf({ state, rows, about, progress, result }) {
  if (state === 'finished' && result !== undefined) {
    const { trained = rows, seconds } = result
    // A run that was stopped may be ranked: then it has trained fewer epochs than were planned.
    const { epochs: planned = trained } = about
    const epochs = trained < planned ? `${integer(trained)} of ${counted(planned, 'epoch')}` : counted(trained, 'epoch')
    return { words: `${epochs}, ${duration(seconds)}`, fraction: 1, left: '' }
  }
  const { epochs, stepsPerEpoch } = about
  // Progress is written once a second: an epoch in the log may be newer.
  const logged = progress?.phase === 'training' && stepsPerEpoch !== undefined ? rows * stepsPerEpoch : 0
  const done = Math.max(progress?.done ?? 0, logged)
  const { perSecond = null, total = 0 } = progress ?? {}
  const left = state === 'running' && perSecond && total > done ? duration((total - done) / perSecond) : ''
  if (progress === undefined || done > progress.done) {
    const words = epochs === undefined ? `epoch ${rows}` : `epoch ${rows}/${epochs}`
    return { words, fraction: ratio(rows, epochs), left }
  }
  const { phase, event } = progress
  const fraction = ratio(done, total)
  if (event.event !== 'step' && event.event !== 'measuring') {
    return { words: `${phase} ${integer(done)}/${integer(total)}`, fraction, left }
  }
  const words = `epoch ${event.epoch + 1}/${epochs ?? '?'}`
  // The epoch is in the log once the measurement is done.
  const measures = event.event === 'measuring' && state === 'running' && rows <= event.epoch
  return { words, fraction, left, ...(measures && { meanwhile: MEASURING[event.what] }) }
}

/**
 * A part of something; undefined if nobody knows how much that is.
 *
 * @param {number} part
 * @param {number | undefined} whole
 */
function ratio(part, whole) {
  return isNumber(whole) && whole > 0 ? part / whole : undefined
}

/**
 * @param {unknown} value
 * @returns {value is number}
 */
function isNumber(value) {
  return typeof value === 'number' && Number.isFinite(value)
}
