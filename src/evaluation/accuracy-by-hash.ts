/**
 * Accuracies under a hash of the architecture, as NAS-Bench-101 has them: a CSV file, `.gz` or plain, with a header, a
 * column `hash` of 32 hexadecimal digits and a column of accuracies as fractions. Such tables have hundreds of thousands
 * of rows and no quotes, so they are split line by line: half the time that a parser of all CSV takes. Lines that begin with `#` are comments.
 */
import { UserError } from '../errors.js'
import { readTable } from './read-table.js'

export interface AccuracyByHashOptions {
  /** Name of the column of accuracies; default `test_accuracy`. */
  readonly column?: string
}

/**
 * Accuracy in 0…1 by hash, in the order of the table. A UserError names the file, and the line where there is one, for:
 * an unreadable file, a missing column, a hash that is none or occurs twice, an accuracy that is not a number in 0…1, no
 * rows.
 */
export async function loadAccuracyByHash(
  file: string,
  options: AccuracyByHashOptions = {},
): Promise<ReadonlyMap<string, number>> {
  return parseAccuracyByHash(await readTable(file), file, options)
}

/** See {@link loadAccuracyByHash}; `file` is what errors call the text. */
export function parseAccuracyByHash(
  text: Buffer,
  file: string,
  { column = 'test_accuracy' }: AccuracyByHashOptions = {},
): ReadonlyMap<string, number> {
  const table = new Map<string, number>()
  let columns: { hash: number; accuracy: number } | undefined
  let line = 0
  for (let start = 0; start < text.length; ) {
    const found = text.indexOf(10, start)
    const end = found < 0 ? text.length : found
    const row = text.toString('utf8', start, end).trim()
    start = end + 1
    line++
    if (row === '' || row.startsWith('#')) continue
    const fields = row.split(',')
    if (columns === undefined) {
      columns = columnsOf(fields, column, file)
      continue
    }
    // A short row lacks fields.
    const { hash, accuracy } = columns
    readRow(table, fields[hash] ?? '', fields[accuracy] ?? '', column, () => `${file}, line ${line}`)
  }
  if (columns === undefined) columnsOf([], column, file)
  if (table.size === 0) throw new UserError(`Expected at least one architecture in ${file} but received none`)
  return table
}

function columnsOf(header: readonly string[], column: string, file: string): { hash: number; accuracy: number } {
  const indexOf = (name: string) => {
    const index = header.indexOf(name)
    if (index >= 0) return index
    const received = header.length === 0 ? 'no columns' : header.join(', ')
    throw new UserError(`Expected a column "${name}" in ${file} but received ${received}`)
  }
  return { hash: indexOf('hash'), accuracy: indexOf(column) }
}

function readRow(table: Map<string, number>, hash: string, text: string, column: string, where: () => string): void {
  if (!/^[0-9a-f]{32}$/.test(hash)) {
    throw new UserError(`Expected 32 hexadecimal digits for "hash" but received "${hash}" (${where()})`)
  }
  if (table.has(hash)) throw new UserError(`Expected each hash once but received ${hash} again (${where()})`)
  const accuracy = text === '' ? Number.NaN : Number(text)
  if (!(accuracy >= 0 && accuracy <= 1)) {
    throw new UserError(`Expected a number in 0…1 for "${column}" but received "${text}" (${where()})`)
  }
  table.set(hash, accuracy)
}
