/**
 * Tensors in pickles of `torch.save`: views of storages, in dictionaries. {@link TensorPickle} is the host of such a
 * pickle. The bytes of the storages are read later, because the two formats keep them in different places.
 */
import { UserError } from '../base/errors.js'
import { scalars } from '../base/shapes.js'
import { widenBfloat16, widenFloat16 } from './floats.js'
import { brief, Opaque, PickleGlobal, type PickleHost } from './pickle.js'
import type { Tensor, TensorData } from './safetensors.js'

const ORDERED_DICT = 'collections.OrderedDict'
const REBUILD_TENSOR = 'torch._utils._rebuild_tensor_v2'
/** The call of PyTorch before 0.4. Its arguments are the first four of `_rebuild_tensor_v2`. */
const REBUILD_TENSOR_V1 = 'torch._utils._rebuild_tensor'
const REBUILD_PARAMETER = 'torch._utils._rebuild_parameter'
/** A parameter with attributes of its own. */
const REBUILD_PARAMETER_WITH_STATE = 'torch._utils._rebuild_parameter_with_state'
/** A tensor of a subclass, or with attributes: the function that rebuilds it, its class, arguments, attributes. */
const REBUILD_FROM_TYPE = 'torch._tensor._rebuild_from_type_v2'
/** Python's dictionaries that are made empty, and then filled as others are. */
const DICTIONARIES = new Set([ORDERED_DICT, 'collections.defaultdict', 'builtins.dict', '__builtin__.dict'])

const EXPECTED = 'a state dict of tensors'
const MAX_RANK = 16
/** Most bytes of one pickle; a hundred thousand tensors need less. */
export const MAX_PICKLE_BYTES = 2 ** 25
/**
 * Most elements of all tensors together: 4 GiB as float32. Tensors may share a storage, so a small file can describe
 * many.
 */
const MAX_ELEMENTS = 2 ** 30
/**
 * Most elements of all tensors together, per byte of the file. Tensors that share a storage raise the ratio, but no
 * honest file comes near the limit.
 */
const ELEMENTS_PER_BYTE = 16

/**
 * Types of storages: bytes per element, and the array that they become. Floats become float32 (float64 is rounded);
 * integers keep their type.
 */
const STORAGES: Readonly<Record<string, { bytes: number; read: (buffer: ArrayBuffer) => TensorData }>> = {
  'torch.FloatStorage': { bytes: 4, read: (buffer) => new Float32Array(buffer) },
  'torch.DoubleStorage': { bytes: 8, read: (buffer) => Float32Array.from(new Float64Array(buffer)) },
  'torch.HalfStorage': { bytes: 2, read: (buffer) => widenFloat16(new Uint16Array(buffer)) },
  'torch.BFloat16Storage': { bytes: 2, read: (buffer) => widenBfloat16(new Uint16Array(buffer)) },
  'torch.LongStorage': { bytes: 8, read: (buffer) => new BigInt64Array(buffer) },
  'torch.IntStorage': { bytes: 4, read: (buffer) => new Int32Array(buffer) },
  'torch.ShortStorage': { bytes: 2, read: (buffer) => new Int16Array(buffer) },
  'torch.CharStorage': { bytes: 1, read: (buffer) => new Int8Array(buffer) },
  'torch.ByteStorage': { bytes: 1, read: (buffer) => new Uint8Array(buffer) },
  'torch.BoolStorage': { bytes: 1, read: (buffer) => new Uint8Array(buffer) },
}

/** Bytes per element of storages whose tensors are not read. In old files they lie between others. */
const UNREAD_STORAGES: Readonly<Record<string, number>> = {
  'torch.ComplexFloatStorage': 8,
  'torch.ComplexDoubleStorage': 16,
  'torch.QInt8Storage': 1,
  'torch.QUInt8Storage': 1,
  'torch.QInt32Storage': 4,
}

/** A storage that the pickle names; its bytes are read later. */
export class Storage {
  constructor(
    readonly type: string,
    readonly key: string,
    readonly elements: number,
  ) {}
}

/** A tensor as the pickle describes it: a strided view of a storage. */
export class View {
  constructor(
    readonly storage: Storage,
    readonly offset: number,
    readonly shape: readonly number[],
    readonly strides: readonly number[],
  ) {}
}

/**
 * Builds tensors and dictionaries. Every other object, such as the command's arguments or a scheduler beside the
 * weights, becomes an {@link Opaque}.
 */
export class TensorPickle implements PickleHost {
  readonly expected = EXPECTED
  /** Every storage that the pickle named, by key. */
  readonly storages = new Map<string, Storage>()

  constructor(private readonly file: string) {}

  allows(): boolean {
    return true
  }

  call(global: string, args: readonly unknown[]): unknown {
    // A defaultdict has the class of its values.
    const isEmpty = args.length === 0 || (args.length === 1 && args[0] instanceof PickleGlobal)
    if (DICTIONARIES.has(global) && isEmpty) return new Map()
    if (global === ORDERED_DICT && args.length === 1) return dictionaryOf(args[0]) ?? new Opaque(global)
    if (global === REBUILD_PARAMETER || global === REBUILD_PARAMETER_WITH_STATE) return args[0]
    if (global === REBUILD_FROM_TYPE) return this.#fromType(args)
    if (global === REBUILD_TENSOR || global === REBUILD_TENSOR_V1) {
      const [storage, offset, shape, strides] = args
      if (storage instanceof Storage && isExtent(offset) && isExtents(shape) && isExtents(strides)) {
        if (shape.length === strides.length) return new View(storage, offset, shape, strides)
      }
      throw invalid(this.file, EXPECTED, `a call of ${global} with other arguments`)
    }
    return new Opaque(global)
  }

  #fromType([rebuild, , args]: readonly unknown[]): unknown {
    const isKnown = rebuild instanceof PickleGlobal && rebuild.name !== REBUILD_FROM_TYPE && Array.isArray(args)
    return isKnown ? this.call(rebuild.name, args) : new Opaque(REBUILD_FROM_TYPE)
  }

  persistent(id: unknown): unknown {
    const [kind, type, key, , elements, view] = Array.isArray(id) ? id : []
    // The class of a module that was pickled whole, with its source text, before PyTorch 1.6.
    if (textOf(kind) === 'module' && type instanceof PickleGlobal) return type
    const name = textOf(key)
    const known = textOf(kind) === 'storage' && type instanceof PickleGlobal && name !== undefined
    if (!known || !isExtent(elements)) throw invalid(this.file, EXPECTED, 'a persistent id that is not a storage')
    // PyTorch before 1.6 could write storages within storages, but never did.
    if (view !== undefined && view !== null) throw invalid(this.file, EXPECTED, 'a storage that is part of another')
    const earlier = this.storages.get(name)
    if (earlier === undefined) {
      const storage = new Storage(type.name, name, elements)
      this.storages.set(name, storage)
      return storage
    }
    if (earlier.type !== type.name || earlier.elements !== elements) {
      throw invalid(this.file, `one storage of key ${brief(name)}`, 'two that differ')
    }
    return earlier
  }

  /** Ignores attributes: a module's state dict keeps version numbers in `_metadata`, and a tensor may have some. */
  setState(value: unknown): boolean {
    return value instanceof Map || value instanceof View
  }
}

/**
 * The dictionary of a list of keys and values, as Python 2 wrote an `OrderedDict`; undefined for anything else. The list is
 * emptied, because no two dictionaries share one: a small file with many calls of a long list would fill the memory.
 */
function dictionaryOf(pairs: unknown): Map<unknown, unknown> | undefined {
  if (!Array.isArray(pairs)) return undefined
  const taken: unknown[] = pairs.splice(0)
  const arePairs = taken.every((pair) => Array.isArray(pair) && pair.length === 2)
  return arePairs ? new Map(taken as [unknown, unknown][]) : undefined
}

/** Size in bytes of a storage that an old file holds, be it read or passed over. */
export function storedBytes(storage: Storage, file: string): number {
  const { type, elements } = storage
  return Object.hasOwn(UNREAD_STORAGES, type) ? elements * UNREAD_STORAGES[type] : storageBytes(storage, file)
}

/** Size of a storage in bytes; throws a UserError if tensors of its type are not supported. */
function storageBytes({ type, elements }: Storage, file: string): number {
  if (!Object.hasOwn(STORAGES, type)) throw invalid(file, `tensors of ${types()}`, type)
  return elements * STORAGES[type].bytes
}

/**
 * Copies every view into a contiguous tensor of its own.
 *
 * @param fileBytes Size of the file, which limits the elements of all views.
 * @param read Returns exactly the bytes of a storage; called once for each.
 * @throws UserError for a view that reaches outside its storage, and for more elements than the limits allow.
 */
export async function materialize(
  views: ReadonlyMap<string, View>,
  file: string,
  fileBytes: number,
  read: (storage: Storage, bytes: number) => Promise<Buffer> | Buffer,
): Promise<Map<string, Tensor>> {
  const most = Math.min(MAX_ELEMENTS, ELEMENTS_PER_BYTE * fileBytes)
  let total = 0
  for (const [name, view] of views) {
    total += scalars(view.shape)
    if (total > most) throw invalid(file, `at most ${most} elements`, `more, at ${brief(name)}`)
    checkBounds(name, view, file)
  }
  const values = new Map<Storage, TensorData>()
  const tensors = new Map<string, Tensor>()
  for (const [name, view] of views) {
    const { storage, shape } = view
    let data = values.get(storage)
    if (data === undefined) {
      const bytes = await read(storage, storageBytes(storage, file))
      // The copy is aligned as the array requires.
      const copy = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length) as ArrayBuffer
      data = STORAGES[storage.type].read(copy)
      values.set(storage, data)
    }
    tensors.set(name, { shape, data: contiguous(view, data) })
  }
  return tensors
}

function checkBounds(name: string, { storage, offset, shape, strides }: View, file: string): void {
  if (scalars(shape) === 0) return
  const last = shape.reduce((at, extent, axis) => at + (extent - 1) * strides[axis], offset)
  if (last < storage.elements) return
  throw invalid(
    file,
    `a view within ${storage.elements} elements for ${brief(name)}`,
    `one that reaches element ${last}`,
  )
}

/** Elements of a view in row-major order. */
function contiguous({ offset, shape, strides }: View, values: TensorData): TensorData {
  const length = scalars(shape)
  if (isContiguous(shape, strides)) return values.slice(offset, offset + length)
  const result = new (values.constructor as new (length: number) => TensorData)(length)
  const index = new Array<number>(shape.length).fill(0)
  let source = offset
  for (let at = 0; at < result.length; at++) {
    result[at] = values[source]
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      source += strides[axis]
      if (++index[axis] < shape[axis]) break
      source -= strides[axis] * shape[axis]
      index[axis] = 0
    }
  }
  return result
}

function isContiguous(shape: readonly number[], strides: readonly number[]): boolean {
  let stride = 1
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    if (shape[axis] !== 1 && strides[axis] !== stride) return false
    stride *= shape[axis]
  }
  return true
}

/** A string of Python 3, or of Python 2, whose strings are bytes; undefined for anything else. */
export function textOf(value: unknown): string | undefined {
  return Buffer.isBuffer(value) ? value.toString('utf8') : typeof value === 'string' ? value : undefined
}

export function invalid(file: string, expected: string, received: string): UserError {
  return new UserError(`Expected ${expected} in ${file} but received ${received}`)
}

function types(): string {
  return Object.keys(STORAGES)
    .map((type) => type.slice('torch.'.length, -'Storage'.length).toLowerCase())
    .join(', ')
}

function isExtent(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0
}

/** Checks the length first: a pickle may make thousands of calls with one list of millions. */
function isExtents(value: unknown): value is number[] {
  return Array.isArray(value) && value.length <= MAX_RANK && value.every(isExtent)
}
