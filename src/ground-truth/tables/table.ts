/** What all ground-truth tables are, whatever their files look like. */
import { UserError } from '../../base/errors.js'

/** Accuracies, and other numbers, of architectures, by architecture or by hash. */
export interface Table {
  /** What the file is, in words. */
  readonly format: string
  /** What the keys are: architectures, or hashes of 32 hexadecimal digits. */
  readonly keyedBy: 'arch' | 'hash'
  /** As the file has them, one per row: an architecture in its space's notation or as operation indices, or a hash. */
  readonly keys: readonly string[]
  /** Names of the columns beside the keys, in the order of the file. */
  readonly columns: readonly string[]
  /** The column that is read where none is asked for. */
  readonly defaultColumn: string
  /** Whether the table is a kept copy, which lacks the texts and the lines of its file. */
  readonly kept: boolean
  /** The numbers of a column by row, NaN where the file has none; throws a UserError for a column that it lacks. */
  values(column: string): Float64Array
  /** What the file has instead of a number, for messages: empty where a row lacks it. */
  text(column: string, row: number): string
  /** Where a row is in the file, for messages: `line 5`. */
  place(row: number): string
  /** Of a table of hashes only: four words of 32 bits each. Throws a UserError for a key that is no hash. */
  hashes?(): Uint32Array
}

export type HashTable = Table & Required<Pick<Table, 'hashes'>>

export function isHashTable(table: Table): table is HashTable {
  return table.hashes !== undefined
}

/** Index of a column, or a UserError that says which columns there are. */
export function columnIndex(names: readonly string[], column: string, file: string): number {
  const index = names.indexOf(column)
  if (index >= 0) return index
  const received = names.length === 0 ? 'no columns' : names.join(', ')
  throw new UserError(`Expected a column "${column}" in ${file} but received ${received}`)
}

/** What tables call the accuracy that counts. */
const USUAL = ['accuracy', 'test_accuracy', 'mean_acc', 'cifar10_test']

/** The column of a table to read where none is asked for: its format's own, or another that is usual. */
export function defaultColumn(columns: readonly string[], own: string): string {
  return [own, ...USUAL].find((name) => columns.includes(name)) ?? own
}

/** The number that a text is; NaN for none. */
export function numberOf(text: string): number {
  return text.trim() === '' ? Number.NaN : Number(text)
}
