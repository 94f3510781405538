import { createHash } from 'node:crypto'
import { readFile, stat } from 'node:fs/promises'
import { promisify } from 'node:util'
import { gunzip } from 'node:zlib'
import { UserError } from '../base/errors.js'

/** Larger than any IDX or CIFAR file; bounds what a crafted .gz can expand to. */
const MAX_BYTES = 2 ** 31 - 1

/** Throws unless `dir` is a folder. `what` names the data set in the message. */
export async function requireFolder(dir: string, what: string): Promise<void> {
  const found = await stat(dir).catch(() => undefined)
  if (!found?.isDirectory()) {
    const received = found ? 'something that is not a folder' : 'a path that does not exist'
    throw new UserError(`Expected a folder for the ${what} data but received ${received}: ${dir}`)
  }
}

/** Reads a whole file, decompressing it if its name ends in .gz. */
export async function readBytes(file: string): Promise<Buffer> {
  const bytes = await readFile(file).catch((error: NodeJS.ErrnoException) => {
    const received = error.code === 'ENOENT' ? 'no such file' : (error.code ?? error.message)
    throw new UserError(`Expected a readable file for ${file} but received ${received}`)
  })
  if (!file.endsWith('.gz')) return bytes
  return promisify(gunzip)(bytes, { maxOutputLength: MAX_BYTES }).catch((error: Error) => {
    throw new UserError(`Expected complete gzip data for ${file} but received "${error.message}"`)
  })
}

/** Throws unless `bytes` have the MD5 checksum that is published for `file`. */
export function checkMd5(bytes: Buffer, md5: string, file: string): void {
  const received = createHash('md5').update(bytes).digest('hex')
  if (received === md5) return
  const advice = 'data.checksums: false reads it all the same'
  throw new UserError(`Expected the published MD5 checksum ${md5} for ${file} but received ${received} (${advice})`)
}

/** The number of images to take: `count` if given and available, else all. */
export function countWithin(count: number | undefined, available: number, what: string): number {
  if (count === undefined) return available
  if (!Number.isInteger(count) || count < 1 || count > available) {
    throw new UserError(`Expected an integer from 1 to ${available} for ${what} but received ${count}`, 2)
  }
  return count
}
