/** Tells files that lie in the place of other files: a web page, a pointer of Git LFS, a file without content. */
import { constants } from 'node:buffer'
import { readFile, stat } from 'node:fs/promises'
import { expected } from '../base/errors.js'
import { whyUnreadable } from '../base/files.js'

/** Most bytes that Node reads from a file at once. */
const MOST_BYTES = 2 ** 31 - 1
/** Most bytes of text: a string has no more characters. */
export const MOST_TEXT = constants.MAX_STRING_LENGTH

const FOREIGN: readonly (readonly [RegExp, string])[] = [
  [/^$/, 'an empty file: download it again'],
  [
    /^(\xef\xbb\xbf)?\s*<(!doctype html|html|head|body|\?xml)/i,
    'a web page: open it to see why, and download the file itself',
  ],
  [/^version https:\/\/git-lfs/, 'a Git LFS pointer: git lfs pull in its repository fetches the file'],
]

/** True for the first bytes of gzip. Names may lie: servers unpack files that they send. */
export function isGzip(bytes: Uint8Array): boolean {
  return bytes[0] === 0x1f && bytes[1] === 0x8b
}

/**
 * @param kind The expected content, read after “Expected”.
 * @throws UserError if `bytes`, the first ones of `file`, are those of a web page, a Git LFS pointer or an empty file.
 */
export function refuseForeign(bytes: Uint8Array, file: string, kind: string): void {
  const head = Buffer.from(bytes.subarray(0, 256)).toString('latin1')
  const found = FOREIGN.find(([pattern]) => pattern.test(head))
  if (found !== undefined) throw expected(kind, file, found[1])
}

/**
 * Throws a UserError for a file of more bytes than can be read at once, or than `most`. A missing file passes.
 *
 * @param advice What to do, for the message.
 */
export async function requireSize(file: string, advice: string, most = MOST_BYTES): Promise<void> {
  const size = (await stat(file).catch(() => undefined))?.size ?? 0
  if (size <= most) return
  const inMiB = (bytes: number) => `${Math.round(bytes / 2 ** 20)} MiB`
  throw expected(`at most ${inMiB(most)}`, file, `${inMiB(size)}: ${advice}`)
}

/**
 * Content of a file.
 *
 * @param kind The expected content, as `checkpoint`.
 * @throws UserError for a file that cannot be read, is too large, or has other content that its first bytes tell.
 */
export async function readWhole(file: string, kind: string, advice: string): Promise<Buffer> {
  await requireSize(file, advice)
  const bytes = await readFile(file).catch((error: NodeJS.ErrnoException) => {
    throw expected(`a readable ${kind}`, file, whyUnreadable(error))
  })
  refuseForeign(bytes, file, `a ${kind}`)
  return bytes
}
