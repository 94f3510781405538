/** Divides a batch among processes. Each computes its share as one process would compute that part of the whole batch. */
import type { RawBatch } from './raw.js'
import type { Augmentation, Batch } from './records.js'

/** Place of a process among the others. */
export interface ProcessRank {
  /** From 0. */
  readonly rank: number
  /** Number of processes. */
  readonly size: number
}

/** First and one-past-last position of a process's share of `count` samples. Shares differ by one sample at most. */
export function shareOf(count: number, { rank, size }: ProcessRank): { readonly first: number; readonly end: number } {
  return { first: Math.floor((count * rank) / size), end: Math.floor((count * (rank + 1)) / size) }
}

/**
 * The images that a process makes of a batch: those of its share, and after them those that mixup adds to them from
 * anywhere in the batch. Augmentations draw as for the whole batch.
 */
export function imagesOfShare(
  { indices, augmentation, mixup }: Pick<Batch, 'indices' | 'augmentation' | 'mixup'>,
  ranked: ProcessRank,
): { readonly indices: Int32Array; readonly augmentation?: Augmentation } {
  const { first, end } = shareOf(indices.length, ranked)
  const own = Int32Array.from({ length: end - first }, (_, i) => first + i)
  const positions = mixup === undefined ? own : Int32Array.of(...own, ...mixup.partners.subarray(first, end))
  return {
    indices: positions.map((position) => indices[position]),
    ...(augmentation && { augmentation: { ...augmentation, positions } }),
  }
}

/** A process's share of a batch. */
export function shareOfBatch({ dataset: _, ...batch }: Batch, ranked: ProcessRank): RawBatch {
  const { indices, weights, mixup } = batch
  const { first, end } = shareOf(indices.length, ranked)
  const count = end - first
  return {
    ...batch,
    ...imagesOfShare(batch, ranked),
    ...(weights && { weights: weights.slice(first, end) }),
    // The partner of sample i is the i-th of the images after the samples.
    ...(mixup && { mixup: { ...mixup, partners: Int32Array.from({ length: count }, (_, i) => count + i) } }),
    share: { first, whole: indices.length },
  }
}
