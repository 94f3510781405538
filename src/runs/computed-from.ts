/** What kept results were computed from, and results that are given up because it has changed. All of it is plain JSON. */
import { isDeepStrictEqual } from 'node:util'
import type { ImagesIdentity } from '../data/images-identity.js'

/** Identity of the images and weights that the numbers of a result were computed from. */
export interface ComputedFrom {
  readonly images: ImagesIdentity
  /** Digest of all weights: see `weightsDigest`. */
  readonly weights: string
}

/** Results in a run folder were computed from other settings, files or weights than the present ones, or are damaged. */
export interface DiscardedEvent {
  readonly event: 'discarded'
  /** Name of the file in the run folder. */
  readonly file: string
  /**
   * Number of records that were discarded. They are computed again if they are needed. Absent if the file was removed, and
   * for the event log, which was cut where it is damaged.
   */
  readonly records?: number
  /**
   * Names of what has changed, such as `images` or `batchSize`. `rule`: an earlier version made the file. `damage`: it
   * is torn or damaged, e.g. by a power cut. `summary`: `summary.json`, which says what a table was made from, is damaged.
   */
  readonly changed: readonly string[]
}

/** Names of the fields in which two records differ; `rule` alone if the earlier one has no field of that name. */
export function changedFields(earlier: object, now: object): string[] {
  const [before, after] = [earlier, now] as Readonly<Record<string, unknown>>[]
  if (before.rule !== after.rule) return ['rule']
  const names = new Set([...Object.keys(before), ...Object.keys(after)])
  return [...names].filter((name) => !isDeepStrictEqual(before[name], after[name]))
}
