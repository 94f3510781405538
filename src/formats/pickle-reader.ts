/** The bytes of a pickle from front to back: all of them in memory, or of a file that is read part by part. */

/** More than any value that is read in parts has; a larger claim is not believed. */
const MAX_GATHERED = 2 ** 27

export class PickleReader {
  #bytes: Buffer
  #at: number
  #passed = 0

  /**
   * @param bytes The first bytes, of which the one at `start` is read first.
   * @param next The bytes behind those, each time that it is asked, or undefined behind the last ones.
   */
  constructor(
    bytes: Buffer,
    start = 0,
    private readonly next?: () => Buffer | undefined,
  ) {
    this.#bytes = bytes
    this.#at = start
  }

  /** Bytes before the next one. */
  get position(): number {
    return this.#passed + this.#at
  }

  /** What {@link advance} returns places in; another one after each call of it. */
  get bytes(): Buffer {
    return this.#bytes
  }

  /** Passes over `count` bytes and returns the place of the first of them in {@link bytes}; -1 where there are fewer. */
  advance(count: number): number {
    if (this.#at + count > this.#bytes.length && !this.#gather(count)) return -1
    this.#at += count
    return this.#at - count
  }

  /** Passes over a line of at most `limit` bytes and returns it without its end; undefined where there is none. */
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

  /** Sees to it that `count` bytes are there. */
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
