/** What a table file is known by in the cache folder. */
import { createHash, type Hash } from 'node:crypto'
import { readFile, realpath, stat } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { isFolder } from './open-table.js'
import { tableFiles } from './pickled-table.js'

/** Smaller tables are read as fast as a copy of them would be. */
const SMALLEST = 2 ** 18
/** Files up to this size are known by their content, larger ones by what the file system says of them. */
const READ_WHOLE = 2 ** 25
/** How tables are read; another way gets another name, so that what was kept before is not taken for it. */
const RULE = 'table-1'

/**
 * A name that changes when a table does: a digest of its content, or of path, size and times of a file that would take
 * long to read, and of every file of a folder. Undefined for tables that need not be kept, and for what cannot be read.
 */
export async function digestOf(file: string): Promise<string | undefined> {
  try {
    const digest = createHash('sha256').update(RULE)
    if (await isFolder(file)) {
      let total = 0
      for (const name of await tableFiles(file)) total += await addFacts(digest, join(file, name))
      return total < SMALLEST ? undefined : digest.digest('hex')
    }
    const { size } = await stat(file)
    if (size < SMALLEST) return undefined
    if (size > READ_WHOLE) await addFacts(digest, file)
    // The end of the name says how the content is to be read.
    else digest.update(`${/(\.\w+)?(\.gz)?$/.exec(basename(file))?.[0]}\n`).update(await readFile(file))
    return digest.digest('hex')
  } catch {
    return undefined
  }
}

/** Adds what the file system says of a file, and returns its size. */
async function addFacts(digest: Hash, file: string): Promise<number> {
  const { size, mtimeNs, ctimeNs, ino } = await stat(file, { bigint: true })
  digest.update(`${[await realpath(file), size, mtimeNs, ctimeNs, ino].join('\n')}\n`)
  return Number(size)
}
