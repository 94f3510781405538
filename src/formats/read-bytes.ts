/** Reads table files: whole if they are text, in parts if they may have gigabytes. */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { promisify } from 'node:util'
import { gunzip } from 'node:zlib'
import { expected, type UserError } from '../base/errors.js'
import type { NextBytes } from './bzip2.js'

const PART = 2 ** 20

/** Content of a table, decompressed if its name ends in `.gz`; throws a UserError if the file cannot be read. */
export async function readTableBytes(file: string): Promise<Buffer> {
  try {
    const bytes = await readFile(file)
    return file.endsWith('.gz') ? await promisify(gunzip)(bytes) : bytes
  } catch (error) {
    throw unreadable(file, error)
  }
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
  return expected('a readable table', 'ground truth', `${file}: ${(error as Error).message}`)
}
