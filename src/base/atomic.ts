import { open, rename, rm } from 'node:fs/promises'
import { UserError } from './errors.js'

/**
 * Writes a file so that readers see the old contents or the new, never a part: under a temporary name beside it,
 * flushed to disk, then renamed.
 *
 * @throws UserError where the place cannot be written to.
 */
export async function writeAtomically(file: string, parts: string | readonly Uint8Array[]): Promise<void> {
  const temporary = `${file}.${process.pid}.tmp`
  try {
    const handle = await open(temporary, 'w')
    try {
      for (const part of typeof parts === 'string' ? [Buffer.from(parts)] : parts) await handle.writeFile(part)
      await handle.sync()
    } finally {
      await handle.close()
    }
    await rename(temporary, file)
  } catch (error) {
    // Where the name is too long or a file is on the way, there is nothing to remove either.
    await rm(temporary, { force: true }).catch(() => {})
    const { code, message } = error as NodeJS.ErrnoException
    throw new UserError(`Expected a place that can be written to for ${file} but received ${code ?? message}`)
  }
}
