/** The stratified order of labels; `stratified.ts` says what it is for. */
import { crc32 } from 'node:zlib'

/**
 * Indices of images in stratified order. The image after k others of its class may have the places p, from 0, with
 * k·N/n − 1 < p < (k + 1)·N/n, for n of N images in the class. Places exist for all (Tijdeman, “The chairman assignment
 * problem”, 1980); whoever has the earliest last place chooses first.
 *
 * @param compare Orders images of one class by their indices.
 */
export function stratifiedOrder(labels: Int32Array, compare: (one: number, other: number) => number): Int32Array {
  const count = labels.length
  const byClass = Int32Array.from(labels, (_, i) => i).sort((a, b) => labels[a] - labels[b] || compare(a, b))
  const first = new Int32Array(count)
  const last = new Int32Array(count)
  for (let start = 0, end = 0; start < count; start = end) {
    while (end < count && labels[byClass[end]] === labels[byClass[start]]) end++
    for (let k = 0; k < end - start; k++) {
      first[start + k] = Math.floor((k * count) / (end - start))
      last[start + k] = Math.ceil(((k + 1) * count) / (end - start)) - 1
    }
  }
  const order = new Int32Array(count)
  // A place that is taken points to a later one; following the pointers ends at the next free place.
  const free = Int32Array.from({ length: count + 1 }, (_, place) => place)
  const urgent = Int32Array.from(labels, (_, i) => i).sort((a, b) => last[a] - last[b] || a - b)
  for (const image of urgent) {
    let place = first[image]
    while (free[place] !== place) {
      free[place] = free[free[place]]
      place = free[place]
    }
    order[place] = byClass[image]
    free[place] = place + 1
  }
  return order
}

/** 32 well-mixed bits of some bytes: their CRC-32 with the finalizer of MurmurHash3, which makes it non-linear. */
export function keyOf(bytes: Uint8Array | string): number {
  let hash = crc32(bytes)
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return (hash ^ (hash >>> 16)) >>> 0
}
