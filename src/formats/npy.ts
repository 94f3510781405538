/** NumPy's .npy files: https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html */
import { writeAtomically } from '../base/atomic.js'
import { expected, UserError } from '../base/errors.js'
import { scalars } from '../base/shapes.js'
import { readWhole } from './foreign.js'

/** An array of an .npy file. */
export interface NpyArray {
  readonly shape: readonly number[]
  /** Row-major. float64 is rounded to float32; integers become 32-bit ones. */
  readonly data: Float32Array | Int32Array
}

const MAGIC = '\x93NUMPY'

/** Supported element types by NumPy's name, and how their bytes become numbers. */
const TYPES: Readonly<Record<string, (buffer: ArrayBuffer, file: string) => NpyArray['data']>> = {
  '<f4': (buffer) => new Float32Array(buffer),
  '<f8': (buffer) => Float32Array.from(new Float64Array(buffer)),
  '|u1': (buffer) => Int32Array.from(new Uint8Array(buffer)),
  '<i4': (buffer) => new Int32Array(buffer),
  '<i8': (buffer, file) => Int32Array.from(new BigInt64Array(buffer), (value) => narrowed(value, file)),
}

/** A 64-bit integer as one of 32 bits, which no other number becomes. */
function narrowed(value: bigint, file: string): number {
  if (BigInt.asIntN(32, value) === value) return Number(value)
  throw expected('integers of 32 bits', file, value)
}

/**
 * Reads a file.
 *
 * @throws UserError for a file that is missing, truncated, or of another format, element type or order. Also for 64-bit
 *   integers that do not fit into 32 bits.
 */
export async function readNpy(file: string): Promise<NpyArray> {
  const bytes = await readWhole(file, '.npy file', 'split it into smaller arrays')
  const { shape, type, elements } = parseNpy(bytes, file)
  if (!Object.hasOwn(TYPES, type)) {
    throw expected(`elements of type ${Object.keys(TYPES).join(', ')}`, file, type)
  }
  return { shape, data: TYPES[type](Uint8Array.from(elements).buffer, file) }
}

/** An array of any element type. */
export interface RawArray {
  readonly shape: readonly number[]
  /** NumPy's name of the element type, with byte order: `<f4`, `|u1`. */
  readonly type: string
  /** Row-major. */
  readonly elements: Buffer
}

/**
 * Parses an .npy file.
 *
 * @param file Name of the file in messages.
 * @throws UserError for another format, structured elements, Fortran order, or a size that differs from the shape.
 */
export function parseNpy(bytes: Buffer, file: string): RawArray {
  const { header, end } = npyHeader(bytes, file)
  const type = /'descr': *'([<>|=]\w(\d+))'/.exec(header)
  const extents = /'shape': *\(([\d, ]*)\)/.exec(header)?.[1]
  if (type === null || extents === undefined || !/'fortran_order': *False/.test(header)) {
    throw expected('plain elements in C order', file, header.trim())
  }
  const shape = extents
    .split(',')
    .filter((extent) => extent.trim() !== '')
    .map(Number)
  const wanted = scalars(shape) * Number(type[2])
  if (bytes.length - end !== wanted) {
    throw new UserError(`Expected ${wanted} bytes of elements in ${file} but received ${bytes.length - end}`)
  }
  return { shape, type: type[1], elements: bytes.subarray(end) }
}

/**
 * The pickle of an array of objects, which NumPy writes after the header; undefined if the elements are plain.
 *
 * @throws UserError for another format.
 */
export function npyPickle(bytes: Buffer, file: string): Buffer | undefined {
  const { header, end } = npyHeader(bytes, file)
  return /'descr': *'\|O'/.test(header) ? bytes.subarray(end) : undefined
}

/** Text of the header, and the offset of the elements. */
function npyHeader(bytes: Buffer, file: string): { header: string; end: number } {
  const start = bytes[6] > 1 ? 12 : 10
  if (bytes.length < start || bytes.toString('latin1', 0, MAGIC.length) !== MAGIC) {
    throw expected('an .npy file', file, 'something else')
  }
  const end = start + (start === 12 ? bytes.readUInt32LE(8) : bytes.readUInt16LE(8))
  return { header: bytes.toString('latin1', start, end), end }
}

/** Writes float32 elements in row-major order. */
export async function writeNpy(file: string, shape: readonly number[], data: Float32Array): Promise<void> {
  const description = `{'descr': '<f4', 'fortran_order': False, 'shape': (${shape.join(', ')}${shape.length === 1 ? ',' : ''}), }`
  // Everything before the elements has a multiple of 64 bytes, and ends in a line feed.
  const length = Math.ceil((10 + description.length + 1) / 64) * 64 - 10
  const head = Buffer.alloc(10)
  head.write(MAGIC, 'latin1')
  head[6] = 1
  head.writeUInt16LE(length, 8)
  const text = Buffer.from(`${description.padEnd(length - 1)}\n`, 'latin1')
  await writeAtomically(file, [head, text, new Uint8Array(data.buffer, data.byteOffset, data.byteLength)])
}
