/**
 * Copies of tables in the cache folder, which are read in milliseconds: a header in JSON, the keys, and the columns as
 * doubles.
 */
import { crc32 } from 'node:zlib'
import { useCacheFile, writeCacheFile } from '../../base/cache-file.js'
import type { Accuracies } from './accuracies.js'
import { hashTexts } from './hash-words.js'
import type { Table } from './table.js'

/** The last digit is the version of the layout. */
const MAGIC = Buffer.from('padatab2', 'latin1')
/** Bytes before the header: the magic, and as little-endian 32-bit integers the header's length and a checksum. */
const START = MAGIC.length + 2 * 4

/** Most numbers in all columns. A table with more is read from its file each time. */
const MAX_NUMBERS = 2 ** 24

interface Header {
  readonly format: string
  readonly keyedBy: Table['keyedBy']
  readonly columns: readonly string[]
  readonly defaultColumn: string
  readonly rows: number
  /** Length of the keys in bytes. Hashes are stored as words, architectures as lines of text. */
  readonly keyBytes: number
}

/** Name of the file in the cache folder for the table with this digest. */
function fileOf(digest: string): string {
  return `tables/${digest}.table`
}

/** The copy kept under `digest`; undefined if there is none or it is damaged. */
export function keptTable(digest: string): Promise<Accuracies | undefined> {
  return useCacheFile(fileOf(digest), async (handle) => {
    const bytes = await handle.readFile()
    if (bytes.length < START || !bytes.subarray(0, MAGIC.length).equals(MAGIC)) return undefined
    if (bytes.readUInt32LE(MAGIC.length + 4) !== crc32(bytes.subarray(START))) return undefined
    const keysAt = START + bytes.readUInt32LE(MAGIC.length)
    const header: Header = JSON.parse(bytes.toString('utf8', START, keysAt))
    const { format, keyedBy, columns, defaultColumn, rows, keyBytes } = header
    const valuesAt = keysAt + keyBytes
    const part = (begin: number, end: number) =>
      bytes.buffer.slice(bytes.byteOffset + begin, bytes.byteOffset + end) as ArrayBuffer
    const values = (column: number) =>
      new Float64Array(part(valuesAt + 8 * rows * column, valuesAt + 8 * rows * (column + 1)))
    const keyPart = part(keysAt, valuesAt)
    const shared = { format, keyedBy, defaultColumn, columns: new Map(columns.map((name, i) => [name, values(i)])) }
    if (keyedBy === 'arch') return { ...shared, keys: Buffer.from(keyPart).toString('utf8').split('\n') }
    const hashes = new Uint32Array(keyPart)
    // Looking hashes up does not need their texts.
    return {
      ...shared,
      hashes,
      get keys() {
        return hashTexts(hashes)
      },
    }
  })
}

/** Keeps a copy, unless the table is empty or too large, or a key is empty or has a line feed. */
export async function keepTable(digest: string, table: Table): Promise<void> {
  const { format, keyedBy, columns, defaultColumn, keys } = table
  if (keys.length === 0 || keys.length * columns.length > MAX_NUMBERS || !keys.every((key) => /^[^\n]+$/.test(key)))
    return
  const keyBytes = bytesOf(table.hashes?.()) ?? Buffer.from(keys.join('\n'))
  const header: Header = { format, keyedBy, columns, defaultColumn, rows: keys.length, keyBytes: keyBytes.length }
  const headerBytes = Buffer.from(JSON.stringify(header))
  const values = columns.map((column) => bytesOf(table.values(column))!)
  const parts = [headerBytes, keyBytes, ...values]
  const start = Buffer.alloc(START)
  MAGIC.copy(start)
  start.writeUInt32LE(headerBytes.length, MAGIC.length)
  const checksum = parts.reduce((sum, part) => crc32(part, sum), 0)
  start.writeUInt32LE(checksum, MAGIC.length + 4)
  await writeCacheFile(fileOf(digest), [start, ...parts], 'Tables that were read')
}

function bytesOf(array: Uint32Array | Float64Array | undefined): Uint8Array | undefined {
  return array && new Uint8Array(array.buffer, array.byteOffset, array.byteLength)
}
