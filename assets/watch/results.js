import { element } from './elements.js'
import { factsOf } from './facts.js'
import { percent } from './format.js'

/**
 * @typedef {import('../../src/watch/messages.js').RunOverview} RunOverview
 */

/** Runs whose results are shown side by side. */
const MOST = 8
/** Architectures of a run that are listed. */
const LISTED = 5

/** The results of finished runs, one card each. */
export class ResultsView {
  /** @param {HTMLElement} parent */
  constructor(parent) {
    this.parent = parent
    /** @type {Map<string, { root: HTMLElement, of: string }>} */
    this.cards = new Map()
  }

  /**
   * Shows the results. Returns whether there are any.
   *
   * @param {import('./store.js').Store} store
   * @param {readonly { id: string }[]} chosen
   */
  draw(store, chosen) {
    const shown = chosen
      .flatMap(({ id }) => store.runs.get(id)?.overview ?? [])
      .filter(({ result }) => result !== undefined)
      .slice(0, MOST)
    const ids = new Set(shown.map(({ id }) => id))
    for (const [id, { root }] of this.cards) {
      if (ids.has(id)) continue
      root.remove()
      this.cards.delete(id)
    }
    for (const run of shown) {
      const of = JSON.stringify(run.result)
      const known = this.cards.get(run.id)
      if (known?.of === of) continue
      const root = cardOf(run)
      if (known === undefined) this.parent.append(root)
      else known.root.replaceWith(root)
      this.cards.set(run.id, { root, of })
    }
    return shown.length > 0
  }
}

/** @param {RunOverview} run */
function cardOf({ id, about, result, generation }) {
  if (result === undefined) throw new Error(`Expected a result of ${id} but there is none`)
  const facts = factsOf(result).flatMap(([name, value]) => [
    element('dt', { text: name }),
    element('dd', { text: value }),
  ])
  const card = element('div', { class: 'card' }, [
    element('h3', { text: id }),
    element('dl', { class: 'facts' }, facts),
  ])
  const best = result.kind === 'search' ? (result.found.length > 0 ? result.found : result.top) : []
  if (best.length > 0) {
    const query = new URLSearchParams({ run: id, generation: String(generation) })
    const picture = element('img', {
      src: `/api/drawing?${query}`,
      alt: `Drawing of the best architecture, ${best[0].arch}`,
      loading: 'lazy',
    })
    // Some spaces have no drawing.
    picture.addEventListener('error', () => picture.remove())
    const list = best.slice(0, LISTED).map(({ arch, accuracy, groundTruth }) => {
      const truth = groundTruth === null ? '' : `, truth ${percent(groundTruth / 100)}`
      return element('li', {}, [
        element('code', { text: arch }),
        document.createTextNode(` ${percent(accuracy)}${truth}`),
      ])
    })
    card.append(picture, element('ol', { class: 'archs' }, list))
  } else if (about.arch !== undefined) {
    card.append(element('p', { text: about.arch }))
  }
  return card
}
