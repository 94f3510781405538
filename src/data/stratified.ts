/**
 * The stratified order of a split. Every beginning of it has the class shares of the split: each class has its exact
 * share of the images, rounded down or up. Counts take a beginning, so a smaller subset is part of a larger one, and
 * evaluations go along it, so each batch is a sample of all classes.
 */
import type { ImageData } from '../native/index.js'
import { countWithin } from './files.js'
import type { LabelledImages } from './images.js'
import { keyOf, stratifiedOrder } from './stratified-order.js'
import { isStreamed, pickStreamed, type SplitImages, streamedOrder } from './stream/streamed-images.js'

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
export function stratify(split: ImageData): ImageData
export function stratify(split: SplitImages): SplitImages
export function stratify(split: SplitImages): SplitImages {
  return isStreamed(split) ? pickStreamed(split, streamedOrder(split)) : pick(split, orderByContent(split))
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
