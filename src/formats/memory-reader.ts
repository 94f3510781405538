import { Readable } from 'node:stream'
import { RandomAccessReader } from 'yauzl'

/**
 * Serves a zip archive from memory. A crafted archive may claim impossible offsets. yauzl's own readers pass them to
 * Node, which then throws an error that no caller can catch. This reader reports an error instead.
 */
export class MemoryReader extends RandomAccessReader {
  constructor(private readonly bytes: Buffer) {
    super()
  }

  override read(
    target: Buffer,
    offset: number,
    length: number,
    position: number,
    callback: (error: Error | null, bytesRead?: number) => void,
  ): void {
    const error = this.#rangeError(position, position + length)
    if (!error) this.bytes.copy(target, offset, position, position + length)
    setImmediate(callback, error, error ? undefined : length)
  }

  override _readStreamForRange(start: number, end: number): Readable {
    const error = this.#rangeError(start, end)
    return error ? new Readable({ read() {} }).destroy(error) : Readable.from(this.bytes.subarray(start, end))
  }

  #rangeError(start: number, end: number): Error | null {
    if (start >= 0 && start <= end && end <= this.bytes.length) return null
    return new Error(`bytes ${start} to ${end} of a file of ${this.bytes.length}`)
  }
}
