import { readFile } from 'node:fs/promises'
import { promisify } from 'node:util'
import { gunzip } from 'node:zlib'
import { UserError } from '../errors.js'

/** The content of a table, decompressed if its name ends in `.gz`; a UserError for a file that cannot be read. */
export async function readTable(file: string): Promise<Buffer> {
  try {
    const bytes = await readFile(file)
    return file.endsWith('.gz') ? await promisify(gunzip)(bytes) : bytes
  } catch (error) {
    throw new UserError(`Expected a readable table for ground truth but received ${file}: ${(error as Error).message}`)
  }
}
