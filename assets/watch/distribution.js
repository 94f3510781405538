import { areaColor } from './colors.js'
import { element, setText } from './elements.js'
import { percent, percentTick } from './format.js'
import { Plot } from './plot.js'
import { spreadRows } from './thin.js'

/**
 * @typedef {import('../../src/watch/messages.js').Distribution} Distribution
 * @typedef {import('./store.js').Curves} Curves
 */

/** Runs that are shown side by side. */
const MOST = 8

/** The distributions of several runs, one card each. */
export class DistributionView {
  /** @param {HTMLElement} parent */
  constructor(parent) {
    this.parent = parent
    /** @type {Map<string, DistributionCard>} */
    this.cards = new Map()
  }

  /**
   * Draws the distributions. Returns whether there are any.
   *
   * @param {import('./store.js').Store} store
   * @param {readonly { id: string }[]} chosen
   */
  draw(store, chosen) {
    const shown = chosen.filter(({ id }) => store.runs.get(id)?.overview.distribution !== undefined).slice(0, MOST)
    const ids = new Set(shown.map(({ id }) => id))
    for (const [id, card] of this.cards) {
      if (ids.has(id)) continue
      card.destroy()
      this.cards.delete(id)
    }
    for (const { id } of shown) {
      const run = store.runs.get(id)
      if (run?.overview.distribution === undefined) continue
      let card = this.cards.get(id)
      if (card === undefined) {
        card = new DistributionCard(id)
        this.parent.append(card.root)
        this.cards.set(id, card)
      }
      card.draw(run.overview.distribution, run.epochs)
    }
    return shown.length > 0
  }

  forget() {
    for (const card of this.cards.values()) card.forget()
  }
}

class DistributionCard {
  /** @param {string} id */
  constructor(id) {
    this.shares = element('div', { class: 'shares' })
    this.keys = element('ul', { class: 'keys' })
    this.root = element('div', { class: 'card' }, [element('h3', { text: id }), this.shares, this.keys])
    this.plot = new Plot(this.root, {
      title: 'Mean over all choices, by epoch',
      format: percent,
      ofTick: percentTick,
      range: [0, 1],
    })
    this.shape = ''
    this.drawn = ''
    /** @type {HTMLElement[][]} */
    this.parts = []
  }

  /**
   * @param {Distribution} distribution
   * @param {Curves} epochs
   */
  draw(distribution, epochs) {
    const { operations, rows } = distribution
    const shape = JSON.stringify([operations, rows.map(({ name, names }) => [name, names])])
    if (shape !== this.shape) this.#build(distribution)
    this.shape = shape
    rows.forEach(({ names, shares }, r) => {
      shares.forEach((share, k) => {
        const part = this.parts[r][k]
        part.style.width = `${100 * share}%`
        part.title = `${names[k]}: ${percent(share)}`
        setText(part, share >= 0.08 ? String(k) : '')
      })
    })
    this.#drawEpochs(operations, epochs)
  }

  forget() {
    this.drawn = ''
    this.plot.forget()
  }

  destroy() {
    this.plot.destroy()
    this.root.remove()
  }

  /** @param {Distribution} distribution */
  #build({ operations, rows }) {
    this.parts = rows.map(({ shares }) =>
      shares.map((_, k) => {
        const part = element('span', { class: 'part' })
        part.style.background = areaColor(k)
        return part
      }),
    )
    this.shares.replaceChildren(
      ...rows.flatMap(({ name }, r) => [
        element('span', { text: name }),
        element('div', { class: 'row' }, this.parts[r]),
      ]),
    )
    this.keys.replaceChildren(
      ...operations.map((name, k) => {
        const key = element('b', { text: String(k) })
        key.style.background = areaColor(k)
        return element('li', {}, [key, document.createTextNode(name)])
      }),
    )
  }

  /**
   * Areas on top of each other: each is drawn from the sum of all up to it, the largest sum first.
   *
   * @param {readonly string[]} operations
   * @param {Curves} epochs
   */
  #drawEpochs(operations, epochs) {
    const drawn = `${epochs.generation} ${epochs.rows}`
    if (drawn === this.drawn) return
    this.drawn = drawn
    const points = spreadRows(epochs)
    /** @type {import('./plot.js').Line[]} */
    const lines = []
    let sum = new Array(points.length).fill(0)
    operations.forEach((label, k) => {
      const shares = epochs.column(`share of ${k}`)
      if (shares === undefined) return
      const told = points.map(({ row }) => shares[row])
      sum = sum.map((below, i) => below + (told[i] || 0))
      lines.unshift({ label, color: areaColor(k), fill: areaColor(k), values: sum, told })
    })
    const positions = points.map(({ position }) => position)
    this.plot.draw(positions, points.length > 1 ? lines : [])
  }
}
