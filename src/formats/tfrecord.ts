/**
 * TensorFlow's TFRecord files: for each record its length in eight bytes, a checksum of these, the record, and a
 * checksum of it. https://www.tensorflow.org/tutorials/load_data/tfrecord#tfrecords_format_details
 */
import { expected } from '../base/errors.js'
import type { NextBytes } from './bzip2.js'
import { crc32c } from './crc32c.js'
import { PickleReader } from './pickle-reader.js'

/** Bytes before a record: its length, and the checksum of the length. */
const HEADER = 12
const CHECKSUM = 4
/** A record of NAS-Bench-101 has less than a kilobyte. */
const MAX_RECORD = 2 ** 24
/** Added to a checksum after its bits are rotated by 15. */
const MASK = 0xa282ead8

/** True if a file begins with a length and its checksum. */
export function isTfRecord(head: Buffer): boolean {
  return head.length >= HEADER && isChecked(head, 0, 8)
}

/**
 * The records of a file in order. A record is a view that is valid until the next one is asked for.
 *
 * @param next Returns the bytes that follow; undefined after the last ones.
 * @param file Name of the file in messages.
 * @throws UserError for a file that is truncated or differs from its checksums.
 */
export function* tfRecords(next: NextBytes, file: string): Generator<Buffer> {
  const reader = new PickleReader(Buffer.alloc(0), 0, next)
  for (let index = 0; ; index++) {
    const begin = reader.position
    const header = reader.advance(HEADER)
    if (header < 0) {
      if (reader.advance(1) < 0) return
      throw expected('a whole record', file, `a part of record ${index + 1}`)
    }
    const length = Number(reader.bytes.readBigUInt64LE(header))
    if (!isChecked(reader.bytes, header, 8) || length > MAX_RECORD) {
      throw expected('a record and its checksum', file, `others at byte ${begin}`)
    }
    const at = reader.advance(length + CHECKSUM)
    if (at < 0) throw expected('a whole record', file, `a part of record ${index + 1}`)
    if (!isChecked(reader.bytes, at, length)) {
      throw expected('the recorded checksum', `record ${index + 1} in ${file}`, 'another')
    }
    yield reader.bytes.subarray(at, at + length)
  }
}

/** A record with its length and checksums. */
export function writeTfRecord(record: Uint8Array): Buffer {
  const bytes = Buffer.alloc(HEADER + record.length + CHECKSUM)
  bytes.writeBigUInt64LE(BigInt(record.length))
  bytes.writeUInt32LE(maskedChecksum(bytes, 0, 8), 8)
  bytes.set(record, HEADER)
  bytes.writeUInt32LE(maskedChecksum(bytes, HEADER, record.length), HEADER + record.length)
  return bytes
}

/** True if the masked checksum of `length` bytes at `at` follows them. */
function isChecked(bytes: Buffer, at: number, length: number): boolean {
  return bytes.readUInt32LE(at + length) === maskedChecksum(bytes, at, length)
}

function maskedChecksum(bytes: Buffer, at: number, length: number): number {
  const crc = crc32c(bytes, at, at + length)
  return (((crc >>> 15) | (crc << 17)) + MASK) >>> 0
}
