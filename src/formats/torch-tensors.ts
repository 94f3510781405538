/**
 * What the pickle of a `torch.save` may say: tensors as views of storages, in dictionaries. {@link TensorPickle} is its
 * host; where the bytes of the storages lie is another matter, and differs between the two formats.
 */
import { UserError } from '../base/errors.js'
import { widenBfloat16, widenFloat16 } from './floats.js'
import { brief, PickleGlobal, type PickleHost } from './pickle.js'
import type { Tensor, TensorData } from './safetensors.js'

const ORDERED_DICT = 'collections.OrderedDict'
const REBUILD_TENSOR = 'torch._utils._rebuild_tensor_v2'
/** Before PyTorch 0.4; its arguments are the first four of the other. */
const REBUILD_TENSOR_V1 = 'torch._utils._rebuild_tensor'
const REBUILD_PARAMETER = 'torch._utils._rebuild_parameter'
const CALLS = new Set([ORDERED_DICT, REBUILD_TENSOR, REBUILD_TENSOR_V1, REBUILD_PARAMETER])

const EXPECTED = 'a state dict of tensors'
const MAX_RANK = 16
/** Of one pickle; a hundred thousand tensors need less. */
export const MAX_PICKLE_BYTES = 2 ** 25
/** Bounds what tensors that share a storage can ask for: of 1 GiB of weights, the 4 GiB that a Float32Array may have. */
const MAX_ELEMENTS = 2 ** 30
/**
 * Elements of all tensors per byte of the file. One place of a cell may stand for several, and each weight of two bytes
 * for one of four, but nothing honest comes near it.
 */
const ELEMENTS_PER_BYTE = 16

/**
 * Storages by bytes per element, and what they become: floating-point numbers float32 (doubles are rounded), integers
 * arrays of their own type.
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

/** Understands the calls that rebuild tensors and ordered dictionaries, and refuses all else by name. */
export class TensorPickle implements PickleHost {
  readonly expected = EXPECTED
  /** Every storage that was named, by key. */
  readonly storages = new Map<string, Storage>()

  constructor(private readonly file: string) {}

  allows(global: string): boolean {
    return CALLS.has(global) || /^torch\.\w{1,20}Storage$/.test(global)
  }

  call(global: string, args: readonly unknown[]): unknown {
    if (global === ORDERED_DICT && args.length === 0) return new Map()
    if (global === REBUILD_PARAMETER && args[0] instanceof View) return args[0]
    if (global === REBUILD_TENSOR || global === REBUILD_TENSOR_V1) {
      const [storage, offset, shape, strides] = args
      if (storage instanceof Storage && isExtent(offset) && isExtents(shape) && isExtents(strides)) {
        if (shape.length === strides.length) return new View(storage, offset, shape, strides)
      }
    }
    throw invalid(this.file, EXPECTED, `a call of ${global} with other arguments`)
  }

  persistent(id: unknown): Storage {
    const [kind, type, key, , elements, view] = Array.isArray(id) ? id : []
    const name = textOf(key)
    const known = textOf(kind) === 'storage' && type instanceof PickleGlobal && name !== undefined
    if (!known || !isExtent(elements)) throw invalid(this.file, EXPECTED, 'a persistent id that is not a storage')
    // Storages within storages, which PyTorch before 1.6 could name and never did.
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

  /** A module's state dict carries version numbers in its `_metadata` attribute. */
  setState(value: unknown): boolean {
    return value instanceof Map
  }
}

/** Bytes that a storage has; throws a UserError for one of a type that no tensor here can have. */
export function storageBytes({ type, elements }: Storage, file: string): number {
  if (!Object.hasOwn(STORAGES, type)) throw invalid(file, `tensors of ${types()}`, type)
  return elements * STORAGES[type].bytes
}

/**
 * Every view as a tensor of its own, contiguous.
 *
 * @param fileBytes Size of the file, which bounds what its views may ask for.
 * @param read Exactly the bytes of a storage; asked once for each.
 * @throws UserError for views that reach outside of their storage, and for more elements than the file can mean.
 */
export async function materialise(
  views: ReadonlyMap<string, View>,
  file: string,
  fileBytes: number,
  read: (storage: Storage, bytes: number) => Promise<Buffer> | Buffer,
): Promise<Map<string, Tensor>> {
  const most = Math.min(MAX_ELEMENTS, ELEMENTS_PER_BYTE * fileBytes)
  let total = 0
  for (const [name, view] of views) {
    total += count(view.shape)
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
      // A copy of its own is aligned as the array asks.
      const own = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length) as ArrayBuffer
      data = STORAGES[storage.type].read(own)
      values.set(storage, data)
    }
    tensors.set(name, { shape, data: contiguous(view, data) })
  }
  return tensors
}

function checkBounds(name: string, { storage, offset, shape, strides }: View, file: string): void {
  if (count(shape) === 0) return
  const last = shape.reduce((at, extent, axis) => at + (extent - 1) * strides[axis], offset)
  if (last < storage.elements) return
  throw invalid(
    file,
    `a view within ${storage.elements} elements for ${brief(name)}`,
    `one that reaches element ${last}`,
  )
}

/** The view's elements in row-major order. */
function contiguous({ offset, shape, strides }: View, values: TensorData): TensorData {
  const length = count(shape)
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

/** A text of Python 3, or of Python 2, whose texts are bytes. */
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

function count(shape: readonly number[]): number {
  return shape.reduce((product, extent) => product * extent, 1)
}

function isExtent(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0
}

/** The length first: a pickle may call thousands of times with one list of millions. */
function isExtents(value: unknown): value is number[] {
  return Array.isArray(value) && value.length <= MAX_RANK && value.every(isExtent)
}
