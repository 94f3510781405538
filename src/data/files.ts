import { createHash } from 'node:crypto'
import { readFile, stat } from 'node:fs/promises'
import { promisify } from 'node:util'
import { gunzip } from 'node:zlib'
import { expected } from '../base/errors.js'
import { whyUnreadable } from '../base/files.js'
import { isGzip, refuseForeign, requireSize } from '../formats/foreign.js'

/** Limit on the decompressed size of a .gz file, which may be crafted. Larger than any IDX or CIFAR file. */
const MAX_BYTES = 2 ** 31 - 1

/** Throws a UserError unless `dir` is a folder. `dataset` is the data set's name in the message. */
export async function requireFolder(dir: string, dataset: string): Promise<void> {
  const found = await stat(dir).catch(() => undefined)
  if (!found?.isDirectory()) {
    const received = found ? 'something that is not a folder' : 'a path that does not exist'
    throw expected('a folder', `the ${dataset} data`, `${received}: ${dir}`)
  }
}

/** Reads a whole file, decompressing it if its first bytes are those of gzip. Names may lie: servers unpack files. */
export async function readBytes(file: string): Promise<Buffer> {
  await requireSize(file, 'divide it, such as into train.npz and test.npz in one folder')
  const bytes = await readFile(file).catch((error: NodeJS.ErrnoException) => {
    throw expected('a readable file', file, whyUnreadable(error))
  })
  refuseForeign(bytes, file, 'a data file')
  // IDX begins with zeros, CIFAR with a label below 20, and archives and pickles otherwise.
  if (!isGzip(bytes)) return bytes
  return promisify(gunzip)(bytes, { maxOutputLength: MAX_BYTES }).catch((error: Error) => {
    throw expected('complete gzip data', file, `"${error.message}"`)
  })
}

/** Throws a UserError unless `bytes` have the published MD5 checksum of `file`. */
export function checkMd5(bytes: Buffer, md5: string, file: string): void {
  const received = createHash('md5').update(bytes).digest('hex')
  if (received === md5) return
  const advice = 'data.checksums: false reads it all the same'
  throw expected(`the published MD5 checksum ${md5}`, file, `${received} (${advice})`)
}

/** Number of images to take: `count`, or all if absent. Throws a UserError if `setting` asks for more, or for none. */
export function countWithin(count: number | undefined, available: number, setting: string): number {
  if (count === undefined) return available
  if (!Number.isInteger(count) || count < 1 || count > available) {
    throw expected(`an integer from 1 to ${available}`, setting, count, 2)
  }
  return count
}
