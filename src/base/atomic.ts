import { randomUUID } from 'node:crypto'
import { open, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { syncFolder, unwritable } from './files.js'

/** The name of a temporary file beside `file`. No other process has it, on this machine or another one. */
export function temporaryFor(file: string): string {
  return `${file}.${randomUUID()}.tmp`
}

/**
 * Writes a file atomically: readers see the old contents or the new ones, never a part, also after a power cut. The
 * bytes go to a temporary file next to it, which is flushed to disk and then renamed. Its name is on the disk too when
 * the promise resolves.
 *
 * @throws UserError if the file cannot be written.
 */
export async function writeAtomically(file: string, parts: string | readonly Uint8Array[]): Promise<void> {
  const temporary = temporaryFor(file)
  try {
    const handle = await open(temporary, 'w')
    try {
      for (const part of typeof parts === 'string' ? [Buffer.from(parts)] : parts) await handle.writeFile(part)
      await handle.sync()
    } finally {
      await handle.close()
    }
    await rename(temporary, file)
    await syncFolder(dirname(file))
  } catch (error) {
    // Removing fails too if the name is too long, or if a folder of the path is a file.
    await rm(temporary, { force: true }).catch(() => {})
    unwritable(file, error as NodeJS.ErrnoException)
  }
}
