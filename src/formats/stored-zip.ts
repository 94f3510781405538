/**
 * Writes zip archives whose entries are stored as they are, each beginning at a multiple of 64 bytes, as PyTorch writes
 * them so that storages can be mapped into memory. Libraries for zip archives do not let one place the bytes of an entry:
 * that is the reason for these lines.
 */
import { crc32 } from 'node:zlib'
import { UserError } from '../base/errors.js'

/** Of an entry's first byte in the file. */
const ALIGNMENT = 64
/** Identifies the extra field of padding that PyTorch's reader and writer use. */
const PADDING_FIELD = Buffer.from('FB')
/** Sizes and offsets of plain zip archives have 32 bits, all ones of which mean that they stand elsewhere. */
const MAX_BYTES = 2 ** 32 - 2
/** 1980-01-01, the first day of the format: the same tensors make the same file. */
const DATE = (1 << 5) | 1
const UTF8 = 1 << 11

/**
 * The parts of an archive, in order.
 *
 * @throws UserError for 4 GiB and more, or for more than 65,534 entries.
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
    if (offset > MAX_BYTES) throw new UserError(`Expected less than 4 GiB of tensors for ${file} but received more`)
  }
  if (entries.length > 0xfffe) {
    throw new UserError(`Expected at most 65,534 entries for ${file} but received ${entries.length}`)
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

/** What the local and the central header of an entry have in common: from the version to the length of the name. */
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

/** An extra field after which byte `position` is a multiple of the alignment; it has four bytes at least. */
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
