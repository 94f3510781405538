/** Reads entries of a zip archive in memory, each one whole, and checks them. */
import { buffer as collect } from 'node:stream/consumers'
import { crc32 } from 'node:zlib'
import { type Entry, fromRandomAccessReaderPromise, type ZipFile } from 'yauzl'
import { UserError } from '../base/errors.js'
import { MemoryReader } from './memory-reader.js'

/** What a file is that yauzl could not read, by its message. */
export function whyNoZip(message: string): string {
  return message.startsWith('End of central directory') ? 'another file, or one that was cut off' : `"${message}"`
}

export interface ReadLimits {
  /** Most bytes of the decompressed entry. */
  readonly bytes?: number
  /** Reject a compressed entry, so that no entry can be larger than the archive. */
  readonly stored?: boolean
}

export class ZipEntries {
  readonly #entries = new Map<string, Entry>()

  private constructor(
    private readonly file: string,
    private readonly zip: ZipFile,
  ) {}

  /**
   * Lists the entries of the archive `bytes`; `file` is its name in messages.
   *
   * @throws UserError if two entries have the same name; errors of yauzl if the bytes are no zip archive.
   */
  static async open(file: string, bytes: Buffer): Promise<ZipEntries> {
    const reader = new MemoryReader(bytes)
    const zip = await fromRandomAccessReaderPromise(reader, bytes.length, { autoClose: false })
    const archive = new ZipEntries(file, zip)
    for await (const entry of zip.eachEntry()) {
      const { fileName } = entry
      if (archive.#entries.has(fileName)) throw archive.#invalid('distinct entries', `two named ${fileName}`)
      archive.#entries.set(fileName, entry)
    }
    return archive
  }

  get names(): string[] {
    return [...this.#entries.keys()]
  }

  /** True if no entry is compressed. Then no entry is larger than the archive. */
  get isStored(): boolean {
    return [...this.#entries.values()].every(({ compressionMethod }) => compressionMethod === 0)
  }

  /** Size of all entries together, as the directory says. */
  get unpackedBytes(): number {
    return [...this.#entries.values()].reduce((sum, { uncompressedSize }) => sum + uncompressedSize, 0)
  }

  has(name: string): boolean {
    return this.#entries.has(name)
  }

  /**
   * @throws UserError if the entry is missing, exceeds the limits, or differs from its recorded checksum; errors of
   *   yauzl if it is damaged.
   */
  async read(name: string, { bytes: limit = Number.POSITIVE_INFINITY, stored = false }: ReadLimits = {}) {
    const entry = this.#entries.get(name)
    if (!entry) throw this.#invalid(`an entry ${name}`, 'none')
    if (stored && entry.compressionMethod !== 0) {
      throw this.#invalid(`an uncompressed entry ${name}`, 'a compressed one')
    }
    if (entry.uncompressedSize > limit) {
      throw this.#invalid(`at most ${limit} bytes for entry ${name}`, `${entry.uncompressedSize}`)
    }
    const bytes = await collect(await this.zip.openReadStreamPromise(entry))
    if (crc32(bytes) !== entry.crc32) throw this.#invalid(`the recorded checksum for entry ${name}`, 'another')
    return bytes
  }

  #invalid(expected: string, received: string): UserError {
    return new UserError(`Expected ${expected} in ${this.file} but received ${received}`)
  }
}
