import { lineStyle } from './colors.js'
import { decimal, integer, percent, scientific } from './format.js'
import { Plot } from './plot.js'
import uPlot from './uplot.js'

/**
 * @typedef {import('./store.js').Store} Store
 * @typedef {{ id: string, index: number }} Chosen A run that is drawn, and the number of its colour
 * @typedef {{ column: string, note?: string, dash?: number[] }} Part
 */

/** @type {readonly { title: string, format: (value: number) => string, log?: boolean, parts: Part[] }[]} */
const PLOTS = [
  {
    title: 'Loss by epoch',
    format: decimal,
    parts: [{ column: 'loss' }, { column: 'testLoss', note: 'on test images', dash: [4, 3] }],
  },
  {
    title: 'Accuracy by epoch',
    format: percent,
    parts: [
      { column: 'accuracy' },
      { column: 'top1', note: 'on test images' },
      { column: 'top1Averaged', note: 'averaged weights', dash: [8, 3] },
      { column: 'trainTop1', note: 'on training images', dash: [2, 3] },
    ],
  },
  {
    title: 'Gradient variance by epoch',
    format: scientific,
    log: true,
    parts: [
      { column: 'gradientVariance' },
      { column: 'fixedGradientVariance', note: 'at fixed weights', dash: [4, 3] },
    ],
  },
  {
    title: 'Learning rate by epoch',
    format: (value) => String(Number(value.toPrecision(3))),
    parts: [{ column: 'learningRate' }],
  },
  { title: 'Images per second', format: integer, parts: [{ column: 'imagesPerSecond' }] },
]

/** Runs whose steps are drawn: every run has positions of its own, so many cost much. */
const MOST_STEPS = 8

export class CurvesView {
  /** @param {HTMLElement} parent */
  constructor(parent) {
    this.byEpoch = PLOTS.map(({ parts, ...options }) => ({ parts, plot: new Plot(parent, options), log: options.log }))
    this.bySteps = new Plot(parent, { title: 'Loss of sampled steps', format: decimal })
  }

  /**
   * Draws the curves. Returns whether there are any.
   *
   * @param {Store} store
   * @param {readonly Chosen[]} chosen
   */
  draw(store, chosen) {
    const runs = chosen.flatMap(({ id, index }) => {
      const run = store.runs.get(id)
      return run === undefined || run.epochs.rows === 0 ? [] : [{ id, index, epochs: run.epochs }]
    })
    const length = Math.max(0, ...runs.map(({ epochs }) => 1 + (epochs.column('epoch')?.at(-1) ?? -1)))
    const positions = Array.from({ length }, (_, i) => i + 1)
    for (const { parts, plot, log } of this.byEpoch) {
      /** @type {import('./plot.js').Line[]} */
      const lines = []
      for (const { id, index, epochs } of runs) {
        for (const { column, note, dash } of parts) {
          const values = epochs.column(column)
          if (values === undefined) continue
          const style = lineStyle(index)
          lines.push({
            label: note === undefined ? id : `${id} ${note}`,
            color: style.color,
            dash: dash ?? style.dash,
            values: placed(values, epochs.column('epoch'), length, log),
          })
        }
      }
      plot.draw(positions, lines)
    }
    return this.#drawSteps(store, chosen) || runs.length > 0
  }

  forget() {
    for (const { plot } of this.byEpoch) plot.forget()
    this.bySteps.forget()
  }

  /**
   * @param {Store} store
   * @param {readonly Chosen[]} chosen
   */
  #drawSteps(store, chosen) {
    const runs = chosen.filter(({ id }) => (store.runs.get(id)?.steps.rows ?? 0) > 0).slice(0, MOST_STEPS)
    if (runs.length === 0) {
      this.bySteps.draw([], [])
      return false
    }
    const tables = runs.map(({ id }) => {
      const steps = store.runs.get(id)?.steps
      return /** @type {import('uplot').AlignedData} */ ([steps?.column('position') ?? [], steps?.column('loss') ?? []])
    })
    const [positions, ...values] = uPlot.join(tables)
    this.bySteps.draw(
      /** @type {number[]} */ (positions),
      runs.map(({ id, index }, i) => ({ label: id, ...lineStyle(index), values: [...values[i]] })),
    )
    return true
  }
}

/**
 * Values at their epochs. Epochs without a value, and on a logarithmic scale values that are not positive, are left out.
 *
 * @param {(number | null)[]} values
 * @param {(number | null)[] | undefined} epochs
 * @param {number} length
 * @param {boolean} [log]
 */
function placed(values, epochs = [], length, log) {
  /** @type {(number | null)[]} */
  const result = new Array(length).fill(null)
  for (let row = 0; row < values.length; row++) {
    const value = values[row]
    if (value !== null && (!log || value > 0)) result[epochs[row] ?? row] = value
  }
  return result
}
