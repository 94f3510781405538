/** Writes any table as CSV or JSON, in forms that {@link readTable} reads. */
import { writeAtomically } from '../../base/atomic.js'
import { csvField } from '../../base/csv.js'
import { expected, UserError } from '../../base/errors.js'
import type { Table } from './table.js'

/**
 * Writes a table to a file whose name ends in `.csv` or `.json`. CSV has the keys under `arch` or `hash`, and then the
 * columns. JSON has an object of columns per architecture. Rows keep their order. If a row lacks a number, CSV has an
 * empty field and JSON has none.
 *
 * @throws UserError for another ending, for hashes in JSON, and for a place that cannot be written to.
 */
export async function writeTable(file: string, table: Table): Promise<void> {
  if (/\.csv$/i.test(file)) return writeAtomically(file, csvOf(table))
  if (!/\.json$/i.test(file)) throw new UserError(`Expected a name that ends in .csv or .json but received ${file}`)
  if (table.keyedBy === 'hash') throw expected('a name that ends in .csv', 'hashes', file)
  return writeAtomically(file, jsonOf(table))
}

function csvOf(table: Table): string {
  const { keyedBy, keys } = table
  const columns = table.columns.map((name) => table.values(name))
  const field = (value: number) => (Number.isNaN(value) ? '' : String(value))
  const rows = keys.map((key, row) => [csvField(key), ...columns.map((values) => field(values[row]))].join())
  return `${[[keyedBy, ...table.columns.map(csvField)].join(), ...rows].join('\n')}\n`
}

function jsonOf(table: Table): string {
  const columns = table.columns.map((name) => [name, table.values(name)] as const)
  const rows = table.keys.map((key, row) => {
    const numbers = columns.filter(([, values]) => Number.isFinite(values[row]))
    return `${JSON.stringify(key)}: ${JSON.stringify(Object.fromEntries(numbers.map(([name, v]) => [name, v[row]])))}`
  })
  return `{\n${rows.join(',\n')}\n}\n`
}
