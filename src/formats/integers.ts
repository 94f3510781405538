/** Integers as NumPy stores them. */

type Reader = (view: DataView, at: number, littleEndian: boolean) => number

/** NumPy's integer types: kind and bytes per element. */
const INTEGERS: Readonly<Record<string, Reader>> = {
  u1: (view, at) => view.getUint8(at),
  i1: (view, at) => view.getInt8(at),
  u2: (view, at, little) => view.getUint16(at, little),
  i2: (view, at, little) => view.getInt16(at, little),
  u4: (view, at, little) => view.getUint32(at, little),
  i4: (view, at, little) => view.getInt32(at, little),
  u8: (view, at, little) => Number(view.getBigUint64(at, little)),
  i8: (view, at, little) => Number(view.getBigInt64(at, little)),
}

/**
 * Elements of an array of integers; undefined if its type is not an integer type.
 *
 * @param type NumPy's name: byte order (`<`, `>` or `|`), kind, bytes; e.g. `<i8`.
 */
export function integersOf(type: string, bytes: Uint8Array): Float64Array | undefined {
  const [, order, name, size] = /^([<>|])([ui](\d))$/.exec(type) ?? []
  const read = Object.hasOwn(INTEGERS, name) ? INTEGERS[name] : undefined
  if (read === undefined) return undefined
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const step = Number(size)
  return Float64Array.from({ length: Math.floor(bytes.length / step) }, (_, i) => read(view, i * step, order !== '>'))
}
