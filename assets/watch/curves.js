import { lineStyle } from './colors.js'
import { decimal, integer, percent, percentTick, plainTick, scientific } from './format.js'
import { KINDS, legendOf } from './kinds.js'
import { Plot } from './plot.js'
import { bucketSize, lengthOf, positionsOf, thinned } from './thin.js'
import uPlot from './uplot.js'

/**
 * @typedef {import('./store.js').Store} Store
 * @typedef {{ id: string, index: number }} Chosen A run that is drawn, and the number of its colour
 * @typedef {Chosen & { epochs: import('./store.js').Curves, steps: import('./store.js').Curves }} Drawn
 * @typedef {import('./plot.js').Format} Format
 * @typedef {{ column: string, kind?: import('./kinds.js').Kind }} Part
 */

/** @type {readonly { title: string, format: Format, ofTick?: Format, log?: boolean, parts: Part[] }[]} */
const PLOTS = [
  {
    title: 'Loss by epoch',
    format: decimal,
    ofTick: plainTick,
    parts: [
      { column: 'loss', kind: 'training' },
      { column: 'testLoss', kind: 'test' },
    ],
  },
  {
    title: 'Accuracy by epoch',
    format: percent,
    ofTick: percentTick,
    parts: [
      { column: 'accuracy', kind: 'training' },
      { column: 'trainTop1', kind: 'training' },
      { column: 'top1', kind: 'test' },
      { column: 'top1Averaged', kind: 'test with averaged weights' },
    ],
  },
  {
    title: 'Gradient variance by epoch',
    format: scientific,
    log: true,
    parts: [
      { column: 'gradientVariance', kind: 'training' },
      { column: 'fixedGradientVariance', kind: 'fixed weights' },
    ],
  },
  {
    title: 'Learning rate by epoch',
    format: plainTick,
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
    this.bySteps = new Plot(parent, { title: 'Loss of sampled steps', format: decimal, ofTick: plainTick })
    this.drawn = ''
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
      return run === undefined || run.epochs.rows + run.steps.rows === 0 ? [] : [{ id, index, ...run }]
    })
    const state = runs.map(({ id, index, epochs, steps }) => [
      ...[id, index, epochs.generation, epochs.rows],
      ...[steps.generation, steps.rows],
    ])
    const drawn = JSON.stringify(state)
    if (drawn !== this.drawn) {
      this.drawn = drawn
      this.#drawEpochs(runs)
      this.#drawSteps(runs)
    }
    return runs.length > 0
  }

  /** @param {readonly Drawn[]} runs */
  #drawEpochs(runs) {
    const length = Math.max(0, ...runs.map(({ epochs }) => lengthOf(epochs)))
    const size = bucketSize(length)
    const positions = positionsOf(length, size)
    for (const { parts, plot, log } of this.byEpoch) {
      const drawn = parts.filter(({ column }) => runs.some(({ epochs }) => epochs.column(column) !== undefined))
      const kinds = [...new Set(drawn.flatMap(({ kind }) => kind ?? []))]
      const lines = drawn.flatMap(({ column, kind }) =>
        runs.flatMap(({ id, index, epochs }) => {
          const values = thinned(epochs, column, { size, length: positions.length, positive: log })
          if (values === undefined) return []
          const style = lineStyle(index)
          const mixed = kind !== undefined && kinds.length > 1
          const dash = mixed ? KINDS[kind].dash : style.dash
          return [{ label: mixed ? `${id} ${kind}` : id, color: style.color, dash, values }]
        }),
      )
      plot.draw(positions, lines, legendOf(kinds))
    }
  }

  forget() {
    for (const { plot } of this.byEpoch) plot.forget()
    this.bySteps.forget()
    this.drawn = ''
  }

  /** @param {readonly Drawn[]} all */
  #drawSteps(all) {
    const runs = all.filter(({ steps }) => steps.rows > 0).slice(0, MOST_STEPS)
    const tables = runs.map(
      ({ steps }) => /** @type {import('uplot').AlignedData} */ ([steps.column('position'), steps.column('loss')]),
    )
    const [positions, ...values] = runs.length === 0 ? [[]] : uPlot.join(tables)
    this.bySteps.draw(
      /** @type {number[]} */ (positions),
      runs.map(({ id, index }, i) => {
        const { color, dash } = lineStyle(index)
        return { label: id, color, dash, values: /** @type {(number | null)[]} */ (values[i]) }
      }),
    )
  }
}
