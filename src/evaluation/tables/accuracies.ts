/** A table whose values are all numbers, however its file held them: an architecture per row, columns of numbers. */
import { columnIndex, type Table } from './table.js'

export interface Accuracies {
  /** What the file is, in words. */
  readonly format: string
  /** Architectures in the notation of their space or as indices of operations, one per row. */
  readonly archs: readonly string[]
  /** Values by name of the column, in the order of `archs`; NaN where a row lacks one. */
  readonly columns: ReadonlyMap<string, Float64Array>
}

/** As a table whose rows messages call entries, counted from 1. */
export function accuraciesTable({ format, archs, columns }: Accuracies, file: string): Table {
  const names = [...columns.keys()]
  return {
    format,
    columns: names,
    defaultColumn: columns.has('accuracy') ? 'accuracy' : 'cifar10_test',
    rows(column) {
      const values = columns.get(names[columnIndex(names, column, file)])!
      return archs.map((arch, i) => ({
        arch,
        accuracy: Number.isNaN(values[i]) ? '' : String(values[i]),
        place: () => `entry ${i + 1}`,
      }))
    },
  }
}

/** Collects rows whose columns are not known before the last one. */
export class AccuracyRows {
  readonly #archs: string[] = []
  readonly #columns = new Map<string, number[]>()

  add(arch: string, values: Iterable<readonly [string, number]>): void {
    const row = this.#archs.push(arch) - 1
    for (const [name, value] of values) {
      let column = this.#columns.get(name)
      if (column === undefined) {
        column = []
        this.#columns.set(name, column)
      }
      while (column.length < row) column.push(Number.NaN)
      column[row] = value
    }
  }

  finish(format: string): Accuracies {
    const count = this.#archs.length
    const padded = (column: number[]) => Float64Array.from({ length: count }, (_, row) => column[row] ?? Number.NaN)
    const columns = new Map([...this.#columns].map(([name, column]) => [name, padded(column)]))
    return { format, archs: this.#archs, columns }
  }
}
