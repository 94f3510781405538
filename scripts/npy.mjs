/**
 * Reads NumPy's .npy format (versions 1 and 2) as far as the golden files use it: little-endian float32 and int64 in
 * C order. https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
 */
import { readFileSync } from 'node:fs'

/** @returns {{ shape: number[], data: Float32Array | Int32Array }} int64 becomes Int32Array. */
export function readNpy(file) {
  const bytes = readFileSync(file)
  if (bytes.toString('latin1', 0, 6) !== '\x93NUMPY') throw new Error(`Expected an .npy file but received ${file}`)
  const wide = bytes[6] > 1
  const start = wide ? 12 : 10
  const end = start + (wide ? bytes.readUInt32LE(8) : bytes.readUInt16LE(8))
  const header = bytes.toString('latin1', start, end)
  const type = /'descr': '([^']+)'/.exec(header)?.[1]
  const shape = (/'shape': \(([^)]*)\)/.exec(header)?.[1] ?? '').split(',').filter((extent) => extent.trim() !== '')
  if (/'fortran_order': True/.test(header)) throw new Error(`Expected C order for ${file} but received Fortran order`)
  const body = Uint8Array.from(bytes.subarray(end)).buffer
  const readers = {
    '<f4': () => new Float32Array(body),
    '<i8': () => Int32Array.from(new BigInt64Array(body), Number),
  }
  if (!readers[type]) throw new Error(`Expected type <f4 or <i8 for ${file} but received ${type}`)
  return { shape: shape.map(Number), data: readers[type]() }
}
