/** File operations whose failures the user can fix: a full disk, missing rights, a wrong place. */
import { appendFile, mkdir, open, readFile, stat, truncate } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { expected } from './errors.js'

/** Makes a folder and those around it that are missing. */
export async function makeFolder(folder: string): Promise<void> {
  await makeMissing(resolve(folder)).catch((error) => unwritable(folder, error))
}

/** Does {@link makeFolder}; false if the folder was there. Of several processes, one makes it. */
export async function makeNewFolder(folder: string): Promise<boolean> {
  await makeFolder(dirname(folder))
  try {
    await mkdir(folder)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    return unwritable(folder, error as NodeJS.ErrnoException)
  }
}

/** Not `recursive`, with which Node reports ENOENT for a file system that is read-only, and tries forever in /proc. */
async function makeMissing(folder: string): Promise<void> {
  const there = await stat(folder).catch(() => undefined)
  if (there?.isDirectory()) return
  if (dirname(folder) !== folder) await makeMissing(dirname(folder))
  await mkdir(folder).catch(async (error: NodeJS.ErrnoException) => {
    // Another process may have made it meanwhile.
    if (error.code !== 'EEXIST' || !(await stat(folder)).isDirectory()) throw error
  })
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

export async function append(file: string, text: string | Uint8Array): Promise<void> {
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
    throw expected('a readable file', file, whyUnreadable(error))
  })
}

/** What codes of the system mean to someone who wants a file read. */
const UNREADABLE: Readonly<Record<string, string>> = {
  EACCES: 'one that this user may not read',
  EISDIR: 'a folder',
  ELOOP: 'a link to itself',
  ENAMETOOLONG: 'too long a name',
  ENOENT: 'no such file',
  ENOTDIR: 'no such file, because a file is where a folder should be',
  EPERM: 'one that this user may not read',
}

/** Why a file cannot be read, as what was received. */
export function whyUnreadable({ code = '', message }: NodeJS.ErrnoException): string {
  return UNREADABLE[code] ?? message
}

/** What codes of the system mean to someone who wants to write. */
const MEANINGS: Readonly<Record<string, string>> = {
  EACCES: 'this user may not write there',
  EBUSY: 'a folder that is in use is in its place',
  EDQUOT: 'the quota is used up',
  EISDIR: 'a folder is in its place',
  ENOENT: 'there is no such folder',
  ENOSPC: 'the disk is full',
  ENOTDIR: 'a file is where a folder should be',
  EEXIST: 'a file is where a folder should be',
  EROFS: 'the file system is read-only',
}

/** Why something cannot be written, as what was received. */
export function whyUnwritable({ code = '', message }: NodeJS.ErrnoException): string {
  const meaning = MEANINGS[code]
  return meaning === undefined ? code || message : `${code}: ${meaning}`
}

/** Throws what the user can mend about a file or folder that cannot be written. */
export function unwritable(path: string, error: NodeJS.ErrnoException): never {
  throw expected('a place that can be written to', path, whyUnwritable(error))
}
