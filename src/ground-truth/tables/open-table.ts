/** Opens ground-truth tables of every format. */
import { open, stat } from 'node:fs/promises'
import { pickleKind } from '../../formats/pickle-kind.js'
import { readTableBytes } from '../../formats/read-bytes.js'
import { isTfRecord } from '../../formats/tfrecord.js'
import { accuraciesTable } from './accuracies.js'
import { csvTable } from './csv-table.js'
import { jsonTable } from './json-table.js'
import { readNasBench101 } from './nasbench101-table.js'
import { readPickledTable, readTableFolder } from './pickled-table.js'
import type { Table } from './table.js'

/**
 * Opens a table. A folder is NATS-Bench's with a file per architecture. Pickles and TFRecords are recognized by their
 * first bytes, JSON by the ending of its name; any other file is read as CSV. Text may be compressed (`.gz`).
 *
 * @throws UserError for a file that cannot be read or is no table.
 */
export async function openTable(file: string): Promise<Table> {
  if (await isFolder(file)) return accuraciesTable(await readTableFolder(file), file)
  const head = await firstBytes(file)
  const kind = pickleKind(head)
  if (kind !== undefined) return accuraciesTable(await readPickledTable(file, kind), file)
  if (isTfRecord(head)) return accuraciesTable(readNasBench101(file), file)
  const text = await readTableBytes(file)
  return /\.json(\.gz)?$/i.test(file) ? jsonTable(text, file) : csvTable(text, file)
}

export async function isFolder(file: string): Promise<boolean> {
  return (await stat(file).catch(() => undefined))?.isDirectory() ?? false
}

/** Empty if the file cannot be read; reading all of it then reports the reason. */
async function firstBytes(file: string): Promise<Buffer> {
  try {
    await using handle = await open(file)
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(32), 0, 32, 0)
    return buffer.subarray(0, bytesRead)
  } catch {
    return Buffer.alloc(0)
  }
}
