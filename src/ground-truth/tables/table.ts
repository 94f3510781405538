/** The interface of ground-truth tables, independent of the format of their files. */
import { UserError } from '../../base/errors.js'

/** Accuracies and other numbers of architectures, by architecture or by hash. */
export interface Table {
  /** Format of the file, in words. */
  readonly format: string
  /** Kind of the keys: architectures, or hashes of 32 hexadecimal digits. */
  readonly keyedBy: 'arch' | 'hash'
  /** Keys as in the file, one per row: architectures in the space's notation or as operation indices, or hashes. */
  readonly keys: readonly string[]
  /** Names of the columns other than the keys, in the order of the file. */
  readonly columns: readonly string[]
  /** The column that is read if the caller names none. */
  readonly defaultColumn: string
  /** True for a copy from the cache, which lacks the texts and lines of its file. */
  readonly kept: boolean
  /** Numbers of a column by row; NaN if the row has no number. Throws a UserError for an unknown column. */
  values(column: string): Float64Array
  /** Text of a field in the file, for messages; empty if the row lacks the field. */
  text(column: string, row: number): string
  /** Place of a row in the file, for messages, such as `line 5`. */
  place(row: number): string
  /** Only for a table of hashes: four words of 32 bits per row. Throws a UserError for a key that is no hash. */
  hashes?(): Uint32Array
}

export type HashTable = Table & Required<Pick<Table, 'hashes'>>

export function isHashTable(table: Table): table is HashTable {
  return table.hashes !== undefined
}

/** Index of a column; throws a UserError that lists the columns if this one is missing. */
export function columnIndex(names: readonly string[], column: string, file: string): number {
  const index = names.indexOf(column)
  if (index >= 0) return index
  const received = names.length === 0 ? 'no columns' : names.join(', ')
  throw new UserError(`Expected a column "${column}" in ${file} but received ${received}`, 2)
}

/** Usual names of the column of test accuracies that name no data set. */
export const GENERAL = ['accuracy', 'test_accuracy', 'mean_acc']

const USUAL = [...GENERAL, 'cifar10_test']

/** The column to read by default: the format's usual column if the table has it, else another usual one. */
export function defaultColumn(columns: readonly string[], ofFormat: string): string {
  return [ofFormat, ...USUAL].find((name) => columns.includes(name)) ?? ofFormat
}

/** True if a row has no number, such as an empty field or `nan`. Other text in place of a number is a mistake. */
export function lacksNumber(table: Table, column: string, row: number): boolean {
  return /^(nan|null|na|n\/a)?$/i.test(table.text(column, row).trim())
}

/** The number in a text; NaN if the text is empty or no number. */
export function numberOf(text: string): number {
  return text.trim() === '' ? Number.NaN : Number(text)
}
