/**
 * Keeps the decoded images of a split in one file, so that they are decoded once. The file has a header, then the
 * pixels. A damaged file counts as absent, and any file may be deleted.
 */
import type { FileHandle } from 'node:fs/promises'
import { crc32 } from 'node:zlib'
import { useCacheFile, writeCacheFile } from '../base/cache-file.js'
import type { Extents } from './images.js'

/** The last digit is the version of the layout. */
const MAGIC = Buffer.from('padapix1', 'latin1')
/**
 * Bytes of the header. After the magic come little-endian 32-bit integers: height, width, number of images, checksum of
 * the pixels, checksum of the header before it.
 */
const HEADER = MAGIC.length + 5 * 4
/** Most bytes per read. The system's limit is 2 GiB, and shorter reads let the checksum start earlier. */
const CHUNK = 2 ** 24

interface Header extends Extents {
  readonly count: number
  readonly checksum: number
}

/** Path in the cache folder of the file with the images of `digest`. */
function fileOf(digest: string): string {
  return `images/${digest}.pixels`
}

/** Height and width of the images kept under `digest`; undefined if there are none. */
export function cachedExtents(digest: string): Promise<Extents | undefined> {
  return useCacheFile(fileOf(digest), async (handle) => {
    const header = await readHeader(handle)
    return header && { height: header.height, width: header.width }
  })
}

/** Pixels of the `count` images kept under `digest`, 3 × height × width each; undefined if absent or damaged. */
export function readPixels(digest: string, count: number, extents: Extents): Promise<Uint8Array | undefined> {
  return useCacheFile(fileOf(digest), async (handle) => {
    const header = await readHeader(handle)
    const bytes = 3 * count * extents.height * extents.width
    if (header?.count !== count || header.height !== extents.height || header.width !== extents.width) return undefined
    if ((await handle.stat()).size !== HEADER + bytes) return undefined
    const pixels = new Uint8Array(bytes)
    let checksum = 0
    for (let at = 0; at < bytes; ) {
      const { bytesRead } = await handle.read(pixels, at, Math.min(CHUNK, bytes - at), HEADER + at)
      if (bytesRead === 0) return undefined
      checksum = crc32(pixels.subarray(at, at + bytesRead), checksum)
      at += bytesRead
    }
    return checksum === header.checksum ? pixels : undefined
  })
}

/** Keeps pixels for later runs. A failure is a warning only, because it just makes the next run slower. */
export async function writePixels(digest: string, pixels: Uint8Array, { height, width }: Extents): Promise<void> {
  const header = Buffer.alloc(HEADER)
  MAGIC.copy(header)
  let checksum = 0
  for (let at = 0; at < pixels.length; at += CHUNK) checksum = crc32(pixels.subarray(at, at + CHUNK), checksum)
  const count = pixels.length / (3 * height * width)
  for (const [index, value] of [height, width, count, checksum].entries()) {
    header.writeUInt32LE(value, MAGIC.length + 4 * index)
  }
  header.writeUInt32LE(crc32(header.subarray(0, -4)), HEADER - 4)
  await writeCacheFile(fileOf(digest), [header, pixels], 'Decoded images')
}

async function readHeader(handle: FileHandle): Promise<Header | undefined> {
  const { bytesRead, buffer } = await handle.read(Buffer.alloc(HEADER), 0, HEADER, 0)
  if (bytesRead < HEADER || !buffer.subarray(0, MAGIC.length).equals(MAGIC)) return undefined
  if (buffer.readUInt32LE(HEADER - 4) !== crc32(buffer.subarray(0, -4))) return undefined
  const [height, width, count, checksum] = [0, 1, 2, 3].map((index) => buffer.readUInt32LE(MAGIC.length + 4 * index))
  return { height, width, count, checksum }
}
