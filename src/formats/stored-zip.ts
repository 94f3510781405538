/**
 * Writes zip archives of uncompressed entries. Each entry begins at a multiple of 64 bytes, as PyTorch writes them, so
 * that storages can be mapped into memory. Libraries for zip archives do not let callers place the bytes of an entry.
 */
import { crc32 } from 'node:zlib'
import { expected } from '../base/errors.js'

/** Alignment of an entry's first byte in the file, in bytes. */
const ALIGNMENT = 64
/** Identifier of the extra field for padding, as in PyTorch's reader and writer. */
const PADDING_FIELD = Buffer.from('FB')
/** Sizes and offsets of plain zip archives have 32 bits. All ones mean that the value is stored elsewhere. */
const MAX_BYTES = 2 ** 32 - 2
/** 1980-01-01, the first day of the format. A fixed date makes equal files of equal tensors. */
const DATE = (1 << 5) | 1
const UTF8 = 1 << 11

/**
 * Parts of an archive, in order.
 *
 * @throws UserError for 4 GiB or more, and for more than 65,534 entries.
 */
export function storedZip(
  entries: readonly (readonly [name: string, bytes: Uint8Array])[],
  file: string,
): Uint8Array[] {
  const parts: Uint8Array[] = []
  const directory: Buffer[] = []
  let offset = 0
  const push = (part: Uint8Array) => {
    parts.push(part)
    offset += part.length
    if (offset > MAX_BYTES) throw expected('less than 4 GiB of tensors', file, 'more')
  }
  if (entries.length > 0xfffe) {
    throw expected('at most 65,534 entries', file, entries.length)
  }
  for (const [name, bytes] of entries) {
    const encoded = Buffer.from(name)
    const start = offset
    const padding = paddingAt(start + 30 + encoded.length)
    const common = commonFields(bytes, encoded.length)
    const local = Buffer.alloc(30)
    local.write('PK\x03\x04', 'latin1')
    common.copy(local, 4)
    local.writeUInt16LE(padding.length, 28)
    for (const part of [local, encoded, padding, bytes]) push(part)

    const central = Buffer.alloc(46)
    central.write('PK\x01\x02', 'latin1')
    common.copy(central, 6)
    central.writeUInt32LE(start, 42)
    directory.push(central, encoded)
  }
  const begin = offset
  for (const part of directory) push(part)
  push(endRecord(entries.length, begin, offset - begin))
  return parts
}

/** Fields that the local and the central header of an entry share: from the version to the length of the name. */
function commonFields(bytes: Uint8Array, nameLength: number): Buffer {
  const common = Buffer.alloc(24)
  common.writeUInt16LE(20, 0)
  common.writeUInt16LE(UTF8, 2)
  common.writeUInt16LE(DATE, 8)
  common.writeUInt32LE(crc32(bytes), 10)
  common.writeUInt32LE(bytes.length % 2 ** 32, 14)
  common.writeUInt32LE(bytes.length % 2 ** 32, 18)
  common.writeUInt16LE(nameLength, 22)
  return common
}

/** An extra field of at least four bytes, which begins at `position` and ends at a multiple of the alignment. */
function paddingAt(position: number): Buffer {
  const length = (ALIGNMENT - ((position + 4) % ALIGNMENT)) % ALIGNMENT
  const field = Buffer.alloc(4 + length, 'Z')
  PADDING_FIELD.copy(field)
  field.writeUInt16LE(length, 2)
  return field
}

function endRecord(entries: number, begin: number, length: number): Buffer {
  const end = Buffer.alloc(22)
  end.write('PK\x05\x06', 'latin1')
  end.writeUInt16LE(entries, 8)
  end.writeUInt16LE(entries, 10)
  end.writeUInt32LE(length, 12)
  end.writeUInt32LE(begin, 16)
  return end
}
