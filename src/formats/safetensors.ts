/**
 * The safetensors format: an 8-byte little-endian header length, a JSON header that gives each tensor's dtype, shape
 * and byte range, then the tensors' bytes. https://github.com/huggingface/safetensors#format
 */
import { writeAtomically } from '../base/atomic.js'
import { UserError } from '../base/errors.js'
import { scalars } from '../base/shapes.js'
import { widenBfloat16, widenFloat16 } from './floats.js'
import { readWhole } from './foreign.js'
import { brief } from './pickle.js'

/** Elements of a tensor, in a type that holds them without loss; float16 and bfloat16 as float32. */
export type TensorData =
  | Float64Array
  | Float32Array
  | BigInt64Array
  | BigUint64Array
  | Int32Array
  | Uint32Array
  | Int16Array
  | Uint16Array
  | Int8Array
  | Uint8Array

/** A named array of a checkpoint. */
export interface Tensor {
  readonly shape: readonly number[]
  /** Row-major. */
  readonly data: TensorData
}

/** Content of a safetensors file. */
export interface SafetensorsFile {
  readonly tensors: Map<string, Tensor>
  readonly metadata: Map<string, string>
}

const METADATA = '__metadata__'
/** Limit of the reference implementation. */
const MAX_HEADER_BYTES = 100_000_000

/** How the bytes of each dtype become a typed array. All platforms that run libtorch in Node are little-endian. */
const DTYPES: Readonly<Record<string, { bytes: number; read: (buffer: ArrayBuffer) => TensorData }>> = {
  F64: { bytes: 8, read: (buffer) => new Float64Array(buffer) },
  F32: { bytes: 4, read: (buffer) => new Float32Array(buffer) },
  F16: { bytes: 2, read: (buffer) => widenFloat16(new Uint16Array(buffer)) },
  BF16: { bytes: 2, read: (buffer) => widenBfloat16(new Uint16Array(buffer)) },
  I64: { bytes: 8, read: (buffer) => new BigInt64Array(buffer) },
  U64: { bytes: 8, read: (buffer) => new BigUint64Array(buffer) },
  I32: { bytes: 4, read: (buffer) => new Int32Array(buffer) },
  U32: { bytes: 4, read: (buffer) => new Uint32Array(buffer) },
  I16: { bytes: 2, read: (buffer) => new Int16Array(buffer) },
  U16: { bytes: 2, read: (buffer) => new Uint16Array(buffer) },
  I8: { bytes: 1, read: (buffer) => new Int8Array(buffer) },
  U8: { bytes: 1, read: (buffer) => new Uint8Array(buffer) },
  BOOL: { bytes: 1, read: (buffer) => new Uint8Array(buffer) },
}

const DTYPE_OF_ARRAY: Readonly<Record<string, string>> = {
  Float64Array: 'F64',
  Float32Array: 'F32',
  BigInt64Array: 'I64',
  BigUint64Array: 'U64',
  Int32Array: 'I32',
  Uint32Array: 'U32',
  Int16Array: 'I16',
  Uint16Array: 'U16',
  Int8Array: 'I8',
  Uint8Array: 'U8',
}

/**
 * Writes tensors to a file, atomically; the type of each array decides the dtype.
 *
 * @throws UserError if the file cannot be written; RangeError if the data of a tensor do not have its shape.
 */
export async function writeSafetensors(
  file: string,
  tensors: Iterable<readonly [string, Tensor]>,
  metadata: Readonly<Record<string, string>> = {},
): Promise<void> {
  const entries: [string, unknown][] = []
  const parts: Uint8Array[] = []
  let offset = 0
  if (Object.keys(metadata).length > 0) entries.push([METADATA, metadata])
  // Widest elements first: readers that map the file then find every tensor aligned.
  for (const [name, { shape, data }] of [...tensors].sort(byWidth)) {
    if (data.length !== scalars(shape)) {
      throw new RangeError(`Expected ${scalars(shape)} elements for tensor ${name} but received ${data.length}`)
    }
    const end = offset + data.byteLength
    entries.push([name, { dtype: DTYPE_OF_ARRAY[data.constructor.name], shape, data_offsets: [offset, end] }])
    parts.push(new Uint8Array(data.buffer, data.byteOffset, data.byteLength))
    offset = end
  }
  // Written by hand because an object would reorder names that look like integers.
  const json = `{${entries.map(([name, entry]) => `${JSON.stringify(name)}:${JSON.stringify(entry)}`).join(',')}}`
  const header = Buffer.from(json)
  const padding = (8 - (header.length % 8)) % 8
  const length = Buffer.alloc(8)
  length.writeBigUInt64LE(BigInt(header.length + padding))
  await writeAtomically(file, [length, header, Buffer.alloc(padding, ' '), ...parts])
}

/**
 * Reads every tensor of a file. F16 and BF16 become Float32Array, BOOL becomes Uint8Array.
 *
 * @throws UserError for a file that is missing, truncated or not in the format.
 */
export async function readSafetensors(file: string): Promise<SafetensorsFile> {
  const advice = 'save the network alone, without other tensors'
  return parseSafetensors(await readWhole(file, 'safetensors file', advice), file)
}

/** Does {@link readSafetensors} for bytes in memory; `file` is their name in messages. */
export function parseSafetensors(bytes: Buffer, file: string): SafetensorsFile {
  const { header, body } = split(bytes, file)
  const metadata = new Map<string, string>()
  const entries: { name: string; entry: Entry }[] = []
  for (const [name, value] of Object.entries(header)) {
    if (name === METADATA) {
      for (const [key, text] of Object.entries(value as object)) {
        if (typeof text !== 'string') throw invalid(`text for metadata ${brief(key)}`, file, typeof text)
        metadata.set(key, text)
      }
    } else {
      entries.push({ name, entry: parseEntry(value, name, file) })
    }
  }
  // The format allows no gaps and no overlaps. This check also finds a name that occurs twice.
  entries.sort((a, b) => a.entry.begin - b.entry.begin || a.entry.end - b.entry.end)
  const tensors = new Map<string, Tensor>()
  let position = 0
  for (const { name, entry } of entries) {
    if (entry.begin !== position || entry.end > body.length) {
      const received = `bytes ${entry.begin} to ${entry.end} of ${body.length}`
      throw invalid(`data that begins at byte ${position} for tensor ${brief(name)}`, file, received)
    }
    position = entry.end
    const start = body.byteOffset + entry.begin
    const buffer = body.buffer.slice(start, body.byteOffset + entry.end) as ArrayBuffer
    tensors.set(name, { shape: entry.shape, data: DTYPES[entry.dtype].read(buffer) })
  }
  if (position !== body.length) throw invalid(`${position} bytes of data`, file, `${body.length} bytes`)
  return { tensors, metadata }
}

interface Entry {
  readonly dtype: string
  readonly shape: readonly number[]
  readonly begin: number
  readonly end: number
}

function split(bytes: Buffer, file: string): { header: object; body: Buffer } {
  if (bytes.length < 8) throw invalid('at least 8 bytes', file, `${bytes.length}`)
  const length = bytes.readBigUInt64LE(0)
  if (length > BigInt(Math.min(MAX_HEADER_BYTES, bytes.length - 8))) {
    throw invalid(`a header within ${bytes.length} bytes`, file, `a header of ${length} bytes`)
  }
  const end = 8 + Number(length)
  let header: unknown
  try {
    header = JSON.parse(bytes.toString('utf8', 8, end))
  } catch {
    throw invalid('a JSON header', file, 'something else')
  }
  if (!isObject(header) || (METADATA in header && !isObject(header[METADATA]))) {
    throw invalid('a JSON object as header', file, 'something else')
  }
  return { header, body: bytes.subarray(end) }
}

function parseEntry(value: unknown, name: string, file: string): Entry {
  const { dtype, shape, data_offsets: offsets } = (isObject(value) ? value : {}) as Record<string, unknown>
  if (typeof dtype !== 'string' || !Object.hasOwn(DTYPES, dtype)) {
    throw invalid(`a dtype among ${Object.keys(DTYPES).join(', ')} for tensor ${brief(name)}`, file, shown(dtype))
  }
  if (!isExtents(shape) || !isExtents(offsets) || offsets.length !== 2) {
    throw invalid(`a shape and two offsets for tensor ${brief(name)}`, file, shown({ shape, data_offsets: offsets }))
  }
  const [begin, end] = offsets
  const bytes = scalars(shape) * DTYPES[dtype].bytes
  if (end - begin !== bytes) throw invalid(`${bytes} bytes for tensor ${brief(name)}`, file, `${end - begin}`)
  return { dtype, shape, begin, end }
}

function byWidth(a: readonly [string, Tensor], b: readonly [string, Tensor]): number {
  return b[1].data.BYTES_PER_ELEMENT - a[1].data.BYTES_PER_ELEMENT
}

function isExtents(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((extent) => Number.isSafeInteger(extent) && extent >= 0)
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** A part of the header, for a message. Lists may be nested too deeply for JSON.stringify. */
function shown(value: unknown): string {
  try {
    return brief(JSON.stringify(value) ?? 'nothing')
  } catch {
    return 'nested lists'
  }
}

function invalid(expected: string, file: string, received: string): UserError {
  return new UserError(`Expected ${expected} in safetensors file ${file} but received ${received}`)
}
