/** Reads what follows the opcodes of a pickle: numbers, lengths, texts and bytes. */
import type { UserError } from '../base/errors.js'
import type { PickleReader } from './pickle-reader.js'

/** Most bytes of the module or the name of a global. */
const MAX_LINE = 2 ** 16
/** Most bytes of an integer: converting many long ones would take hours. */
const MAX_INTEGER = 2 ** 12
/** Fewer bytes than these are copied. */
const SHORT = 2 ** 12

/** The operands of `reader`'s opcodes. `invalid` makes the error for a pickle that ends too early. */
export class PickleOperands {
  constructor(
    private readonly reader: PickleReader,
    private readonly invalid: (received: string) => UserError,
  ) {}

  /**
   * An integer in Python's little-endian two's complement. Sizes and offsets have at most 6 bytes, which become a
   * number.
   */
  long(length: number): number | bigint {
    if (length > MAX_INTEGER) throw this.invalid(`an integer of ${length} bytes`)
    const bytes = this.take(length)
    if (length <= 6) return length === 0 ? 0 : bytes.readIntLE(0, length)
    return BigInt.asIntN(8 * length, BigInt(`0x${Buffer.from(bytes).reverse().toString('hex')}`))
  }

  /** A length in eight bytes. A length that no file can have fails when its bytes are taken. */
  long8(): number {
    return Number(this.take(8).readBigUInt64LE())
  }

  /** A text that ends with a line break, such as the name of a global. */
  line(): string {
    const text = this.reader.line(MAX_LINE)
    if (text === undefined) throw this.invalid('a truncated pickle')
    return text
  }

  byte(): number {
    const at = this.#advance(1)
    return this.reader.bytes[at]
  }

  uint16(): number {
    const at = this.#advance(2)
    return this.reader.bytes.readUInt16LE(at)
  }

  uint32(): number {
    const at = this.#advance(4)
    return this.reader.bytes.readUInt32LE(at)
  }

  /** A float64 in big-endian order. */
  double(): number {
    const at = this.#advance(8)
    return this.reader.bytes.readDoubleBE(at)
  }

  /** `length` bytes of UTF-8. */
  text(length: number): string {
    const at = this.#advance(length)
    return this.reader.bytes.toString('utf8', at, at + length)
  }

  /** The next `length` bytes. */
  take(length: number): Buffer {
    const at = this.#advance(length)
    const bytes = this.reader.bytes.subarray(at, at + length)
    // A view of a few bytes would keep the whole buffer in memory.
    return length < SHORT ? Buffer.from(bytes) : bytes
  }

  /**
   * Index of the next `length` bytes in `reader.bytes`. Read `reader.bytes` only after this call, which may replace it.
   */
  #advance(length: number): number {
    const at = this.reader.advance(length)
    if (at < 0) throw this.invalid('a truncated pickle')
    return at
  }
}
