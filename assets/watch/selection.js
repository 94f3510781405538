/** Runs that are drawn at first. */
const RECENT = 8

/** Which runs are drawn, and the number of each one's colour. */
export class Selection {
  /** @type {Map<string, number>} */
  #colors = new Map()
  /** True until the user chooses: the latest runs are drawn, also new ones. */
  #automatic = true
  #known = ''

  /** @param {string} id */
  colorOf(id) {
    return this.#colors.get(id)
  }

  /**
   * Forgets runs that have gone and, until the user chooses, takes the latest. Returns the runs by colour.
   *
   * @param {import('./store.js').Store} store
   * @returns {{ id: string, index: number }[]}
   */
  update(store) {
    const known = JSON.stringify([...store.runs.values()].map(({ overview }) => [overview.id, overview.state]))
    if (known !== this.#known) {
      this.#known = known
      for (const id of this.#colors.keys()) if (!store.runs.has(id)) this.#colors.delete(id)
      if (this.#automatic) this.#set(recent(store))
    }
    return [...this.#colors].map(([id, index]) => ({ id, index })).toSorted((a, b) => a.index - b.index)
  }

  /**
   * @param {string} id
   * @param {boolean} on
   */
  toggle(id, on) {
    this.#automatic = false
    if (on) this.#add(id)
    else this.#colors.delete(id)
  }

  /**
   * @param {string} which One of `recent`, `running`, `all`, `none`
   * @param {import('./store.js').Store} store
   */
  choose(which, store) {
    this.#automatic = which === 'recent'
    const all = [...store.runs.values()].map(({ overview }) => overview)
    const running = all.filter(({ state }) => state === 'running').map(({ id }) => id)
    if (which === 'recent') this.#set(recent(store))
    else this.#set(which === 'all' ? all.map(({ id }) => id) : which === 'running' ? running : [])
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
 * The runs that are running, and then those that wrote last.
 *
 * @param {import('./store.js').Store} store
 */
function recent(store) {
  const rank = (/** @type {string} */ state) => Number(state === 'running')
  return [...store.runs.values()]
    .map(({ overview }) => overview)
    .toSorted((a, b) => rank(b.state) - rank(a.state) || b.changed - a.changed)
    .slice(0, RECENT)
    .map(({ id }) => id)
}
