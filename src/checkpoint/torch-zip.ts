/**
 * Reads the state dicts that `torch.save` of PyTorch ≥ 1.6 writes: a zip archive of a pickle, `data.pkl`, which
 * describes the tensors, and one uncompressed entry per storage. The pickle runs in a machine that knows tensors and
 * ordered dictionaries only, so a hostile file can be refused but not run.
 */
import { readFile } from 'node:fs/promises'
import { UserError } from '../errors.js'
import { widenBfloat16, widenFloat16 } from './floats.js'
import { PickleGlobal, unpickle } from './pickle.js'
import { ZipEntries } from './zip.js'

/** A float32 tensor, row-major. */
export interface FloatTensor {
  readonly shape: readonly number[]
  readonly data: Float32Array
}

/** Parameters by name, in the file's order. */
export type StateDict = Map<string, FloatTensor>

const ORDERED_DICT = 'collections.OrderedDict'
const REBUILD_TENSOR = 'torch._utils._rebuild_tensor_v2'
const REBUILD_PARAMETER = 'torch._utils._rebuild_parameter'

/** Floating-point storages: bytes per element and how they become float32 (doubles are rounded). */
const STORAGES: Readonly<Record<string, { bytes: number; read: (buffer: ArrayBuffer) => Float32Array }>> = {
  'torch.FloatStorage': { bytes: 4, read: (buffer) => new Float32Array(buffer) },
  'torch.DoubleStorage': { bytes: 8, read: (buffer) => Float32Array.from(new Float64Array(buffer)) },
  'torch.HalfStorage': { bytes: 2, read: (buffer) => widenFloat16(new Uint16Array(buffer)) },
  'torch.BFloat16Storage': { bytes: 2, read: (buffer) => widenBfloat16(new Uint16Array(buffer)) },
}

/** Bounds what a small file with tensors that share one storage can ask for: 4 GiB of float32. */
const MAX_ELEMENTS = 2 ** 30
const MAX_PICKLE_BYTES = 2 ** 28
const MAX_RANK = 16

/** A storage that the pickle names; its bytes are read later. */
class Storage {
  constructor(
    readonly type: string,
    readonly key: string,
    readonly elements: number,
  ) {}
}

/** A tensor as the pickle describes it: a strided view of a storage. */
class View {
  constructor(
    readonly storage: Storage,
    readonly offset: number,
    readonly shape: readonly number[],
    readonly strides: readonly number[],
  ) {}
}

/**
 * Reads a PyTorch state dict; every tensor comes back as contiguous float32.
 *
 * @throws UserError for a missing, truncated or corrupt file, for one that holds anything but floating-point tensors by
 *   name (naming the pickle opcode or global it refuses), and for views that reach outside their storage.
 */
export async function readTorchStateDict(file: string): Promise<StateDict> {
  const bytes = await readFile(file).catch((error: NodeJS.ErrnoException) => {
    throw new UserError(`Expected a readable checkpoint for ${file} but received ${error.code}`)
  })
  try {
    return await new Archive(file, await ZipEntries.open(file, bytes)).stateDict()
  } catch (error) {
    if (error instanceof UserError) throw error
    const { message } = error as Error
    throw new UserError(`Expected a zip archive written by torch.save for ${file} but received "${message}"`)
  }
}

class Archive {
  readonly #root: string

  constructor(
    private readonly file: string,
    private readonly zip: ZipEntries,
  ) {
    const pickles = zip.names.filter((name) => /^[^/]+\/data\.pkl$/.test(name))
    if (pickles.length !== 1) throw this.#invalid('one data.pkl', `${pickles.length}`)
    this.#root = pickles[0].slice(0, -'data.pkl'.length)
  }

  async stateDict(): Promise<StateDict> {
    if (this.zip.has(`${this.#root}byteorder`)) {
      const order = (await this.#read('byteorder')).toString('latin1')
      if (order !== 'little') throw this.#invalid('little-endian data', JSON.stringify(order))
    }
    const views = this.#views(this.#unpickle(await this.#read('data.pkl', MAX_PICKLE_BYTES)))
    const storages = new Map<string, Float32Array>()
    const state: StateDict = new Map()
    for (const [name, view] of views) {
      const { key } = view.storage
      const values = storages.get(key) ?? (await this.#storage(view.storage))
      storages.set(key, values)
      this.#checkBounds(name, view, values.length)
      state.set(name, { shape: view.shape, data: contiguous(view, values) })
    }
    return state
  }

  /** torch.save stores entries as they are; so nothing here can be larger than the file. */
  #read(name: string, bytes?: number): Promise<Buffer> {
    return this.zip.read(this.#root + name, { bytes, stored: true })
  }

  #unpickle(bytes: Buffer): unknown {
    const allowed = new Set([ORDERED_DICT, REBUILD_TENSOR, REBUILD_PARAMETER])
    return unpickle(bytes, this.file, {
      expected: 'a state dict of tensors',
      allows: (global) => allowed.has(global) || /^torch\.\w+Storage$/.test(global),
      call: (global, args) => this.#call(global, args),
      persistent: (id) => this.#persistent(id),
      // A module's state dict carries version numbers in its `_metadata` attribute.
      setState: (value) => value instanceof Map,
    })
  }

  #call(global: string, args: readonly unknown[]): unknown {
    if (global === ORDERED_DICT && args.length === 0) return new Map()
    if (global === REBUILD_PARAMETER && args[0] instanceof View) return args[0]
    if (global === REBUILD_TENSOR) {
      const [storage, offset, shape, strides] = args
      if (storage instanceof Storage && isExtent(offset) && isExtents(shape) && isExtents(strides)) {
        if (shape.length === strides.length && shape.length <= MAX_RANK) {
          return new View(storage, offset, shape, strides)
        }
      }
    }
    throw this.#invalid('a state dict of tensors', `a call of ${global} with other arguments`)
  }

  #persistent(id: unknown): Storage {
    const [kind, type, key, , elements] = Array.isArray(id) ? id : []
    if (kind === 'storage' && type instanceof PickleGlobal && typeof key === 'string' && isExtent(elements)) {
      return new Storage(type.name, key, elements)
    }
    throw this.#invalid('a state dict of tensors', 'a persistent id that is not a storage')
  }

  #views(value: unknown): Map<string, View> {
    if (!(value instanceof Map)) throw this.#invalid('a state dict of tensors', 'a pickle of something else')
    const views = new Map<string, View>()
    let total = 0
    for (const [name, view] of value) {
      if (typeof name !== 'string') throw this.#invalid('names as keys', typeof name)
      if (!(view instanceof View)) throw this.#invalid(`a tensor for ${name}`, 'something else')
      total += count(view.shape)
      if (total > MAX_ELEMENTS) throw this.#invalid(`at most ${MAX_ELEMENTS} elements`, `more, at ${name}`)
      views.set(name, view)
    }
    return views
  }

  async #storage({ type, key, elements }: Storage): Promise<Float32Array> {
    if (!Object.hasOwn(STORAGES, type)) throw this.#invalid('floating-point tensors', type)
    const { bytes, read } = STORAGES[type]
    const data = await this.#read(`data/${key}`)
    if (data.length !== elements * bytes) {
      throw this.#invalid(`${elements * bytes} bytes for storage ${key}`, `${data.length}`)
    }
    return read(Uint8Array.from(data).buffer)
  }

  #checkBounds(name: string, { offset, shape, strides }: View, elements: number): void {
    if (count(shape) === 0) return
    const last = shape.reduce((at, extent, axis) => at + (extent - 1) * strides[axis], offset)
    if (last >= elements) {
      throw this.#invalid(`a view within ${elements} elements for ${name}`, `one that reaches element ${last}`)
    }
  }

  #invalid(expected: string, received: string): UserError {
    return new UserError(`Expected ${expected} in ${this.file} but received ${received}`)
  }
}

/** The view's elements in row-major order. */
function contiguous({ offset, shape, strides }: View, values: Float32Array): Float32Array {
  const result = new Float32Array(count(shape))
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

function count(shape: readonly number[]): number {
  return shape.reduce((product, extent) => product * extent, 1)
}

function isExtent(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0
}

function isExtents(value: unknown): value is number[] {
  return Array.isArray(value) && value.every(isExtent)
}
