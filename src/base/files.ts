/** File operations whose failures the user can fix: a full disk, missing rights, a wrong place. */
import { appendFile, mkdir, open, readFile, stat, truncate } from 'node:fs/promises'
import { expected } from './errors.js'

export async function makeFolder(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true }).catch((error) => unwritable(folder, error))
}

/** Brings the bytes of a file to the disk: they survive a power cut. */
export async function syncFile(file: string): Promise<void> {
  try {
    const handle = await open(file, 'r+')
    await handle.sync().finally(() => handle.close())
  } catch (error) {
    unwritable(file, error as NodeJS.ErrnoException)
  }
}

/** Brings the names in a folder to the disk, as far as its file system can: files renamed before keep their names. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r').catch(() => undefined)
  await handle
    ?.sync()
    .catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'EIO' || error.code === 'ENOSPC') unwritable(folder, error)
    })
    .finally(() => handle.close())
}

export async function append(file: string, text: string): Promise<void> {
  await appendFile(file, text).catch((error) => unwritable(file, error))
}

/** Cuts a file to at most `bytes` bytes. A missing file counts as empty. */
export async function shorten(file: string, bytes: number): Promise<void> {
  if ((await sizeOf(file)) > bytes) await truncate(file, bytes).catch((error) => unwritable(file, error))
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

/** Throws what the user can do about a file that cannot be written. */
export function unwritable(path: string, { code, message }: NodeJS.ErrnoException): never {
  throw expected('a place that can be written to', path, code ?? message)
}
