/**
 * Decompresses bzip2 block by block, so that a file of any size takes the memory of one block. NATS-Bench is published
 * in such files, `.pbz2`. J. Tsai describes the format
 * (https://github.com/dsnet/compress/blob/master/doc/bzip2-format.pdf).
 */
import { UserError } from '../base/errors.js'

const BLOCK = 0x314159265359
const END_OF_STREAM = 0x177245385090
const MAX_CODE_LENGTH = 20
const GROUP = 50
/** Symbols up to this one are binary digits of the number of times that the first byte is repeated. */
const RUN_B = 1
/** Limit on the size of the decompressed data: `FREE_BYTES`, and `BYTES_PER_BYTE` for each compressed byte. */
const FREE_BYTES = 2 ** 26
const BYTES_PER_BYTE = 256

/** Returns the next bytes of a file; undefined after the last ones. */
export type NextBytes = () => Buffer | undefined

/** True for the head (at least 10 bytes) of a file that bzip2 compressed and that is not empty. */
export function isBzip2(head: Buffer): boolean {
  return /^BZh[1-9]1AY&SY/.test(head.toString('latin1', 0, 10))
}

/**
 * Decompresses the bytes that `next` returns. Several streams in a row count as one.
 *
 * @param file Name of the file in messages.
 * @throws UserError, while the bytes are read, for data that are damaged, truncated, or expand beyond the limit.
 */
export function decompressBzip2(next: NextBytes, file: string): NextBytes {
  const blocks = blocksOf(new BitReader(next, file), file)
  return () => blocks.next().value ?? undefined
}

function* blocksOf(bits: BitReader, file: string): Generator<Buffer, undefined> {
  let expanded = 0
  do {
    const level = String.fromCharCode(bits.read(8), bits.read(8), bits.read(8), bits.read(8))
    if (!/^BZh[1-9]$/.test(level)) throw invalid(file, 'something else')
    const sorted = new Uint32Array(100_000 * Number(level[3]))
    let combined = 0
    for (;;) {
      const magic = bits.read(24) * 2 ** 24 + bits.read(24)
      const checksum = bits.read32()
      if (magic === END_OF_STREAM) {
        if (checksum !== combined) throw invalid(file, 'another checksum than is recorded')
        break
      }
      if (magic !== BLOCK) throw invalid(file, 'a block of another format')
      const block = readBlock(bits, sorted, file)
      if (checksumOf(block) !== checksum) throw invalid(file, 'another checksum than is recorded')
      combined = (((combined << 1) | (combined >>> 31)) ^ checksum) >>> 0
      expanded += block.length
      if (expanded > FREE_BYTES + BYTES_PER_BYTE * bits.bytes) throw invalid(file, 'data that expand beyond measure')
      yield block
    }
    bits.align()
  } while (!bits.atEnd())
  return undefined
}

/**
 * Reads one block. It undoes Huffman codes, runs and moves to the front, the Burrows–Wheeler transform, and run-length
 * coding.
 */
function readBlock(bits: BitReader, sorted: Uint32Array, file: string): Buffer {
  if (bits.read(1) === 1) throw invalid(file, 'a block of a version that nobody writes any more')
  const origin = bits.read(24)
  const symbols = usedBytes(bits)
  if (symbols.length === 0) throw invalid(file, 'a block without bytes')
  const end = symbols.length + 1
  const tableCount = bits.read(3)
  const selectorCount = bits.read(15)
  if (tableCount < 2 || tableCount > 6 || selectorCount === 0) throw invalid(file, 'a block without codes')
  const selectors = readSelectors(bits, selectorCount, tableCount, file)
  const codes = Array.from({ length: tableCount }, () => new Code(readLengths(bits, end + 1, file), file))

  const counts = new Uint32Array(257)
  let length = 0
  let run = 0
  let runBit = 1
  for (let group = 0, left = 0, code = codes[0]; ; left--) {
    if (left === 0) {
      if (group === selectorCount) throw invalid(file, 'a block without an end')
      code = codes[selectors[group++]]
      left = GROUP
    }
    const symbol = code.read(bits)
    if (symbol <= RUN_B) {
      run += runBit << symbol
      runBit *= 2
      if (length + run > sorted.length) throw invalid(file, 'a block that is too long')
      continue
    }
    if (run > 0) {
      sorted.fill(symbols[0], length, length + run)
      counts[symbols[0] + 1] += run
      length += run
      run = 0
      runBit = 1
    }
    if (symbol === end) break
    if (length === sorted.length) throw invalid(file, 'a block that is too long')
    const byte = symbols[symbol - 1]
    symbols.copyWithin(1, 0, symbol - 1)
    symbols[0] = byte
    sorted[length++] = byte
    counts[byte + 1]++
  }
  if (origin >= length) throw invalid(file, 'a block whose origin lies outside of it')
  return withoutRuns(unsorted(sorted.subarray(0, length), counts, origin))
}

/** The bytes that occur in a block, ascending. */
function usedBytes(bits: BitReader): Uint8Array {
  const used: number[] = []
  const rows = bits.read(16)
  for (let row = 0; row < 16; row++) {
    if (((rows >> (15 - row)) & 1) === 0) continue
    const columns = bits.read(16)
    for (let column = 0; column < 16; column++) if ((columns >> (15 - column)) & 1) used.push(16 * row + column)
  }
  return Uint8Array.from(used)
}

/** By group of symbols: the index of its code. */
function readSelectors(bits: BitReader, count: number, tables: number, file: string): Uint8Array {
  const order = Uint8Array.from({ length: tables }, (_, i) => i)
  return Uint8Array.from({ length: count }, () => {
    let place = 0
    while (bits.read(1) === 1) if (++place >= tables) throw invalid(file, 'a block with a code that it lacks')
    const table = order[place]
    order.copyWithin(1, 0, place)
    order[0] = table
    return table
  })
}

function readLengths(bits: BitReader, count: number, file: string): Uint8Array {
  let length = bits.read(5)
  return Uint8Array.from({ length: count }, () => {
    while (bits.read(1) === 1) length += bits.read(1) === 0 ? 1 : -1
    if (length < 1 || length > MAX_CODE_LENGTH) throw invalid(file, 'a code of impossible length')
    return length
  })
}

/** A canonical Huffman code: codes of one length are consecutive numbers, followed by the codes of the next length. */
class Code {
  /** By length: an exclusive upper bound, left-justified, of the codes of this length. */
  readonly #limits = new Uint32Array(MAX_CODE_LENGTH + 1)
  /** By length: the number to add to a code to get its index in `#symbols`. */
  readonly #offsets = new Int32Array(MAX_CODE_LENGTH + 1)
  readonly #symbols: Uint16Array
  readonly #shortest: number

  constructor(
    lengths: Uint8Array,
    private readonly file: string,
  ) {
    const bySize = Array.from(lengths.keys()).sort((a, b) => lengths[a] - lengths[b] || a - b)
    this.#symbols = Uint16Array.from(bySize)
    this.#shortest = lengths[bySize[0]]
    let code = 0
    let place = 0
    for (let length = 1; length <= MAX_CODE_LENGTH; length++) {
      this.#offsets[length] = place - code
      while (place < bySize.length && lengths[bySize[place]] === length) {
        place++
        code++
      }
      if (code > 2 ** length) throw invalid(file, 'codes that are ambiguous')
      this.#limits[length] = code * 2 ** (MAX_CODE_LENGTH - length)
      code *= 2
    }
  }

  read(bits: BitReader): number {
    const window = bits.peek(MAX_CODE_LENGTH)
    let length = this.#shortest
    while (length <= MAX_CODE_LENGTH && window >= this.#limits[length]) length++
    if (length > MAX_CODE_LENGTH) throw invalid(this.file, 'a code that stands for nothing')
    bits.skip(length)
    return this.#symbols[(window >>> (MAX_CODE_LENGTH - length)) + this.#offsets[length]]
  }
}

/** Undoes the Burrows–Wheeler transform. `counts[b + 1]` is the number of bytes b. */
function unsorted(sorted: Uint32Array, counts: Uint32Array, origin: number): Buffer {
  for (let byte = 1; byte <= 256; byte++) counts[byte] += counts[byte - 1]
  // The upper 24 bits of an entry become the place of the byte that follows its own.
  for (let i = 0; i < sorted.length; i++) sorted[counts[sorted[i] & 0xff]++] |= i << 8
  const bytes = Buffer.allocUnsafe(sorted.length)
  let place = sorted[origin]
  for (let i = 0; i < bytes.length; i++) {
    place = sorted[place >>> 8]
    bytes[i] = place & 0xff
  }
  return bytes
}

/** Undoes run-length coding: after four equal bytes comes the number of further ones. */
function withoutRuns(bytes: Buffer): Buffer {
  let output = Buffer.allocUnsafe(bytes.length + 1024)
  let length = 0
  let equal = 0
  let last = -1
  for (const byte of bytes) {
    if (equal === 4) {
      if (length + byte > output.length) {
        const larger = Buffer.allocUnsafe(2 * output.length)
        output.copy(larger, 0, 0, length)
        output = larger
      }
      output.fill(last, length, length + byte)
      length += byte
      equal = 0
      last = -1
      continue
    }
    equal = byte === last ? equal + 1 : 1
    last = byte
    if (length === output.length) output = Buffer.concat([output, Buffer.allocUnsafe(output.length)])
    output[length++] = byte
  }
  return output.subarray(0, length)
}

/** Bits of a file, beginning with the highest of each byte. */
class BitReader {
  #part: Buffer = Buffer.alloc(0)
  #at = 0
  #held = 0
  #count = 0
  #passed = 0

  constructor(
    private readonly next: NextBytes,
    private readonly file: string,
  ) {}

  /** Bytes read so far. */
  get bytes(): number {
    return this.#passed + this.#at
  }

  /** The next bits, at most 24, without passing over them. */
  peek(count: number): number {
    while (this.#count < count) {
      if (this.#at === this.#part.length && !this.#refill()) throw invalid(this.file, 'a truncated file')
      this.#held = (this.#held << 8) | this.#part[this.#at++]
      this.#count += 8
    }
    return (this.#held >>> (this.#count - count)) & (2 ** count - 1)
  }

  skip(count: number): void {
    this.#count -= count
  }

  read(count: number): number {
    const value = this.peek(count)
    this.#count -= count
    return value
  }

  read32(): number {
    return this.read(16) * 2 ** 16 + this.read(16)
  }

  /** Passes over bits up to the next whole byte. */
  align(): void {
    this.#count -= this.#count % 8
  }

  atEnd(): boolean {
    return this.#count === 0 && this.#at === this.#part.length && !this.#refill()
  }

  #refill(): boolean {
    this.#passed += this.#part.length
    this.#at = 0
    this.#part = this.next() ?? Buffer.alloc(0)
    return this.#part.length > 0
  }
}

/** CRC-32 that takes the highest bit first, unlike zlib's. */
const CHECKSUMS = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte << 24
  for (let bit = 0; bit < 8; bit++) value = value < 0 ? (value << 1) ^ 0x04c11db7 : value << 1
  return value >>> 0
})

function checksumOf(bytes: Buffer): number {
  let checksum = -1
  for (const byte of bytes) checksum = (checksum << 8) ^ CHECKSUMS[(checksum >>> 24) ^ byte]
  return ~checksum >>> 0
}

function invalid(file: string, received: string): UserError {
  return new UserError(`Expected bzip2 data in ${file} but received ${received}`)
}
