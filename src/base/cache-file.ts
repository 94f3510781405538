/** Files in the cache folder: any of them may be deleted, and what is damaged or cannot be kept counts as absent. */
import { type FileHandle, mkdir, open } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { writeAtomically } from './atomic.js'
import { cacheRoot } from './folders.js'

/** Folders in which nothing could be kept. */
const warned = new Set<string>()

/** What `use` makes of a file of the cache folder, e.g. `images/….pixels`; undefined where that fails. */
export async function useCacheFile<Result>(
  name: string,
  use: (handle: FileHandle) => Promise<Result | undefined>,
): Promise<Result | undefined> {
  let handle: FileHandle | undefined
  try {
    handle = await open(join(cacheRoot(), name))
    return await use(handle)
  } catch {
    // What cannot be read is as good as absent.
    return undefined
  } finally {
    await handle?.close()
  }
}

/** Writes a file of the cache folder. Where it cannot be kept, a warning says so, once for a folder. */
export async function writeCacheFile(name: string, parts: readonly Uint8Array[], what: string): Promise<void> {
  const file = join(cacheRoot(), name)
  try {
    await mkdir(dirname(file), { recursive: true })
    await writeAtomically(file, parts)
  } catch (error) {
    if (warned.has(dirname(file))) return
    warned.add(dirname(file))
    process.emitWarning(`${what} are not kept for the next run: ${(error as Error).message}`)
  }
}
