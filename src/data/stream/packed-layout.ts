/**
 * The layout of a packed file: many encoded images in one file, with a table of them. Numbers are little-endian.
 *
 * | bytes | what |
 * | --- | --- |
 * | 64 | header: see {@link PackedHeader} |
 * | any | the images, one after the other |
 * | 4 per image | labels |
 * | 32 per image | entries: see {@link PackedEntry} |
 * | rest | JSON: names of the classes, and how the images were re-encoded |
 */
import type { FileHandle } from 'node:fs/promises'
import { crc32 } from 'node:zlib'

/** The first bytes. The last digit is the version of the layout. */
const MAGIC = Buffer.from('padapak1', 'latin1')
/** Size of the header in bytes. */
export const HEADER_BYTES = 64
/** Size of an entry in bytes. */
export const ENTRY_BYTES = 32

/** The numbers of the header, in their order after the magic. The last four bytes are the header's CRC-32. */
export interface PackedHeader {
  /** Number of images: 32 bits, and 32 bits of zeros. */
  readonly count: number
  /** Where labels, entries and JSON begin, and where the file ends, in bytes: 64 bits each. */
  readonly labels: number
  readonly entries: number
  readonly about: number
  readonly end: number
  /** Digest of the entries, {@link contentDigest}. */
  readonly digest: bigint
  /** CRC-32 of the labels and, continued, of the JSON. */
  readonly checksum: number
}

/** One image. After these fields, the label follows the length as 32 bits. */
export interface PackedEntry {
  /** Where its bytes begin. */
  readonly offset: number
  /** Digest of its bytes, which every reading compares: {@link contentDigest}. */
  readonly digest: bigint
  /** Number of bytes. */
  readonly length: number
  readonly label: number
  /** In pixels, at most 65,535. */
  readonly width: number
  readonly height: number
  /** Hash of its name, which orders the images of a class. */
  readonly key: number
}

export function encodeHeader(header: PackedHeader): Buffer {
  const bytes = Buffer.alloc(HEADER_BYTES)
  MAGIC.copy(bytes)
  bytes.writeUInt32LE(header.count, 8)
  for (const [i, offset] of [header.labels, header.entries, header.about, header.end].entries()) {
    bytes.writeBigUInt64LE(BigInt(offset), 16 + 8 * i)
  }
  bytes.writeBigUInt64LE(header.digest, 48)
  bytes.writeUInt32LE(header.checksum, 56)
  bytes.writeUInt32LE(crc32(bytes.subarray(0, 60)), 60)
  return bytes
}

/** The header; undefined if the bytes are none, or damaged. */
export function decodeHeader(bytes: Buffer): PackedHeader | undefined {
  if (bytes.length < HEADER_BYTES || !bytes.subarray(0, MAGIC.length).equals(MAGIC)) return undefined
  if (bytes.readUInt32LE(60) !== crc32(bytes.subarray(0, 60))) return undefined
  const [labels, entries, about, end] = [0, 1, 2, 3].map((i) => Number(bytes.readBigUInt64LE(16 + 8 * i)))
  const [count, digest, checksum] = [bytes.readUInt32LE(8), bytes.readBigUInt64LE(48), bytes.readUInt32LE(56)]
  return { count, labels, entries, about, end, digest, checksum }
}

export function encodeEntry(entry: PackedEntry, bytes: Buffer, at: number): void {
  bytes.writeBigUInt64LE(BigInt(entry.offset), at)
  bytes.writeBigUInt64LE(entry.digest, at + 8)
  bytes.writeUInt32LE(entry.length, at + 16)
  bytes.writeUInt32LE(entry.label, at + 20)
  bytes.writeUInt16LE(entry.width, at + 24)
  bytes.writeUInt16LE(entry.height, at + 26)
  bytes.writeUInt32LE(entry.key, at + 28)
}

/** Where an image lies, from its place in the table. */
export async function readEntry(
  handle: FileHandle,
  entries: number,
  place: number,
): Promise<Pick<PackedEntry, 'offset' | 'length'>> {
  const bytes = Buffer.alloc(ENTRY_BYTES)
  await handle.read(bytes, 0, ENTRY_BYTES, entries + place * ENTRY_BYTES)
  return { offset: Number(bytes.readBigUInt64LE(0)), length: bytes.readUInt32LE(16) }
}

/** Offset, in an entry, of the key. */
export const KEY_AT = 28
