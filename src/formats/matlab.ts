/**
 * Reads structs of numbers and texts from a MAT-file of level 5, such as ImageNet's `meta.mat`. The format is described
 * in MathWorks, “MAT-File Format”.
 */
import { inflateSync } from 'node:zlib'
import { expected } from '../base/errors.js'

const HEADER = 128
const COMPRESSED = 15
const MATRIX = 14
/** Limit on an unpacked matrix, which may be crafted. */
const MAX_BYTES = 2 ** 28

/** An element: its type, its data, and where the next one begins. */
interface Element {
  readonly type: number
  readonly data: Buffer
  readonly next: number
}

/** The first number, or the text, of a field of one struct of an array; NaN if there is neither. */
export type MatlabValue = number | string

/** By the name of a field, its values in all structs of the first array of structs in the file. */
export type MatlabStructs = ReadonlyMap<string, readonly MatlabValue[]>

/**
 * The first array of structs in a file.
 *
 * @throws UserError for other files.
 */
export function parseMatlabStructs(bytes: Buffer, file: string): MatlabStructs {
  try {
    for (let at = HEADER; at < bytes.length; ) {
      const element = elementAt(bytes, at)
      at = element.type === COMPRESSED ? element.next : padded(element.next)
      const whole = element.type === COMPRESSED ? inflateSync(element.data, { maxOutputLength: MAX_BYTES }) : undefined
      const { type, data } = whole === undefined ? element : elementAt(whole, 0)
      const structs = type === MATRIX ? structsIn(data) : undefined
      if (structs !== undefined) return structs
    }
  } catch (error) {
    if (!(error instanceof RangeError) && (error as NodeJS.ErrnoException).code === undefined) throw error
  }
  throw expected('a MAT-file of level 5 with structs', file, 'other bytes')
}

function elementAt(bytes: Buffer, at: number): Element {
  const word = bytes.readUInt32LE(at)
  // Up to four bytes may lie in the tag itself.
  const small = word >>> 16
  const [type, length, start] = small > 0 ? [word & 0xffff, small, at + 4] : [word, bytes.readUInt32LE(at + 4), at + 8]
  if (start + length > bytes.length) throw new RangeError('the end of the file')
  return { type, data: bytes.subarray(start, start + length), next: small > 0 ? at + 8 : start + length }
}

function padded(at: number): number {
  return Math.ceil(at / 8) * 8
}

/** The elements of a matrix. */
function partsOf(data: Buffer): Element[] {
  const parts: Element[] = []
  for (let at = 0; at + 8 <= data.length; ) {
    const part = elementAt(data, at)
    parts.push(part)
    at = padded(part.next)
  }
  return parts
}

function structsIn(data: Buffer): MatlabStructs | undefined {
  const [flags, , , lengths, names, ...values] = partsOf(data)
  if (flags === undefined || (flags.data.readUInt32LE(0) & 0xff) !== 2) return undefined
  if (names === undefined) throw new RangeError('no names of fields')
  const length = lengths.data.readInt32LE(0)
  const fields = Array.from({ length: length > 0 ? names.data.length / length : 0 }, (_, i) =>
    names.data.toString('latin1', i * length, (i + 1) * length).replace(/\0.*/s, ''),
  )
  if (values.length % fields.length > 0) throw new RangeError('a part of a struct')
  const valuesOf = (column: number) => values.filter((_, i) => i % fields.length === column)
  return new Map(fields.map((field, column) => [field, valuesOf(column).map(({ data }) => readValue(data))]))
}

function readValue(matrix: Buffer): MatlabValue {
  const [flags, , , content] = partsOf(matrix)
  // MATLAB writes a matrix without any part for a field that is not set.
  if (flags === undefined) return Number.NaN
  const isText = (flags.data.readUInt32LE(0) & 0xff) === 4
  if (content === undefined || content.data.length === 0) return isText ? '' : Number.NaN
  const { type, data } = content
  if (isText) return data.toString(type === 4 || type === 17 ? 'utf16le' : 'utf8')
  const read = NUMBERS[type]
  return read === undefined ? Number.NaN : read(data)
}

/** The first number of an element, by the element's type. */
const NUMBERS: Readonly<Record<number, (data: Buffer) => number>> = {
  1: (data) => data.readInt8(0),
  2: (data) => data.readUInt8(0),
  3: (data) => data.readInt16LE(0),
  4: (data) => data.readUInt16LE(0),
  5: (data) => data.readInt32LE(0),
  6: (data) => data.readUInt32LE(0),
  7: (data) => data.readFloatLE(0),
  9: (data) => data.readDoubleLE(0),
  12: (data) => Number(data.readBigInt64LE(0)),
  13: (data) => Number(data.readBigUInt64LE(0)),
}
