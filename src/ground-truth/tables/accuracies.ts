/** A table whose values are all numbers, however its file held them: an architecture per row, columns of numbers. */
import { UserError } from '../../base/errors.js'
import { columnIndex, defaultColumn, type Table } from './table.js'

export interface Accuracies {
  /** What the file is, in words. */
  readonly format: string
  readonly keyedBy: Table['keyedBy']
  /** See {@link Table.keys}. */
  readonly keys: readonly string[]
  /** Values by name of the column, in the order of the keys; NaN where a row lacks one. */
  readonly columns: ReadonlyMap<string, Float64Array>
  /** See {@link Table.hashes}. */
  readonly hashes?: Uint32Array
}

/** As a table whose rows messages call entries, counted from 1. */
export function accuraciesTable(accuracies: Accuracies, file: string, kept = false): Table {
  const { format, keyedBy, columns, hashes } = accuracies
  const names = [...columns.keys()]
  const values = (column: string) => columns.get(names[columnIndex(names, column, file)])!
  return {
    format,
    keyedBy,
    get keys() {
      return accuracies.keys
    },
    columns: names,
    defaultColumn: defaultColumn(names, 'cifar10_test'),
    kept,
    values,
    text(column, row) {
      const value = values(column)[row]
      return Number.isNaN(value) ? '' : String(value)
    },
    place: (row) => `entry ${row + 1}`,
    ...(hashes && { hashes: () => hashes }),
  }
}

/** Of a table with a thousand numbers for each architecture of NAS-Bench-201. */
const MAX_NUMBERS = 2 ** 24

/** Collects rows whose columns are not known before the last one. */
export class AccuracyRows {
  readonly #archs: string[] = []
  readonly #columns = new Map<string, number[]>()

  /** @param file What messages call the table. */
  constructor(private readonly file: string) {}

  /** @throws UserError for more numbers than a table can have, those that rows lack included. */
  add(arch: string, values: Iterable<readonly [string, number]>): void {
    const row = this.#archs.push(arch) - 1
    for (const [name, value] of values) {
      let column = this.#columns.get(name)
      if (column === undefined) {
        column = []
        this.#columns.set(name, column)
      }
      if (this.#columns.size * row > MAX_NUMBERS) {
        throw new UserError(`Expected at most ${MAX_NUMBERS} numbers in ${this.file} but received more`)
      }
      while (column.length < row) column.push(Number.NaN)
      column[row] = value
    }
  }

  finish(format: string): Accuracies {
    const count = this.#archs.length
    const padded = (column: number[]) => Float64Array.from({ length: count }, (_, row) => column[row] ?? Number.NaN)
    const columns = new Map([...this.#columns].map(([name, column]) => [name, padded(column)]))
    return { format, keyedBy: 'arch', keys: this.#archs, columns }
  }
}
