/**
 * The safetensors format: an 8-byte little-endian header length, a JSON header that gives each tensor's dtype, shape
 * and byte range, then the tensors' bytes. https://github.com/huggingface/safetensors#format
 */
import { type FileHandle, open } from 'node:fs/promises'
import { writeAtomically } from '../base/atomic.js'
import { expected, UserError } from '../base/errors.js'
import { whyUnreadable } from '../base/files.js'
import { scalars } from '../base/shapes.js'
import { widenBfloat16, widenFloat16 } from './floats.js'
import { refuseForeign } from './foreign.js'
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
/** Bytes that are read from a file at once; Node reads at most 2 GiB. */
const MOST_AT_ONCE = 2 ** 30

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
 * @throws UserError if the file cannot be written, and for arrays of other types than {@link TensorData}; RangeError if
 *   the data of a tensor do not have its shape.
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
    // The tag is that of the array's own kind: a Buffer has Uint8Array's.
    const dtype = DTYPE_OF_ARRAY[data[Symbol.toStringTag]]
    if (dtype === undefined) throw expected('a type of safetensors', `${name} in ${file}`, data.constructor.name)
    const end = offset + data.byteLength
    entries.push([name, { dtype, shape, data_offsets: [offset, end] }])
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
  const unreadable = (error: NodeJS.ErrnoException) => {
    throw error.code === undefined ? error : expected('a readable safetensors file', file, whyUnreadable(error))
  }
  const handle = await open(file).catch(unreadable)
  try {
    const { size } = await handle.stat()
    const source: Source = { size, read: (begin, end) => readRange(handle, begin, end, file) }
    refuseForeign(await source.read(0, Math.min(256, size)), file, 'a safetensors file')
    return await readSource(source, file)
  } catch (error) {
    return unreadable(error as NodeJS.ErrnoException)
  } finally {
    await handle.close()
  }
}

/** Does {@link readSafetensors} for bytes in memory; `file` is their name in messages. */
export function parseSafetensors(bytes: Uint8Array, file: string): Promise<SafetensorsFile> {
  return readSource(
    { size: bytes.length, read: async (begin, end) => new Uint8Array(bytes.subarray(begin, end)) },
    file,
  )
}

/** The bytes of a file. It may be larger than what can be read at once, so each tensor is read by itself. */
interface Source {
  readonly size: number
  /** A copy of the bytes from `begin` to before `end`. */
  read(begin: number, end: number): Promise<Uint8Array<ArrayBuffer>>
}

async function readRange(handle: FileHandle, begin: number, end: number, file: string) {
  const bytes = new Uint8Array(end - begin)
  for (let done = 0; done < bytes.length; ) {
    const length = Math.min(bytes.length - done, MOST_AT_ONCE)
    const { bytesRead } = await handle.read(bytes, done, length, begin + done)
    if (bytesRead === 0) throw invalid(`${end} bytes`, file, `${begin + done}`)
    done += bytesRead
  }
  return bytes
}

async function readSource(source: Source, file: string): Promise<SafetensorsFile> {
  const { header, bodyAt } = await readHeader(source, file)
  const bodyLength = source.size - bodyAt
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
    if (entry.begin !== position || entry.end > bodyLength) {
      const received = `bytes ${entry.begin} to ${entry.end} of ${bodyLength}`
      throw invalid(`data that begins at byte ${position} for tensor ${brief(name)}`, file, received)
    }
    position = entry.end
    const { buffer } = await source.read(bodyAt + entry.begin, bodyAt + entry.end)
    tensors.set(name, { shape: entry.shape, data: DTYPES[entry.dtype].read(buffer) })
  }
  if (position !== bodyLength) throw invalid(`${position} bytes of data`, file, `${bodyLength} bytes`)
  return { tensors, metadata }
}

interface Entry {
  readonly dtype: string
  readonly shape: readonly number[]
  readonly begin: number
  readonly end: number
}

async function readHeader(source: Source, file: string): Promise<{ header: object; bodyAt: number }> {
  const { size } = source
  if (size < 8) throw invalid('at least 8 bytes', file, `${size}`)
  const length = Buffer.from(await source.read(0, 8)).readBigUInt64LE()
  if (length > BigInt(Math.min(MAX_HEADER_BYTES, size - 8))) {
    throw invalid(`a header within ${size} bytes`, file, `a header of ${length} bytes`)
  }
  const bodyAt = 8 + Number(length)
  let header: unknown
  try {
    header = JSON.parse(Buffer.from(await source.read(8, bodyAt)).toString('utf8'))
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
    throw invalid('a JSON header', file, 'something else')
  }
  if (!isObject(header) || (METADATA in header && !isObject(header[METADATA]))) {
    throw invalid('a JSON object as header', file, 'something else')
  }
  return { header, bodyAt }
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
