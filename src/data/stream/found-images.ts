/** Images that were found in a folder or a tar, and the split that they make. */
import { createHash } from 'node:crypto'
import { expected } from '../../base/errors.js'
import { type PassedOver, passOver } from '../passed-over.js'
import { keyOf } from '../stratified-order.js'
import type { EncodedSplit } from './encoded-files.js'

/** Suffixes of images that can be streamed. */
export const IMAGE = /\.(jpe?g|png|webp|tiff?)$/i

/** An image before the split is made. */
export interface Found {
  readonly name: string
  readonly label: number
  readonly size: number
}

/**
 * The split of these images, without those that have no byte.
 *
 * @param filesOf Where the images with these indices lie.
 * @throws UserError without any image.
 */
export function splitOf(
  found: readonly Found[],
  classes: readonly string[],
  passedOver: PassedOver,
  place: string,
  filesOf: (kept: readonly number[]) => EncodedSplit['files'],
): EncodedSplit {
  const kept = [...found.keys()].filter((index) => found[index].size > 0)
  const empty = found.filter(({ size }) => size === 0).map(({ name }) => `${place}/${name}`)
  if (kept.length === 0) throw expected('at least one image of JPEG, PNG, WebP or TIFF', place, 'none')
  const hash = createHash('sha256').update(`${JSON.stringify(classes)}\n`)
  for (const index of kept) hash.update(`${found[index].name}\0${found[index].size} ${found[index].label}\n`)
  return {
    place,
    files: filesOf(kept),
    labels: Int32Array.from(kept, (index) => found[index].label),
    classes,
    keys: () => Uint32Array.from(kept, (index) => keyOf(found[index].name)),
    digest: hash.digest('hex').slice(0, 32),
    empty,
    passedOver,
  }
}

/** Numbers of files that are no images of a class. */
export function countSuffixes(names: readonly string[]): PassedOver {
  const counts = new Map<string, number>()
  for (const name of names) passOver(name, counts)
  return counts
}
