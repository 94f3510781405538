/** Reads table files: whole if they are text, in parts if they may have gigabytes. */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { promisify } from 'node:util'
import { gunzip } from 'node:zlib'
import { expected, type UserError } from '../base/errors.js'
import { whyUnreadable } from '../base/files.js'
import type { NextBytes } from './bzip2.js'
import { isGzip, MOST_TEXT, refuseForeign, requireSize } from './foreign.js'

const PART = 2 ** 20
const ADVICE = 'keep only the architectures and the columns of their accuracies'

/**
 * Content of a table of text, decompressed if its first bytes are those of gzip.
 *
 * @throws UserError if the file cannot be read, is larger than a string can be, or is a web page or the like.
 */
export async function readTableBytes(file: string): Promise<Buffer> {
  await requireSize(file, ADVICE, MOST_TEXT)
  let bytes: Buffer
  try {
    bytes = await readFile(file)
    if (isGzip(bytes)) bytes = await promisify(gunzip)(bytes, { maxOutputLength: MOST_TEXT })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_BUFFER_TOO_LARGE') throw unreadable(file, error)
    throw expected(`at most ${MOST_TEXT} bytes unpacked`, file, `more: ${ADVICE}`)
  }
  refuseForeign(bytes, file, 'a table')
  return bytes
}

/** The bytes of a file in parts. Callers must dispose of it. Throws a UserError if the file cannot be read. */
export class FileParts implements Disposable {
  readonly #descriptor: number

  constructor(private readonly file: string) {
    try {
      this.#descriptor = openSync(file, 'r')
    } catch (error) {
      throw unreadable(file, error)
    }
  }

  get size(): number {
    return fstatSync(this.#descriptor).size
  }

  readonly next: NextBytes = () => {
    const part = Buffer.allocUnsafe(PART)
    try {
      const length = readSync(this.#descriptor, part)
      return length === 0 ? undefined : part.subarray(0, length)
    } catch (error) {
      throw unreadable(this.file, error)
    }
  };

  [Symbol.dispose](): void {
    closeSync(this.#descriptor)
  }
}

export function unreadable(file: string, error: unknown): UserError {
  return expected('a readable table', 'ground truth', `${file}: ${whyUnreadable(error as NodeJS.ErrnoException)}`)
}
