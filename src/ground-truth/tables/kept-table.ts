/**
 * Tables in the cache folder, in a form that is read in milliseconds: a header in JSON, the keys, and the columns as
 * doubles.
 */
import { crc32 } from 'node:zlib'
import { useCacheFile, writeCacheFile } from '../../base/cache-file.js'
import type { Accuracies } from './accuracies.js'
import { hashTexts } from './hash-words.js'
import type { Table } from './table.js'

/** The last digit counts versions of the layout. */
const MAGIC = Buffer.from('padatab1', 'latin1')
/** After the magic, as little-endian 32-bit integers: length of the header, checksum of all that comes after. */
const START = MAGIC.length + 2 * 4

/** Of all columns; a table with more is read from its file each time. */
const MAX_NUMBERS = 2 ** 24

interface Header {
  readonly format: string
  readonly keyedBy: Table['keyedBy']
  readonly columns: readonly string[]
  readonly rows: number
  /** Bytes of the keys: of hashes as words, of architectures as lines of text. */
  readonly keyBytes: number
}

/** The file of the table that `digest` names, in the cache folder. */
function fileOf(digest: string): string {
  return `tables/${digest}.table`
}

/** The table that is kept under `digest`; undefined for none, or a damaged one. */
export function keptTable(digest: string): Promise<Accuracies | undefined> {
  return useCacheFile(fileOf(digest), async (handle) => {
    const bytes = await handle.readFile()
    if (bytes.length < START || !bytes.subarray(0, MAGIC.length).equals(MAGIC)) return undefined
    if (bytes.readUInt32LE(MAGIC.length + 4) !== crc32(bytes.subarray(START))) return undefined
    const keysAt = START + bytes.readUInt32LE(MAGIC.length)
    const { format, keyedBy, columns, rows, keyBytes }: Header = JSON.parse(bytes.toString('utf8', START, keysAt))
    const valuesAt = keysAt + keyBytes
    const part = (begin: number, end: number) =>
      bytes.buffer.slice(bytes.byteOffset + begin, bytes.byteOffset + end) as ArrayBuffer
    const values = (column: number) =>
      new Float64Array(part(valuesAt + 8 * rows * column, valuesAt + 8 * rows * (column + 1)))
    const keyPart = part(keysAt, valuesAt)
    const shared = { format, keyedBy, columns: new Map(columns.map((name, i) => [name, values(i)])) }
    if (keyedBy === 'arch') return { ...shared, keys: Buffer.from(keyPart).toString('utf8').split('\n') }
    const hashes = new Uint32Array(keyPart)
    // Who looks hashes up does not need them as text.
    return {
      ...shared,
      hashes,
      get keys() {
        return hashTexts(hashes)
      },
    }
  })
}

/** Keeps a table, unless its keys are none that a table should have; see {@link writeCacheFile}. */
export async function keepTable(digest: string, table: Table): Promise<void> {
  const { format, keyedBy, columns, keys } = table
  if (keys.length === 0 || keys.length * columns.length > MAX_NUMBERS || !keys.every((key) => /^[^\n]+$/.test(key)))
    return
  const keyBytes = bytesOf(table.hashes?.()) ?? Buffer.from(keys.join('\n'))
  const header: Header = { format, keyedBy, columns, rows: keys.length, keyBytes: keyBytes.length }
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
