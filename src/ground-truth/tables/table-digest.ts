/** Digests that name the copies of table files in the cache folder. */
import { createHash, type Hash } from 'node:crypto'
import { readFile, realpath, stat } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { isFolder } from './open-table.js'
import { tableFiles } from './pickled-table.js'

/** Smaller tables need no copy: reading the copy would take as long. */
const SMALLEST = 2 ** 18
/** The digest covers the content of files up to this size; of larger files it covers path, size and times. */
const READ_WHOLE = 2 ** 25
/** Version of the code that reads tables. Change it to discard all copies made before. */
const RULE = 'table-1'

/**
 * A digest that changes when the table changes. It covers the content of a file; of a large file, and of each file in a
 * folder, it covers path, size and times. Undefined for tables that need no copy and for files that cannot be read.
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
    // The ending of the name decides how the content is read.
    else digest.update(`${/(\.\w+)?(\.gz)?$/.exec(basename(file))?.[0]}\n`).update(await readFile(file))
    return digest.digest('hex')
  } catch {
    return undefined
  }
}

/** Adds path, size, times and inode of a file; returns its size. */
async function addFacts(digest: Hash, file: string): Promise<number> {
  const { size, mtimeNs, ctimeNs, ino } = await stat(file, { bigint: true })
  digest.update(`${[await realpath(file), size, mtimeNs, ctimeNs, ino].join('\n')}\n`)
  return Number(size)
}
