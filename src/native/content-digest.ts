import { loadBinding } from './binding.js'

/**
 * Digest of an array's bytes, as 16 hexadecimal digits. Arrays with other bytes have another digest, unless somebody
 * made them to have the same one. It is XXH64 of the XXH64 of each block of 1 MiB, and as fast as memory is read.
 */
export function contentDigest(array: NodeJS.ArrayBufferView): string {
  const bytes = new Uint8Array(array.buffer, array.byteOffset, array.byteLength)
  return loadBinding().contentDigest(bytes).toString(16).padStart(16, '0')
}
