/** Reads and writes packed files; see `packed-layout.ts`. */

import { closeSync, openSync, readSync } from 'node:fs'
import { type FileHandle, open, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { crc32 } from 'node:zlib'
import { isDevice, linkedFile, temporaryFor } from '../../base/atomic.js'
import { expected } from '../../base/errors.js'
import { makeFolder, syncFolder, unwritable, whyUnreadable } from '../../base/files.js'
import { contentDigest } from '../../native/index.js'
import type { EncodedSplit } from './encoded-files.js'
import {
  decodeHeader,
  ENTRY_BYTES,
  encodeEntry,
  encodeHeader,
  HEADER_BYTES,
  KEY_AT,
  type PackedEntry,
} from './packed-layout.js'

/** What a packed file says of its images as a whole. */
export interface AboutPacked {
  /** Names of the classes in the order of their labels. */
  readonly classes: readonly string[]
  /** Length in pixels to which the shorter side of larger images was reduced; absent if they are as they were. */
  readonly shorter?: number
  /** Quality of the JPEGs that were made so. */
  readonly quality?: number
}

/** An image to pack. */
export interface ImageToPack extends Pick<PackedEntry, 'label' | 'width' | 'height' | 'key'> {
  readonly bytes: Buffer
}

/**
 * Opens a packed file. It reads the header, the labels and the names of the classes. The table stays in the file.
 *
 * @throws UserError for a file that is none, damaged or cut off.
 */
export async function openPacked(file: string): Promise<EncodedSplit & { readonly about: AboutPacked }> {
  const damaged = (received: string) => expected('a file of pada-native pack', file, `${received}; pack it again`)
  const handle = await open(file).catch((error: NodeJS.ErrnoException) => {
    throw expected('a readable file', file, whyUnreadable(error))
  })
  try {
    const header = decodeHeader(await readPart(handle, 0, HEADER_BYTES))
    if (header === undefined) throw damaged('other bytes at its beginning')
    const { size } = await handle.stat()
    if (size !== header.end) throw damaged(`${size} bytes in place of ${header.end}`)
    const bytes = await readPart(handle, header.labels, 4 * header.count)
    const aboutBytes = await readPart(handle, header.about, header.end - header.about)
    if (crc32(aboutBytes, crc32(bytes)) !== header.checksum) throw damaged('labels with another checksum')
    const about: AboutPacked = JSON.parse(aboutBytes.toString('utf8'))
    const { entries, count } = header
    return {
      place: file,
      files: { kind: 'packed', file, entries, count },
      labels: new Int32Array(bytes.buffer, bytes.byteOffset, count),
      classes: about.classes,
      keys: () => readKeys(file, entries, count),
      digest: header.digest.toString(16).padStart(16, '0'),
      empty: [],
      passedOver: new Map(),
      about,
    }
  } finally {
    await handle.close()
  }
}

/** Reads bytes into an array of their own, so that numbers in it are aligned. Stops at the end of the file. */
async function readPart(handle: FileHandle, offset: number, length: number): Promise<Buffer> {
  const bytes = Buffer.from(new ArrayBuffer(length))
  let done = 0
  while (done < length) {
    const { bytesRead } = await handle.read(bytes, done, Math.min(length - done, 2 ** 30), offset + done)
    if (bytesRead === 0) break
    done += bytesRead
  }
  return bytes.subarray(0, done)
}

function readKeys(file: string, entries: number, count: number): Uint32Array {
  const keys = new Uint32Array(count)
  const rows = 2 ** 14
  const bytes = Buffer.alloc(rows * ENTRY_BYTES)
  const descriptor = openSync(file, 'r')
  try {
    for (let first = 0; first < count; first += rows) {
      const taken = Math.min(rows, count - first)
      readSync(descriptor, bytes, 0, taken * ENTRY_BYTES, entries + first * ENTRY_BYTES)
      for (let i = 0; i < taken; i++) keys[first + i] = bytes.readUInt32LE(i * ENTRY_BYTES + KEY_AT)
    }
  } finally {
    closeSync(descriptor)
  }
  return keys
}

/**
 * Writes a packed file of `count` images in the order in which they come. It is complete or absent: the bytes go to a
 * temporary file beside it, which is flushed to disk and then renamed. Returns its size in bytes.
 *
 * @throws UserError if the file cannot be written; whatever `images` throws.
 */
export async function writePacked(
  file: string,
  count: number,
  images: AsyncIterable<ImageToPack>,
  about: AboutPacked,
): Promise<number> {
  const target = await linkedFile(file)
  if (await isDevice(target)) throw expected('a file', '--out', `a device or a pipe: ${file}`)
  const temporary = temporaryFor(target)
  const write = <Result>(done: Promise<Result>): Promise<Result> => done.catch((error) => unwritable(file, error))
  await makeFolder(dirname(target))
  const handle = await write(open(temporary, 'w'))
  try {
    const entries = Buffer.alloc(count * ENTRY_BYTES)
    const labels = new Int32Array(count)
    await write(handle.write(Buffer.alloc(HEADER_BYTES)))
    let end = HEADER_BYTES
    let index = 0
    for await (const { bytes, ...image } of images) {
      const digest = BigInt(`0x${contentDigest(bytes)}`)
      encodeEntry({ ...image, offset: end, digest, length: bytes.length }, entries, index * ENTRY_BYTES)
      labels[index++] = image.label
      await write(handle.writeFile(bytes))
      end += bytes.length
    }
    const labelBytes = Buffer.from(labels.buffer)
    const aboutBytes = Buffer.from(JSON.stringify(about))
    for (const part of [labelBytes, entries, aboutBytes]) await write(handle.writeFile(part))
    const parts = { labels: end, entries: end + labelBytes.length, about: end + labelBytes.length + entries.length }
    const size = parts.about + aboutBytes.length
    const checksum = crc32(aboutBytes, crc32(labelBytes))
    const digest = BigInt(`0x${contentDigest(entries)}`)
    await write(handle.write(encodeHeader({ count, ...parts, end: size, digest, checksum }), 0, HEADER_BYTES, 0))
    await write(handle.sync())
    await handle.close()
    await write(rename(temporary, target))
    await syncFolder(dirname(target))
    return size
  } catch (error) {
    await handle.close().catch(() => {})
    await rm(temporary, { force: true })
    throw error
  }
}
