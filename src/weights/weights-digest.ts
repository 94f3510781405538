import { createHash } from 'node:crypto'
import type { Tensor } from '../formats/safetensors.js'
import { contentDigest } from '../native/index.js'
import { averagedWeights, type Snapshot } from '../training/snapshot.js'

/** Digest of tensors: their names, shapes and values, in any order. It has 32 hexadecimal digits. */
export function weightsDigest(weights: ReadonlyMap<string, Tensor>): string {
  const facts = [...weights].map(([name, { shape, data }]) => JSON.stringify([name, shape, contentDigest(data)]))
  return createHash('sha256').update(facts.sort().join()).digest('hex').slice(0, 32)
}

/** Digest of the averaged weights; `none` without any. */
export function averagesDigest(snapshot: Snapshot | undefined): string {
  const averaged = snapshot && averagedWeights(snapshot)
  return averaged === undefined ? 'none' : weightsDigest(averaged)
}
