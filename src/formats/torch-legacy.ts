/**
 * Files of `torch.save` before PyTorch 1.6. First come five pickles: a magic number, the version of the protocol, facts
 * about the system, the object, and the keys of its storages. The storages follow in the order of the keys, each as an
 * 8-byte count of elements and the elements.
 */
import type { PickleHost } from './pickle.js'
import { unpickleAt } from './pickle.js'
import { findViews, type StateDictOptions, type TorchFile } from './state-dict.js'
import {
  invalid,
  MAX_PICKLE_BYTES,
  materialize,
  type Storage,
  storedBytes,
  TensorPickle,
  textOf,
} from './torch-tensors.js'

/** PyTorch's magic number as pickled: an integer of ten bytes, then the end of the pickle. */
const MAGIC = Buffer.from('8a0a6cfc9c46f9206aa850192e', 'hex')
const PROTOCOL = 1001

/** True if a file begins with the magic number, pickled by protocol 2, or by a later one, which adds a frame. */
export function isLegacy(bytes: Buffer): boolean {
  const framed = bytes[2] === 0x95
  const start = framed ? 11 : 2
  return bytes[0] === 0x80 && bytes.subarray(start, start + MAGIC.length).equals(MAGIC)
}

/** @throws UserError in the cases of {@link readTorchStateDict}. */
export async function readLegacy(bytes: Buffer, file: string, options: StateDictOptions): Promise<TorchFile> {
  let position = 0
  const next = (host: PickleHost) => {
    const within = bytes.subarray(0, position + MAX_PICKLE_BYTES)
    const { value, end } = unpickleAt(within, position, file, host)
    position = end
    return value
  }
  const plain = new TensorPickle(file)
  next(plain)
  const protocol = next(plain)
  if (protocol !== PROTOCOL) throw invalid(file, `version ${PROTOCOL} of the old format`, 'another')
  const system = next(plain)
  if (!(system instanceof Map) || littleEndian(system) !== true) {
    throw invalid(file, 'little-endian data', 'something else')
  }
  const tensors = new TensorPickle(file)
  const { views, ...choice } = findViews(next(tensors), file, options)
  const places = storagesAfter(next(plain), tensors.storages, bytes, position, file)
  const read = await materialize(views, file, bytes.length, ({ key }) => places.get(key)!)
  return { tensors: read, ...choice }
}

function littleEndian(system: Map<unknown, unknown>): unknown {
  for (const [key, value] of system) if (textOf(key) === 'little_endian') return value
  return undefined
}

/** Bytes of every storage by key. The keys must be exactly those that the tensors name. */
function storagesAfter(
  keys: unknown,
  storages: ReadonlyMap<string, Storage>,
  bytes: Buffer,
  start: number,
  file: string,
): Map<string, Buffer> {
  if (!Array.isArray(keys)) throw invalid(file, 'a list of storages', 'something else')
  const places = new Map<string, Buffer>()
  let position = start
  for (const item of keys) {
    const key = textOf(item) ?? ''
    const storage = storages.get(key)
    if (storage === undefined || places.has(key)) {
      throw invalid(file, 'the keys of the storages that tensors name', 'others')
    }
    const begin = position + 8
    const end = begin + storedBytes(storage, file)
    if (end > bytes.length) throw invalid(file, `${end} bytes`, `${bytes.length}`)
    if (bytes.readBigInt64LE(position) !== BigInt(storage.elements)) {
      throw invalid(file, `${storage.elements} elements in a storage`, `${bytes.readBigInt64LE(position)}`)
    }
    places.set(key, bytes.subarray(begin, end))
    position = end
  }
  if (places.size !== storages.size) throw invalid(file, `${storages.size} storages`, `${places.size}`)
  return places
}
