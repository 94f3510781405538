/**
 * Files in the cache folder. Users may delete any of them. A file that is damaged, or could not be written, counts as
 * absent.
 */
import { type FileHandle, open } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { writeAtomically } from './atomic.js'
import { environment } from './environment.js'
import { makeFolder } from './files.js'
import { cacheRoot } from './folders.js'

/** Folders for which a warning was given. */
const warned = new Set<string>()

/**
 * The result of `use` on a file of the cache folder, e.g. `images/….pixels`; undefined if the file is missing or `use`
 * fails.
 */
export async function useCacheFile<Result>(
  name: string,
  use: (handle: FileHandle) => Promise<Result | undefined>,
): Promise<Result | undefined> {
  let handle: FileHandle | undefined
  try {
    handle = await open(join(cacheRoot(), name))
    return await use(handle)
  } catch {
    // A file that cannot be read counts as absent.
    return undefined
  } finally {
    await handle?.close()
  }
}

/**
 * Writes a file of the cache folder. If that fails, a warning that begins with `contents`, e.g. “Decoded images”, is
 * emitted once per folder.
 */
export async function writeCacheFile(name: string, parts: readonly Uint8Array[], contents: string): Promise<void> {
  const folder = `${environment().cache}/${dirname(name)}`
  try {
    const file = join(cacheRoot(), name)
    await makeFolder(dirname(file))
    await writeAtomically(file, parts)
  } catch (error) {
    if (warned.has(folder)) return
    warned.add(folder)
    process.emitWarning(`${contents} are not kept for the next run: ${(error as Error).message}`)
  }
}
