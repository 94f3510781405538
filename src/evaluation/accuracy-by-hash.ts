/**
 * Accuracies under a hash of the architecture, as NAS-Bench-101 has them: a CSV file, `.gz` or plain, with a header, a
 * column `hash` of 32 hexadecimal digits and a column of accuracies as fractions. Such tables have hundreds of thousands
 * of rows and no quotes, so they are split line by line as they are decompressed: half the time that a parser of all CSV
 * takes. Lines that begin with `#` are comments.
 */
import { createReadStream } from 'node:fs'
import { pipeline } from 'node:stream/promises'
import { createGunzip } from 'node:zlib'
import { UserError } from '../errors.js'

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
  const { column = 'test_accuracy' } = options
  const table = new Map<string, number>()
  let columns: { hash: number; accuracy: number } | undefined
  let line = 0
  const readLine = (text: string) => {
    line++
    const row = text.trim()
    if (row === '' || row.startsWith('#')) return
    const fields = row.split(',')
    if (columns === undefined) columns = columnsOf(fields, column, file)
    else {
      const { hash, accuracy } = columns
      // A short row lacks fields.
      readRow(table, fields[hash] ?? '', fields[accuracy] ?? '', column, () => `${file}, line ${line}`)
    }
  }
  await readLines(file, readLine)
  if (columns === undefined) columnsOf([], column, file)
  if (table.size === 0) throw new UserError(`Expected at least one architecture in ${file} but received none`)
  return table
}

/** Calls `onLine` with every line of the file; a UserError for a file that cannot be read. */
async function readLines(file: string, onLine: (text: string) => void): Promise<void> {
  const decoder = new TextDecoder()
  let rest = ''
  const split = async (source: AsyncIterable<Buffer>) => {
    for await (const chunk of source) {
      const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n')
      rest = lines.pop() ?? ''
      for (const text of lines) onLine(text)
    }
  }
  try {
    if (file.endsWith('.gz')) await pipeline(createReadStream(file), createGunzip(), split)
    else await pipeline(createReadStream(file), split)
  } catch (error) {
    if (error instanceof UserError) throw error
    throw new UserError(`Expected a readable table for ground truth but received ${file}: ${(error as Error).message}`)
  }
  onLine(rest)
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
