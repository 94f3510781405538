/** @typedef {import('../../src/watch/messages.js').RunOverview} RunOverview */

/** Runs that are drawn at first. */
const RECENT = 8

/**
 * Which runs are drawn by each rule. New runs are drawn too.
 *
 * @type {Record<string, (runs: RunOverview[]) => RunOverview[]>}
 */
const RULES = {
  recent: (runs) => runs.toSorted(latestFirst).slice(0, RECENT),
  running: (runs) => runs.filter(({ state }) => state === 'running'),
  all: (runs) => runs,
  none: () => [],
}

/** Which runs are drawn, and the number of each one's colour. */
export class Selection {
  /** @type {Map<string, number>} */
  #colors = new Map()
  /** @type {string | undefined} Undefined once the user has chosen run by run. */
  #rule
  #known = ''

  /** @param {string} rule A name of {@link RULES}; `recent` for any other text. */
  constructor(rule) {
    this.#rule = Object.hasOwn(RULES, rule) ? rule : 'recent'
  }

  /** @param {string} id */
  colorOf(id) {
    return this.#colors.get(id)
  }

  /**
   * Forgets runs that have gone and applies the rule. Returns the runs by colour.
   *
   * @param {import('./store.js').Store} store
   * @returns {{ id: string, index: number }[]}
   */
  update(store) {
    const runs = [...store.runs.values()].map(({ overview }) => overview)
    const known = JSON.stringify(runs.map(({ id, state }) => [id, state]))
    if (known !== this.#known) {
      this.#known = known
      for (const id of this.#colors.keys()) if (!store.runs.has(id)) this.#colors.delete(id)
      if (this.#rule !== undefined) this.#set(RULES[this.#rule](runs).map(({ id }) => id))
    }
    return [...this.#colors].map(([id, index]) => ({ id, index })).toSorted((a, b) => a.index - b.index)
  }

  /**
   * @param {string} id
   * @param {boolean} on
   */
  toggle(id, on) {
    this.#rule = undefined
    if (on) this.#add(id)
    else this.#colors.delete(id)
  }

  /** @param {string} rule */
  choose(rule) {
    this.#rule = rule
    this.#known = ''
  }

  /** @param {readonly string[]} ids */
  #set(ids) {
    for (const id of this.#colors.keys()) if (!ids.includes(id)) this.#colors.delete(id)
    for (const id of ids) this.#add(id)
  }

  /**
   * Gives a run the first colour that no other has. A run that has one keeps it.
   *
   * @param {string} id
   */
  #add(id) {
    if (this.#colors.has(id)) return
    const taken = new Set(this.#colors.values())
    let index = 0
    while (taken.has(index)) index++
    this.#colors.set(id, index)
  }
}

/**
 * What runs comes first, and then what wrote last.
 *
 * @param {RunOverview} a
 * @param {RunOverview} b
 */
function latestFirst(a, b) {
  return Number(b.state === 'running') - Number(a.state === 'running') || b.changed - a.changed
}
