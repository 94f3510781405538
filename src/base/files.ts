/** File operations whose failures the user can fix: a full disk, missing rights, a wrong place. */
import { appendFile, mkdir, readFile, stat, truncate } from 'node:fs/promises'
import { expected, UserError } from './errors.js'

export async function makeFolder(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true }).catch((error) => unwritable(folder, error))
}

export async function append(file: string, text: string): Promise<void> {
  await appendFile(file, text).catch((error) => unwritable(file, error))
}

/** Cuts a file to `bytes` bytes; throws a UserError if it has fewer. A missing file counts as empty. */
export async function shorten(file: string, bytes: number): Promise<void> {
  const size = await sizeOf(file)
  if (size < bytes) throw new UserError(`Expected at least ${bytes} bytes in ${file} but received ${size}`)
  if (size > bytes) await truncate(file, bytes).catch((error) => unwritable(file, error))
}

/** Size in bytes; 0 if the file is missing. */
export async function sizeOf(file: string): Promise<number> {
  return (await stat(file).catch(() => undefined))?.size ?? 0
}

export async function exists(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined)) !== undefined
}

/** Text of a file; empty if the file is missing. */
export async function readText(file: string): Promise<string> {
  return readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return ''
    throw expected('a readable file', file, error.code ?? error.message)
  })
}

function unwritable(path: string, { code, message }: NodeJS.ErrnoException): never {
  throw expected('a place that can be written to', path, code ?? message)
}
