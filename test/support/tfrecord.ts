import { crc32c } from '../../src/formats/crc32c.js'

/** A record of TFRecord with its length and its checksums. */
export function framed(record: string): Buffer {
  const content = Buffer.from(record)
  const length = Buffer.alloc(8)
  length.writeUInt32LE(content.length)
  return Buffer.concat([length, masked(length), content, masked(content)])
}

function masked(bytes: Buffer): Buffer {
  const crc = crc32c(bytes)
  const checksum = Buffer.alloc(4)
  checksum.writeUInt32LE((((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0)
  return checksum
}
