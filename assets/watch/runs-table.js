import { lineStyle } from './colors.js'
import { element, setText } from './elements.js'
import { decimal, percent, progressOf, scientific } from './format.js'
import { accuraciesOf } from './kinds.js'

/**
 * @typedef {import('../../src/watch/messages.js').RunOverview} RunOverview
 * @typedef {{ key: string, run: string, overview?: RunOverview, labels: Record<string, string> }} Row A run, or a search
 *   that an experiment has yet to begin
 * @typedef {{ title: string, class: string, text: (row: Row) => string, needed?: (row: Row) => boolean }} Column
 *   With `needed`, the column is there if a row needs it
 */

/** @type {readonly Column[]} */
const COLUMNS = [
  { title: 'left', class: 'number medium', text: ({ overview }) => (overview ? progressOf(overview).left : '') },
  { title: 'method', class: 'wide', text: ({ overview }) => overview?.about.method ?? '' },
  { title: 'space', class: 'wide', text: ({ overview }) => overview?.about.space ?? '' },
  { title: 'data', class: 'wide', text: ({ overview }) => overview?.about.dataset ?? '' },
  { title: 'loss', class: 'number medium', text: ({ overview }) => decimal(overview?.latest.loss) },
  accuracyColumn('training'),
  accuracyColumn('test'),
  { title: 'GV', class: 'number wide', text: ({ overview }) => scientific(overview?.latest.gradientVariance) },
  {
    title: 'KT',
    class: 'number medium',
    text: ({ overview }) => decimal(overview?.result?.kind === 'search' ? overview.result.kendallTau : null),
  },
]

/** All runs as a table. The cells of an experiment have a column per axis that varies, and searches that are planned. */
export class RunsTable {
  /**
   * @param {HTMLElement} parent
   * @param {{ toggled: (id: string, on: boolean) => void, colorOf: (id: string) => number | undefined }} selection
   */
  constructor(parent, { toggled, colorOf }) {
    this.colorOf = colorOf
    this.head = element('thead')
    this.body = element('tbody')
    parent.append(element('table', {}, [this.head, this.body]))
    /** @type {Map<string, { root: HTMLElement, update: (row: Row) => void }>} */
    this.rows = new Map()
    this.shape = ''
    this.body.addEventListener('change', ({ target }) => {
      if (target instanceof HTMLInputElement) toggled(target.value, target.checked)
    })
  }

  /** @param {import('./store.js').Store} store */
  draw(store) {
    const rows = rowsOf(store)
    const axes = variedAxes(rows)
    /** @type {Column[]} */
    const labels = axes.map((axis) => ({ title: axis, class: 'medium', text: ({ labels }) => labels[axis] ?? '' }))
    const others = COLUMNS.filter(({ title, needed }) => !axes.includes(title) && (!needed || rows.some(needed)))
    const columns = [...labels, ...others]
    const shape = JSON.stringify([columns.map(({ title }) => title), rows.map(({ key }) => key)])
    if (shape !== this.shape) {
      this.shape = shape
      this.#build(rows, columns)
    }
    for (const row of rows) this.rows.get(row.key)?.update(row)
  }

  /**
   * @param {readonly Row[]} rows
   * @param {readonly Column[]} columns
   */
  #build(rows, columns) {
    const titles = [['run', ''], ['state', ''], ['progress', ''], ...columns.map(({ title, class: c }) => [title, c])]
    const cells = titles.map(([text, classes]) => element('th', { scope: 'col', text, class: classes }))
    this.head.replaceChildren(element('tr', {}, cells))
    this.rows = new Map(rows.map((row) => [row.key, this.#row(row, columns)]))
    this.body.replaceChildren(...[...this.rows.values()].map(({ root }) => root))
  }

  /**
   * @param {Row} first
   * @param {readonly Column[]} columns
   */
  #row(first, columns) {
    const box = element('input', { type: 'checkbox', value: first.run })
    box.disabled = first.overview === undefined
    const swatch = element('span', { class: 'swatch' })
    const label = element('label', {}, [box, swatch, element('span', { text: first.run })])
    const state = element('td')
    const reason = element('span', { class: 'reason' })
    const kindOf = element('span')
    state.append(kindOf, reason)
    const bar = element('progress', { max: '1', 'aria-label': `Progress of ${first.run}` })
    const words = element('span')
    const meanwhile = element('span', { class: 'meanwhile' })
    const others = columns.map((column) => ({ column, cell: element('td', { class: column.class }) }))
    const cells = others.map(({ cell }) => cell)
    const root = element('tr', {}, [
      element('td', { class: 'run' }, [label]),
      state,
      element('td', {}, [bar, words, meanwhile]),
      ...cells,
    ])
    const update = (/** @type {Row} */ row) => {
      const color = this.colorOf(row.run)
      box.checked = color !== undefined
      const style = color === undefined ? undefined : lineStyle(color)
      swatch.style.borderTopColor = style?.color ?? 'transparent'
      swatch.style.borderTopStyle = /** @type {'solid'} */ (style?.style ?? 'solid')
      const { overview } = row
      const kind = overview?.state ?? 'planned'
      setText(kindOf, kind)
      setText(reason, overview?.reason ? `: ${overview.reason}` : '')
      state.className = `state state-${kind}`
      state.title = overview?.reason ?? ''
      const progress = overview && progressOf(overview)
      bar.hidden = progress?.fraction === undefined
      bar.value = progress?.fraction ?? 0
      setText(words, progress?.words ?? '')
      setText(meanwhile, progress?.meanwhile ?? '')
      for (const { column, cell } of others) setText(cell, column.text(row))
    }
    return { root, update }
  }
}

/**
 * @param {'training' | 'test'} images
 * @returns {Column}
 */
function accuracyColumn(images) {
  const accuracy = (/** @type {Row} */ { overview }) => overview && accuraciesOf(overview)[images]
  return {
    title: `${images} acc.`,
    class: 'number medium',
    text: (row) => percent(accuracy(row)),
    needed: (row) => accuracy(row) !== undefined,
  }
}

/**
 * All runs and planned searches: first what runs, then the rest by name.
 *
 * @param {import('./store.js').Store} store
 * @returns {Row[]}
 */
function rowsOf(store) {
  /** @type {Map<string, Row>} */
  const rows = new Map()
  for (const { id, cells } of store.plans) {
    for (const cell of cells) {
      const run = id === '.' ? `cells/${cell.id}` : `${id}/cells/${cell.id}`
      rows.set(run, { key: run, run, labels: { ...cell.labels, seed: String(cell.seed) } })
    }
  }
  for (const [run, { overview }] of store.runs) {
    const planned = rows.get(run)
    rows.set(run, { key: `${run} run`, run, overview, labels: planned?.labels ?? {} })
  }
  const isRunning = (/** @type {Row} */ row) => row.overview?.state === 'running'
  return [...rows.values()].toSorted(
    (a, b) => Number(isRunning(b)) - Number(isRunning(a)) || a.run.localeCompare(b.run, 'en', { numeric: true }),
  )
}

/**
 * Axes whose labels differ among the searches of experiments.
 *
 * @param {readonly Row[]} rows
 */
function variedAxes(rows) {
  const labelled = rows.filter(({ labels }) => Object.keys(labels).length > 0)
  const names = new Set(labelled.flatMap(({ labels }) => Object.keys(labels)))
  return [...names].filter((name) => new Set(labelled.map(({ labels }) => labels[name])).size > 1)
}
