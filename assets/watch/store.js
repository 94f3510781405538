/**
 * What the page knows of all runs. Messages may come twice, late, or with gaps between them: rows have numbers, so none
 * is taken twice, and what is missing is asked for.
 *
 * @typedef {import('../../src/watch/messages.js').Message} Message
 * @typedef {import('../../src/watch/messages.js').RunOverview} RunOverview
 * @typedef {import('../../src/watch/messages.js').PlanOverview} PlanOverview
 * @typedef {import('../../src/watch/messages.js').SeriesName} SeriesName
 * @typedef {{ run: string, series: SeriesName, from: number }} Lack
 */

/** Columns of numbers that grow; NaN where a number is missing. */
export class Curves {
  generation = 0
  rows = 0
  #capacity = 256
  /** @type {Map<string, Float32Array<ArrayBuffer>>} */
  #columns = new Map()

  /**
   * Takes rows from `from` on, of which it may have some. `values` gives the values of a column. Returns whether
   * anything is new.
   *
   * @param {{ generation: number, from: number, rows: number, columns: readonly string[] }} head
   * @param {(column: number) => ArrayLike<number>} values
   */
  take({ generation, from, rows, columns }, values) {
    if (generation < this.generation) return false
    if (generation > this.generation) {
      // Rows in the middle of a log whose beginning is unknown: it will be asked for.
      if (from > 0) return false
      this.clear(generation)
    }
    if (from > this.rows || from + rows <= this.rows) return false
    this.#reserve(from + rows)
    columns.forEach((name, c) => {
      let column = this.#columns.get(name)
      if (column === undefined) {
        column = new Float32Array(this.#capacity).fill(Number.NaN)
        this.#columns.set(name, column)
      }
      column.set(values(c), from)
    })
    this.rows = from + rows
    return true
  }

  /** @param {number} generation */
  clear(generation) {
    this.generation = generation
    this.rows = 0
    this.#columns.clear()
  }

  /**
   * The values of a column; undefined if there is none of that name.
   *
   * @param {string} name
   */
  column(name) {
    return this.#columns.get(name)?.subarray(0, this.rows)
  }

  /** @param {number} rows */
  #reserve(rows) {
    if (rows <= this.#capacity) return
    while (this.#capacity < rows) this.#capacity *= 2
    for (const [name, values] of this.#columns) {
      const larger = new Float32Array(this.#capacity).fill(Number.NaN)
      larger.set(values)
      this.#columns.set(name, larger)
    }
  }
}

export class Store {
  folder = ''
  instance = ''
  /** @type {Map<string, { overview: RunOverview, epochs: Curves, steps: Curves }>} */
  runs = new Map()
  /** @type {readonly PlanOverview[]} */
  plans = []

  /** @param {Message} message */
  apply(message) {
    switch (message.message) {
      case 'hello': {
        if (message.instance !== this.instance) this.runs.clear()
        this.instance = message.instance
        this.folder = message.folder
        this.plans = message.plans
        const ids = new Set(message.runs.map(({ id }) => id))
        for (const id of this.runs.keys()) if (!ids.has(id)) this.runs.delete(id)
        for (const run of message.runs) this.#update(run)
        break
      }
      case 'run':
        this.#update(message.run)
        break
      case 'rows': {
        const curves = this.runs.get(message.run)?.[message.series]
        const { rows, ...head } = message
        curves?.take({ ...head, rows: rows.length }, (column) => rows.map((row) => row[column] ?? Number.NaN))
        break
      }
      case 'gone':
        this.runs.delete(message.run)
        break
      case 'plans':
        this.plans = message.plans
    }
  }

  /**
   * What the curves of some runs lack.
   *
   * @param {Iterable<string>} ids
   * @returns {Lack[]}
   */
  lacks(ids) {
    /** @type {Lack[]} */
    const lacks = []
    for (const id of ids) {
      const run = this.runs.get(id)
      if (run === undefined) continue
      const { generation, rows, steps } = run.overview
      const parts = /** @type {const} */ ([
        ['epochs', run.epochs, { generation, rows }],
        ['steps', run.steps, steps],
      ])
      for (const [series, curves, there] of parts) {
        if (there.generation > curves.generation && there.rows > 0) lacks.push({ run: id, series, from: 0 })
        else if (there.generation === curves.generation && there.rows > curves.rows) {
          lacks.push({ run: id, series, from: curves.rows })
        }
      }
    }
    return lacks
  }

  /**
   * Takes what `/api/series` answered: see `encodeSeries` in src/watch/series.ts.
   *
   * @param {Lack} lack
   * @param {ArrayBuffer} bytes
   */
  fill({ run, series }, bytes) {
    const length = new DataView(bytes).getUint32(0, true)
    const head = JSON.parse(new TextDecoder().decode(new Uint8Array(bytes, 4, length)))
    this.runs
      .get(run)
      ?.[series].take(head, (column) => new Float32Array(bytes, 4 + length + 4 * column * head.rows, head.rows))
  }

  /** @param {RunOverview} overview */
  #update(overview) {
    const known = this.runs.get(overview.id)
    if (known === undefined) this.runs.set(overview.id, { overview, epochs: new Curves(), steps: new Curves() })
    else {
      known.overview = overview
      // Rows that are no longer in the log are shown until the new ones come.
      const { generation, rows, steps } = overview
      if (rows === 0 && generation > known.epochs.generation) known.epochs.clear(generation)
      if (steps.rows === 0 && steps.generation > known.steps.generation) known.steps.clear(steps.generation)
    }
  }
}
