import { Readable } from 'node:stream'
import { RandomAccessReader } from 'yauzl'

/**
 * Serves a zip archive from memory. yauzl's own readers pass the offsets that a crafted archive claims on to Node,
 * which throws where no caller can catch it; this one answers with an error.
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
    const error = this.#outside(position, position + length)
    if (!error) this.bytes.copy(target, offset, position, position + length)
    setImmediate(callback, error, error ? undefined : length)
  }

  override _readStreamForRange(start: number, end: number): Readable {
    const error = this.#outside(start, end)
    return error ? new Readable({ read() {} }).destroy(error) : Readable.from(this.bytes.subarray(start, end))
  }

  #outside(start: number, end: number): Error | null {
    if (start >= 0 && start <= end && end <= this.bytes.length) return null
    return new Error(`bytes ${start} to ${end} of a file of ${this.bytes.length}`)
  }
}
