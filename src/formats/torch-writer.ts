/**
 * Writes state dicts as `torch.save` does since PyTorch 1.6: `torch.load(file, weights_only=True)` returns an
 * OrderedDict of the same tensors. The pickle uses only the few opcodes of protocol 2 that this needs.
 */
import { writeAtomically } from '../base/atomic.js'
import { expected } from '../base/errors.js'
import { scalars } from '../base/shapes.js'
import type { Tensor, TensorData } from './safetensors.js'
import { storedZip } from './stored-zip.js'

/** Name of the archive's only folder, which PyTorch uses too if the file has no name. */
const ROOT = 'archive'

const STORAGE_OF_ARRAY: Readonly<Record<string, string>> = {
  Float64Array: 'DoubleStorage',
  Float32Array: 'FloatStorage',
  BigInt64Array: 'LongStorage',
  Int32Array: 'IntStorage',
  Int16Array: 'ShortStorage',
  Int8Array: 'CharStorage',
  Uint8Array: 'ByteStorage',
}

/**
 * Writes tensors to a file, atomically, in their order; the type of each array decides the dtype.
 *
 * @throws UserError if the file cannot be written, for 4 GiB or more, and for unsigned integers of more than a byte.
 *   PyTorch has no storages for the latter. RangeError if the data of a tensor do not have its shape.
 */
export async function writeTorchStateDict(file: string, tensors: Iterable<readonly [string, Tensor]>): Promise<void> {
  const all = [...tensors]
  const entries: (readonly [string, Uint8Array])[] = [
    ['data.pkl', pickleOf(all, file)],
    ['byteorder', Buffer.from('little')],
    ...all.map(([, { data }], i) => [`data/${i}`, bytesOf(data)] as const),
    ['version', Buffer.from('3\n')],
  ]
  await writeAtomically(
    file,
    storedZip(
      entries.map(([name, bytes]) => [`${ROOT}/${name}`, bytes]),
      file,
    ),
  )
}

/** collections.OrderedDict() with an item per tensor. */
function pickleOf(tensors: readonly (readonly [string, Tensor])[], file: string): Buffer {
  const items = tensors.map(([name, tensor], i) => Buffer.concat([text(name), tensorPickle(name, tensor, i, file)]))
  return Buffer.concat([Buffer.from('\x80\x02', 'latin1'), EMPTY_DICT, Buffer.from('('), ...items, Buffer.from('u.')])
}

const EMPTY_DICT = Buffer.concat([global('collections', 'OrderedDict'), Buffer.from(')R')])

/**
 * `torch._utils._rebuild_tensor_v2(storage, 0, shape, strides, False, OrderedDict())`, with the storage as its
 * persistent id.
 */
function tensorPickle(name: string, { shape, data }: Tensor, key: number, file: string): Buffer {
  const type = STORAGE_OF_ARRAY[data[Symbol.toStringTag]]
  if (type === undefined) {
    throw expected("a type of PyTorch's", `${name} in ${file}`, data.constructor.name)
  }
  const strides = shape.map((_, axis) => scalars(shape.slice(axis + 1)))
  const elements = scalars(shape)
  if (elements !== data.length) {
    throw new RangeError(`Expected ${elements} elements for tensor ${name} but received ${data.length}`)
  }
  const id = [text('storage'), global('torch', type), text(String(key)), text('cpu'), integer(data.length)]
  const storage = Buffer.concat([tuple(id), Buffer.from('Q')])
  const args = [storage, integer(0), tuple(shape.map(integer)), tuple(strides.map(integer)), FALSE, EMPTY_DICT]
  return Buffer.concat([global('torch._utils', '_rebuild_tensor_v2'), tuple(args), Buffer.from('R')])
}

const FALSE = Buffer.of(0x89)

function global(module: string, name: string): Buffer {
  return Buffer.from(`c${module}\n${name}\n`)
}

function tuple(items: readonly Buffer[]): Buffer {
  return Buffer.concat([Buffer.from('('), ...items, Buffer.from('t')])
}

function text(value: string): Buffer {
  const bytes = Buffer.from(value)
  const head = Buffer.from('X\0\0\0\0')
  head.writeUInt32LE(bytes.length, 1)
  return Buffer.concat([head, bytes])
}

/** A signed integer of four bytes; of six bytes from 2³¹ on. */
function integer(value: number): Buffer {
  const long = value >= 2 ** 31
  const result = Buffer.from(long ? [0x8a, 6, 0, 0, 0, 0, 0, 0] : [0x4a, 0, 0, 0, 0])
  if (long) result.writeIntLE(value, 2, 6)
  else result.writeInt32LE(value, 1)
  return result
}

function bytesOf({ buffer, byteOffset, byteLength }: TensorData): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength)
}
