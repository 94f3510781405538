import { type FileHandle, open, stat } from 'node:fs/promises'

/** Bytes that are read at a time. A longer line is read in one piece, of twice as many bytes or more. */
const CHUNK = 1 << 20
/** Bytes before the place read to, by which a log that was cut and written on is known. */
const TAIL = 256

/** Receives what a {@link LogFollower} reads. */
export interface LogReceiver {
  /** The log was cut or replaced: what was read before is no longer in it. The next line is its first. */
  restart(): void
  /** A complete line, without its line break. */
  line(text: string): void
}

/**
 * Reads the lines of a file that grows, each once. A last line without line break waits until it is complete. A file
 * that was cut, replaced or removed is read from its beginning.
 */
export class LogFollower {
  readonly #file: string
  /** Bytes read: up to the end of the last complete line. */
  #offset = 0
  /** The last bytes before `#offset`. */
  #tail = Buffer.alloc(0)
  /** What the file was like when it was last read. */
  #seen = ''

  constructor(file: string) {
    this.#file = file
  }

  /**
   * Reads what is new. Resolves to whether the file has changed at all. A missing file counts as empty.
   *
   * @throws The system's error if reading fails. A file that cannot be opened counts as empty.
   */
  async poll(receiver: LogReceiver): Promise<boolean> {
    const status = await stat(this.#file).catch(() => undefined)
    const seen = status === undefined ? '' : `${status.ino} ${status.size} ${status.mtimeMs}`
    if (seen === this.#seen) return false
    const handle = status && (await open(this.#file, 'r').catch(() => undefined))
    try {
      if (!(await this.#continues(handle))) {
        this.#offset = 0
        this.#tail = Buffer.alloc(0)
        receiver.restart()
      }
      if (handle !== undefined) await this.#read(handle, receiver)
    } finally {
      await handle?.close()
    }
    // Last, so that a reading that has failed is tried again.
    this.#seen = seen
    return true
  }

  /** Whether the file still begins with what was read. */
  async #continues(handle: FileHandle | undefined): Promise<boolean> {
    if (this.#offset === 0) return true
    if (handle === undefined) return false
    const bytes = Buffer.alloc(this.#tail.length)
    const { bytesRead } = await handle.read(bytes, 0, bytes.length, this.#offset - bytes.length)
    return bytesRead === bytes.length && bytes.equals(this.#tail)
  }

  async #read(handle: FileHandle, receiver: LogReceiver): Promise<void> {
    for (let buffer = Buffer.allocUnsafe(CHUNK); ; ) {
      const { bytesRead } = await handle.read(buffer, 0, buffer.length, this.#offset)
      const complete = buffer.subarray(0, buffer.subarray(0, bytesRead).lastIndexOf(10) + 1)
      if (complete.length > 0) {
        this.#offset += complete.length
        this.#tail = Buffer.from(complete.subarray(-TAIL))
        const text = complete.toString('utf8', 0, complete.length - 1)
        for (const line of text.split('\n')) receiver.line(line)
      }
      if (bytesRead < buffer.length) return
      if (complete.length === 0) buffer = Buffer.allocUnsafe(2 * buffer.length)
    }
  }
}
