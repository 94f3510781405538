/** Reads the bytes of a pickle in order: from memory, or from a file that is read in parts. */

/** Most bytes of a value in a file that is read in parts. A larger claim counts as truncated. */
const MAX_GATHERED = 2 ** 27

export class PickleReader {
  #bytes: Buffer
  #at: number
  #passed = 0

  /**
   * @param bytes The first bytes; reading begins at index `start`.
   * @param next Returns the bytes that follow; undefined after the last ones.
   */
  constructor(
    bytes: Buffer,
    start = 0,
    private readonly next?: () => Buffer | undefined,
  ) {
    this.#bytes = bytes
    this.#at = start
  }

  /** Offset of the next byte. */
  get position(): number {
    return this.#passed + this.#at
  }

  /** Buffer of the indices that {@link advance} returns. Each call of it may replace the buffer. */
  get bytes(): Buffer {
    return this.#bytes
  }

  /** Passes over `count` bytes and returns the index of the first of them in {@link bytes}; -1 if fewer are left. */
  advance(count: number): number {
    if (this.#at + count > this.#bytes.length && !this.#gather(count)) return -1
    this.#at += count
    return this.#at - count
  }

  /**
   * Passes over a line of at most `limit` bytes and returns it without its line feed; undefined if there is no such
   * line.
   */
  line(limit: number): string | undefined {
    for (let length = 0; length <= limit; length++) {
      const at = this.#at + length
      if (at >= this.#bytes.length && !this.#gather(length + 1)) return undefined
      if (this.#bytes[this.#at + length] !== 0x0a) continue
      const text = this.#bytes.toString('utf8', this.#at, this.#at + length)
      this.#at += length + 1
      return text
    }
    return undefined
  }

  /** Makes the next `count` bytes available in `#bytes`; false if fewer are left. */
  #gather(count: number): boolean {
    if (this.next === undefined || count > MAX_GATHERED) return false
    const parts = [this.#bytes.subarray(this.#at)]
    let length = parts[0].length
    while (length < count) {
      const part = this.next()
      if (part === undefined) break
      parts.push(part)
      length += part.length
    }
    this.#passed += this.#at
    this.#at = 0
    this.#bytes = parts.length === 2 && parts[0].length === 0 ? parts[1] : Buffer.concat(parts)
    return length >= count
  }
}
