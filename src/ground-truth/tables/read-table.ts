/** Ground-truth tables, of which large ones are read from their files once. */
import { accuraciesTable } from './accuracies.js'
import { keepTable, keptTable } from './kept-table.js'
import { openTable } from './open-table.js'
import type { Table } from './table.js'
import { digestOf } from './table-digest.js'

/**
 * Reads a table of any format. One of more than 256 KiB is kept in the cache folder, so that reading it again takes
 * milliseconds, until its file changes.
 *
 * @throws UserError for a file that cannot be read, or is no table.
 */
export async function readTable(file: string): Promise<Table> {
  const digest = await digestOf(file)
  const kept = digest === undefined ? undefined : await keptTable(digest)
  if (kept !== undefined) return accuraciesTable(kept, file, true)
  const table = await openTable(file)
  // A file that was written meanwhile may have been read in parts of two versions.
  if (digest !== undefined && digest === (await digestOf(file))) await keepTable(digest, table)
  return table
}
