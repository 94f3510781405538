/** Lists the members of tar files by their headers. Nothing is unpacked. */
import type { FileHandle } from 'node:fs/promises'
import { expected } from '../../base/errors.js'
import { isGzip } from '../../formats/foreign.js'
import { fileName, shownName } from '../file-names.js'

const BLOCK = 512

/** A file in a tar, or a link. */
export interface TarMember {
  /** Its path in the tar, as `shownName` writes it. */
  readonly name: string
  /** A link has no bytes. */
  readonly isLink: boolean
  /** Where its bytes begin in the file that holds the tar. */
  readonly offset: number
  /** Number of its bytes. */
  readonly size: number
}

/**
 * The members of the tar that lies from `begin` to `end` in a file, which may itself be a member of a tar. Names longer
 * than 100 bytes are read as GNU tar and POSIX (pax) write them.
 *
 * @throws UserError for other bytes than those of a tar.
 */
export async function* tarMembers(
  handle: FileHandle,
  file: string,
  begin: number,
  end: number,
): AsyncGenerator<TarMember> {
  const header = Buffer.alloc(BLOCK)
  await handle.read(header, 0, Math.min(BLOCK, end - begin), begin)
  if (isGzip(header)) throw expected('a tar of images', file, 'one in gzip; gunzip unpacks it')
  let longName: string | undefined
  for (let at = begin; at + BLOCK <= end; ) {
    await handle.read(header, 0, BLOCK, at)
    // Two blocks of zeros end a tar.
    if (header.every((byte) => byte === 0)) return
    if (!hasChecksum(header)) throw expected('a tar of images', file, `other bytes at ${at}`)
    const size = sizeOf(header)
    const offset = at + BLOCK
    if (!(size >= 0 && offset + size <= end)) throw expected('a whole tar', file, `its end in the member at ${at}`)
    const type = String.fromCharCode(header[156])
    if (type === 'L' || type === 'x') {
      const text = Buffer.alloc(size)
      await handle.read(text, 0, size, offset)
      longName = type === 'L' ? cString(text) : (paxPath(text) ?? longName)
    } else if (type !== 'K' && type !== 'g') {
      // Not the name of a link's target, and nothing that holds for all members.
      const isLink = type === '1' || type === '2'
      if (isLink || type === '0' || type === '\0') yield { name: longName ?? shortName(header), isLink, offset, size }
      longName = undefined
    }
    at = offset + Math.ceil(size / BLOCK) * BLOCK
  }
  throw expected('a whole tar', file, 'one without an end')
}

/** True if the sum of the header's bytes is the one it names; its own field counts as spaces. */
function hasChecksum(header: Buffer): boolean {
  let sum = 8 * 0x20
  for (let i = 0; i < BLOCK; i++) if (i < 148 || i >= 156) sum += header[i]
  return Number.parseInt(cString(header.subarray(148, 156)), 8) === sum
}

/** Octal digits, or, for large files, a number of 11 bytes after a byte 0x80. */
function sizeOf(header: Buffer): number {
  if (header[124] !== 0x80) return Number.parseInt(cString(header.subarray(124, 136)), 8)
  return header.subarray(125, 136).reduce((number, byte) => number * 256 + byte, 0)
}

function shortName(header: Buffer): string {
  const name = cString(header.subarray(0, 100))
  const isPosix = header.toString('latin1', 257, 262) === 'ustar'
  const prefix = isPosix ? cString(header.subarray(345, 500)) : ''
  return prefix === '' ? name : `${prefix}/${name}`
}

/** The path among records of the form `LENGTH KEY=VALUE\n`. */
function paxPath(text: Buffer): string | undefined {
  const path = /(?:^|\n)\d+ path=([^\n]*)\n/.exec(text.toString('latin1'))?.[1]
  return path === undefined ? undefined : shownName(fileName(Buffer.from(path, 'latin1')))
}

function cString(bytes: Buffer): string {
  const end = bytes.indexOf(0)
  return shownName(fileName(bytes.subarray(0, end === -1 ? bytes.length : end)))
}
