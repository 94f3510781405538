/** Columns of numbers that grow by rows. Values are float32, because they are drawn; a missing value is NaN. */
export class Series {
  readonly #columns = new Map<string, Float32Array>()
  #rows = 0
  #capacity = 256

  get rows(): number {
    return this.#rows
  }

  /** Names of the columns, in the order in which they first came. */
  get names(): string[] {
    return [...this.#columns.keys()]
  }

  /** Begins a row, whose numbers {@link set} adds. */
  add(): void {
    if (this.#rows === this.#capacity) this.#grow()
    this.#rows++
  }

  /** Sets a number of the last row. A name that earlier rows lack begins a new column. */
  set(name: string, value: number): void {
    let column = this.#columns.get(name)
    if (column === undefined) {
      column = new Float32Array(this.#capacity).fill(Number.NaN)
      this.#columns.set(name, column)
    }
    column[this.#rows - 1] = value
  }

  /** Values of a column from a row on; undefined if there is none of that name. */
  column(name: string, from = 0): Float32Array | undefined {
    return this.#columns.get(name)?.subarray(from, this.#rows)
  }

  clear(): void {
    this.#columns.clear()
    this.#rows = 0
  }

  #grow(): void {
    this.#capacity *= 2
    for (const [name, values] of this.#columns) {
      const larger = new Float32Array(this.#capacity).fill(Number.NaN)
      larger.set(values)
      this.#columns.set(name, larger)
    }
  }
}

/**
 * Rows of a series from `from` on, as bytes: the length of a head as uint32, the head as JSON, padded with spaces to a
 * multiple of four bytes, and one column after the other as float32. All numbers are little-endian, as on every machine
 * that there is a libtorch for.
 */
export function encodeSeries(series: Series, from: number, about: object): Buffer {
  const names = series.names
  const rows = Math.max(0, series.rows - from)
  const text = JSON.stringify({ ...about, from, rows, columns: names })
  const bytes = Buffer.byteLength(text)
  const padded = Math.ceil(bytes / 4) * 4
  const body = Buffer.alloc(4 + padded + 4 * rows * names.length, ' ')
  body.writeUInt32LE(padded, 0)
  body.write(text, 4)
  let place = 4 + padded
  for (const name of names) {
    const { buffer, byteOffset, byteLength } = series.column(name, from) as Float32Array
    place += Buffer.from(buffer, byteOffset, byteLength).copy(body, place)
  }
  return body
}
