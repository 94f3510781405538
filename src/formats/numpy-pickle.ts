/**
 * Reads pickled dictionaries of NumPy arrays, the format in which CIFAR and the downsampled ImageNet are published. The
 * parser supports arrays and their element types only, so a hostile file is rejected and cannot run code. It reads
 * files of Python 2 and 3, NumPy 1 and 2, protocols 2 to 5.
 */

import { expected } from '../base/errors.js'
import { integersOf } from './integers.js'
import { PickleGlobal, type PickleHost, unpickle } from './pickle.js'

const EXPECTED = 'a pickled dictionary of arrays'

/** Meaning of each supported global. NumPy 2 moved its modules, so most have two names. */
const GLOBALS: ReadonlyMap<string, 'reconstruct' | 'frombuffer' | 'scalar' | 'dtype' | 'array' | 'bytes' | 'encode'> =
  new Map([
    ['numpy.core.multiarray._reconstruct', 'reconstruct'],
    ['numpy._core.multiarray._reconstruct', 'reconstruct'],
    ['numpy.core.numeric._frombuffer', 'frombuffer'],
    ['numpy._core.numeric._frombuffer', 'frombuffer'],
    ['numpy.core.multiarray.scalar', 'scalar'],
    ['numpy._core.multiarray.scalar', 'scalar'],
    ['numpy.dtype', 'dtype'],
    ['numpy.ndarray', 'array'],
    // Python 3 writes bytes by this call in protocols that have no opcode for bytes.
    ['_codecs.encode', 'encode'],
    ['__builtin__.bytes', 'bytes'],
  ])

/** An element type, e.g. `<i8`. */
class ElementType {
  constructor(public name: string) {}
}

/** An array as its pickle describes it, unchecked. */
export class PickledArray {
  shape: readonly unknown[] = []
  /** NumPy's name of the element type, with byte order: `|u1`. */
  type = ''
  fortranOrder = false
  bytes: Uint8Array | undefined
  /** Elements of an array of objects, instead of `bytes`. */
  objects: readonly unknown[] | undefined

  /** Last element of a one-dimensional array of floats; undefined for any other array. */
  lastFloat(): number | undefined {
    const size = Number(this.type.slice(-1))
    if (this.bytes === undefined || this.shape.length !== 1 || !/^[<>]f[48]$/.test(this.type)) return undefined
    return floatOf(this.type, Buffer.from(this.bytes.subarray(-size)))
  }

  /** Rows of a matrix with at most `most` rows and columns; undefined for any other array. */
  rows(most: number): number[][] | undefined {
    const [rows = 0, columns = 0] = this.shape.map(Number)
    if (this.bytes === undefined || this.shape.length !== 2 || !(rows <= most && columns <= most)) return undefined
    const numbers = integersOf(this.type, this.bytes) ?? floatsOf(this.type, this.bytes)
    if (numbers?.length !== rows * columns) return undefined
    const at = (i: number, j: number) => numbers[this.fortranOrder ? j * rows + i : i * columns + j]
    return Array.from({ length: rows }, (_, i) => Array.from({ length: columns }, (_, j) => at(i, j)))
  }
}

/**
 * Runs a pickle whose value is a dictionary. Its keys become strings, from Python 2 and 3 alike.
 *
 * @throws UserError for a damaged pickle, for any other value, and for globals and calls that are not supported.
 */
export function unpickleArrays(bytes: Buffer, file: string): ReadonlyMap<string, unknown> {
  const value = unpickle(bytes, file, new ArrayHost(file))
  if (!(value instanceof Map)) throw expected(EXPECTED, file, 'something else')
  return new Map([...value].map(([key, item]) => [textOf(key) ?? '', item]))
}

/** Integers of a list or a one-dimensional array; undefined for anything else. */
export function pickledIntegers(value: unknown): ArrayLike<number> | undefined {
  if (Array.isArray(value)) return value.every(Number.isInteger) ? value : undefined
  if (!(value instanceof PickledArray) || value.bytes === undefined || value.shape.length !== 1) return undefined
  const integers = integersOf(value.type, value.bytes)
  return integers?.length === value.shape[0] ? integers : undefined
}

/** Builds NumPy's arrays and scalars, and the bytes of Python 3. */
export class ArrayHost implements PickleHost {
  constructor(
    protected readonly file: string,
    readonly expected: string = EXPECTED,
  ) {}

  allows(global: string): boolean {
    return GLOBALS.has(global)
  }

  call(global: string, args: readonly unknown[]): unknown {
    const value = this.#call(global, args)
    if (value !== undefined) return value
    throw expected(this.expected, this.file, `a call of ${global} with other arguments`)
  }

  persistent(): never {
    throw expected(this.expected, this.file, 'a persistent id')
  }

  setState(value: unknown, state: unknown): boolean {
    if (!Array.isArray(state)) return false
    if (value instanceof ElementType) {
      const order = textOf(state[1])
      // "=" and "|" keep the byte order of the name; "<" and ">" replace it.
      if (order === '<' || order === '>') value.name = order + value.name.slice(1)
      return true
    }
    if (!(value instanceof PickledArray)) return false
    const [shape, type, fortranOrder, bytes] = state.slice(-4)
    return fill(value, shape, type, fortranOrder === true, bytes)
  }

  #call(global: string, args: readonly unknown[]): unknown {
    const [first, second, third, fourth] = args
    switch (GLOBALS.get(global)) {
      case 'reconstruct':
        return first instanceof PickleGlobal && first.name === 'numpy.ndarray' ? new PickledArray() : undefined
      case 'frombuffer': {
        const array = new PickledArray()
        return fill(array, third, second, textOf(fourth) === 'F', first) ? array : undefined
      }
      case 'dtype': {
        const name = textOf(first)
        // Elements are little-endian unless the state of the type says otherwise.
        return name === undefined ? undefined : new ElementType(/^\w/.test(name) ? `<${name}` : name)
      }
      case 'scalar': {
        if (!(first instanceof ElementType) || !Buffer.isBuffer(second)) return undefined
        // No data set or table needs scalars of other types.
        return integersOf(first.name, second)?.[0] ?? floatOf(first.name, second) ?? null
      }
      case 'bytes':
        return args.length === 0 ? Buffer.alloc(0) : undefined
      case 'encode':
        return typeof first === 'string' && second === 'latin1' ? Buffer.from(first, 'latin1') : undefined
      default:
        return undefined
    }
  }
}

function fill(array: PickledArray, shape: unknown, type: unknown, fortranOrder: boolean, bytes: unknown): boolean {
  if (!Array.isArray(shape) || !(type instanceof ElementType)) return false
  array.shape = shape
  array.type = type.name
  array.fortranOrder = fortranOrder
  array.bytes = Buffer.isBuffer(bytes) ? bytes : undefined
  array.objects = Array.isArray(bytes) ? bytes : undefined
  return true
}

/** Floats of 4 or 8 bytes; undefined for other types and lengths. */
function floatsOf(type: string, bytes: Uint8Array): number[] | undefined {
  const size = Number(type.slice(-1))
  if (!/^[<>]f[48]$/.test(type) || bytes.length % size !== 0) return undefined
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  return Array.from(
    { length: bytes.length / size },
    (_, i) => floatOf(type, buffer.subarray(i * size, (i + 1) * size))!,
  )
}

/** A float of 4 or 8 bytes; undefined for other types and lengths. */
function floatOf(type: string, bytes: Buffer): number | undefined {
  const little = type[0] !== '>'
  if (type.endsWith('f8') && bytes.length === 8) return little ? bytes.readDoubleLE() : bytes.readDoubleBE()
  if (type.endsWith('f4') && bytes.length === 4) return little ? bytes.readFloatLE() : bytes.readFloatBE()
  return undefined
}

/** A string of Python 3, or of Python 2, whose strings are bytes; undefined for anything else. */
export function textOf(value: unknown): string | undefined {
  return Buffer.isBuffer(value) ? value.toString('latin1') : typeof value === 'string' ? value : undefined
}
