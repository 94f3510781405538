/** Tables whose values were read as numbers already: an architecture or hash per row, and columns of numbers. */
import { UserError } from '../../base/errors.js'
import { columnIndex, defaultColumn, type Table } from './table.js'

export interface Accuracies {
  /** See {@link Table.format}. */
  readonly format: string
  readonly keyedBy: Table['keyedBy']
  /** See {@link Table.keys}. */
  readonly keys: readonly string[]
  /** Columns by name. A column has a value per key, in the same order; NaN if the row lacks it. */
  readonly columns: ReadonlyMap<string, Float64Array>
  /** See {@link Table.defaultColumn}; by default the usual column of architectures or hashes. */
  readonly defaultColumn?: string
  /** See {@link Table.hashes}. */
  readonly hashes?: Uint32Array
}

/** A {@link Table} of these columns. Messages call its rows entries, counted from 1. */
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
    defaultColumn:
      accuracies.defaultColumn ?? defaultColumn(names, keyedBy === 'hash' ? 'test_accuracy' : 'cifar10_test'),
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

/** Most numbers of a table: about a thousand for each architecture of NAS-Bench-201. */
const MAX_NUMBERS = 2 ** 24

/** Collects rows. Every row can add columns. */
export class AccuracyRows {
  readonly #archs: string[] = []
  readonly #columns = new Map<string, number[]>()

  /** @param file Name of the table in messages. */
  constructor(private readonly file: string) {}

  /** @throws UserError for more numbers than a table can have. Numbers that rows lack count too. */
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
