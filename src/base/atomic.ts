import { randomUUID } from 'node:crypto'
import { open, readlink, realpath, rename, rm, stat } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { syncFolder, unwritable } from './files.js'

/** The name of a temporary file beside `file`. No other process has it, on this machine or another one. */
export function temporaryFor(file: string): string {
  return `${file}.${randomUUID()}.tmp`
}

/** The file that `file` is a link to, which need not exist; `file` itself if it is no link. */
export async function linkedFile(file: string): Promise<string> {
  const place = await realpath(file).catch(() => undefined)
  if (place !== undefined) return place
  const link = await readlink(file).catch(() => undefined)
  return link === undefined ? file : resolve(dirname(file), link)
}

/** True for a device or a pipe, which takes bytes but must not be replaced by a file. */
export async function isDevice(file: string): Promise<boolean> {
  const status = await stat(file).catch(() => undefined)
  return status !== undefined && !status.isFile() && !status.isDirectory()
}

/**
 * Writes a file atomically: readers see the old contents or the new ones, never a part, also after a power cut. The
 * bytes go to a temporary file next to it, which is flushed to disk and then renamed. Its name is on the disk too when
 * the promise resolves. Links are followed; devices and pipes just get the bytes.
 *
 * @throws UserError if the file cannot be written.
 */
export async function writeAtomically(file: string, parts: string | readonly Uint8Array[]): Promise<void> {
  const target = await linkedFile(file)
  const device = await isDevice(target)
  const temporary = device ? target : temporaryFor(target)
  try {
    const handle = await open(temporary, 'w')
    try {
      for (const part of typeof parts === 'string' ? [Buffer.from(parts)] : parts) await handle.writeFile(part)
      if (!device) await handle.sync()
    } finally {
      await handle.close()
    }
    if (device) return
    await rename(temporary, target)
    await syncFolder(dirname(target))
  } catch (error) {
    if (device) unwritable(file, error as NodeJS.ErrnoException)
    // Removing fails too if the name is too long, or if a folder of the path is a file.
    await rm(temporary, { force: true }).catch(() => {})
    unwritable(file, error as NodeJS.ErrnoException)
  }
}
