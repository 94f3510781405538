/** Ground-truth tables by what their files are. */
import { open } from 'node:fs/promises'
import { readTable } from '../read-table.js'
import { accuraciesTable } from './accuracies.js'
import { isPickled, readPickledTable } from './pickled-table.js'
import type { Table } from './table.js'
import { csvTable, jsonTable } from './text-tables.js'

/**
 * Opens a table: what Python pickled is told by its first bytes, JSON by its name, and all else is CSV.
 *
 * @throws UserError for a file that cannot be read, or is no table.
 */
export async function openTable(file: string): Promise<Table> {
  if (isPickled(await firstBytes(file))) return accuraciesTable(await readPickledTable(file), file)
  const text = await readTable(file)
  return /\.json(\.gz)?$/.test(file) ? jsonTable(text, file) : csvTable(text, file)
}

/** Nothing where the file cannot be read: reading all of it says why. */
async function firstBytes(file: string): Promise<Buffer> {
  try {
    await using handle = await open(file)
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(16), 0, 16, 0)
    return buffer.subarray(0, bytesRead)
  } catch {
    return Buffer.alloc(0)
  }
}
