/** Names of files as the system gives them. Archives from other code pages have names that are not UTF-8. */
import { isUtf8 } from 'node:buffer'

/** A text, or the bytes of a name that is not UTF-8. */
export type FileName = string | Buffer

/** A name from its bytes. */
export function fileName(bytes: Buffer): FileName {
  return isUtf8(bytes) ? bytes.toString('utf8') : bytes
}

/** A name for messages. Bytes of a name that is not UTF-8 are written as `\xe9`, unless they are ASCII. */
export function shownName(name: FileName): string {
  if (typeof name === 'string') return name
  const shown = (byte: number) => (byte < 0x80 ? String.fromCharCode(byte) : `\\x${byte.toString(16)}`)
  return Array.from(name, shown).join('')
}

export function joinNames(folder: FileName, name: FileName): FileName {
  if (folder === '') return name
  if (typeof folder === 'string' && typeof name === 'string') return `${folder}/${name}`
  return Buffer.concat([Buffer.from(folder as string), Buffer.from('/'), Buffer.from(name as string)])
}
