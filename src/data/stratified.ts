/**
 * The stratified order of a split. Every beginning of it has the class shares of the split: each class has its exact
 * share of the images, rounded down or up. Counts take a beginning, so a smaller subset is part of a larger one, and
 * evaluations go along it, so each batch is a sample of all classes.
 */
import { crc32 } from 'node:zlib'
import type { ImageData } from '../native/index.js'
import { countWithin } from './files.js'
import type { LabelledImages } from './images.js'

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

/**
 * Stratified order of images that does not depend on how they lie in files. Within a class they are ordered by hashes of
 * their pixels, and by pixels if hashes are equal. So images with equal places are equal.
 */
export function orderByContent({ images, labels }: Pick<ImageData, 'images' | 'labels'>): Int32Array {
  const size = images.byteLength / labels.length
  const bytes = (index: number) => new Uint8Array(images.buffer, images.byteOffset + index * size, size)
  const keys = Uint32Array.from(labels, (_, index) => keyOf(bytes(index)))
  return stratifiedOrder(labels, (a, b) => keys[a] - keys[b] || Buffer.compare(bytes(a), bytes(b)))
}

/**
 * Images in stratified order, as searches evaluate them: see `orderByContent`. If batch norms normalise by the batch,
 * accuracies depend on the order; this one is the same however the images lie in files. The arrays are copies.
 */
export function stratify(split: ImageData): ImageData {
  return pick(split, orderByContent(split))
}

/** The first `count` images of the stratified order, in file order; undefined: all. */
export function subset(split: LabelledImages, count: number | undefined, setting: string): LabelledImages {
  const taken = countWithin(count, split.labels.length, setting)
  if (count === undefined) return split
  return pick(split, orderByContent(split).subarray(0, taken).sort())
}

/**
 * Separates the first `count` images of the stratified order from the others; both stay in file order. The others
 * remain in the array of `split`, which this changes, so that no second one of its size is needed.
 */
export function separate(split: LabelledImages, count: number): { taken: LabelledImages; rest: LabelledImages } {
  const { images, labels } = split
  const order = orderByContent(split)
  const taken = pick(split, order.slice(0, count).sort())
  const size = images.length / labels.length
  const others = order.slice(count).sort()
  for (const [to, from] of others.entries()) {
    images.copyWithin(to * size, from * size, (from + 1) * size)
    labels[to] = labels[from]
  }
  const rest = {
    ...split,
    images: images.subarray(0, others.length * size),
    labels: labels.subarray(0, others.length),
  }
  return { taken, rest }
}

/** Copies of the images with these indices, and of their labels. */
function pick<Images extends ImageData>(split: Images, indices: Int32Array): Images {
  const { images, labels } = split
  const size = images.length / labels.length
  const length = indices.length * size
  const picked = images instanceof Float32Array ? new Float32Array(length) : new Uint8Array(length)
  for (const [to, from] of indices.entries()) picked.set(images.subarray(from * size, (from + 1) * size), to * size)
  return { ...split, images: picked, labels: Int32Array.from(indices, (index) => labels[index]) }
}
