/** Reads ground-truth tables, large ones from their files only once. */
import { accuraciesTable } from './accuracies.js'
import { keepTable, keptTable } from './kept-table.js'
import { openTable } from './open-table.js'
import type { Table } from './table.js'
import { digestOf } from './table-digest.js'

/**
 * Reads a table of any format. The cache folder keeps a copy of a table of at least 256 KiB. Until the file changes,
 * reading the table again takes milliseconds.
 *
 * @throws UserError for a file that cannot be read, or is no table.
 */
export async function readTable(file: string): Promise<Table> {
  const digest = await digestOf(file)
  const kept = digest === undefined ? undefined : await keptTable(digest)
  if (kept !== undefined) return accuraciesTable(kept, file, true)
  const table = await openTable(file)
  // If the file was written meanwhile, the table may mix two versions.
  if (digest !== undefined && digest === (await digestOf(file))) await keepTable(digest, table)
  return table
}
