/** Looks at the images of a split: their sizes, what is wrong with them, and which are equal. */
import { usableCores } from '../../base/cpu-quota.js'
import { inspectImages } from '../../native/index.js'
import { decoderNames } from './decoders.js'
import { type EncodedSplit, imageName } from './encoded-files.js'

/** Images that are looked at between two reports of progress. */
const PART = 4096

/** What is known of the images of a split. */
export interface Survey {
  readonly place: string
  readonly images: number
  readonly classes: number
  /** Numbers of images of the smallest and of the largest class. */
  readonly perClass: { readonly least: number; readonly most: number }
  /** Smallest, median and largest side lengths in pixels, over the images that can be read. */
  readonly shorter: Quantiles
  readonly longer: Quantiles
  /** Images that cannot be used, one sentence each. */
  readonly damaged: readonly string[]
  /** Names of images with equal bytes, one list for each such group. */
  readonly duplicates: readonly (readonly string[])[]
  /** Groups of equal images with different labels. */
  readonly conflicting: number
  /** Files that are no images: their number by suffix. */
  readonly passedOver: Readonly<Record<string, number>>
}

/** The smallest, the middle and the largest of some numbers. */
export interface Quantiles {
  readonly least: number
  readonly median: number
  readonly most: number
}

/** Options of {@link survey}. */
export interface SurveyOptions {
  /** Decode images whole, which finds truncated files and takes as long as an epoch's decoding. */
  readonly decode: boolean
  /** Receives the number of images that were looked at. */
  readonly progress?: (done: number) => void
  /** When aborted, throws the signal's reason. */
  readonly signal?: AbortSignal
}

/** Reads all images of a split once. */
export async function survey(split: EncodedSplit, { decode, progress, signal }: SurveyOptions): Promise<Survey> {
  const { files, labels, empty, place, passedOver } = split
  const options = { ...(await decoderNames()), threads: usableCores(), decode }
  const shorter: number[] = []
  const longer: number[] = []
  const damaged = empty.map((name) => `${name}: no byte`)
  const byDigest = new Map<bigint, number[]>()
  for (let first = 0; first < labels.length; first += PART) {
    signal?.throwIfAborted()
    const count = Math.min(PART, labels.length - first)
    const { heights, widths, digests, damage } = await inspectImages(files, first, count, options)
    for (let i = 0; i < count; i++) {
      if (damage[i] !== '') damaged.push(`${imageName(files, first + i)}: ${damage[i]}`)
      if (heights[i] === 0) continue
      shorter.push(Math.min(heights[i], widths[i]))
      longer.push(Math.max(heights[i], widths[i]))
      const equal = byDigest.get(digests[i])
      if (equal === undefined) byDigest.set(digests[i], [first + i])
      else equal.push(first + i)
    }
    progress?.(first + count)
  }
  const groups = [...byDigest.values()].filter((group) => group.length > 1)
  const counts = new Array<number>(split.classes.length).fill(0)
  for (const label of labels) counts[label]++
  return {
    place,
    images: labels.length,
    classes: split.classes.length,
    perClass: {
      least: counts.reduce((a, b) => Math.min(a, b)),
      most: counts.reduce((a, b) => Math.max(a, b)),
    },
    shorter: quantiles(shorter),
    longer: quantiles(longer),
    damaged,
    duplicates: groups.map((group) => group.map((index) => imageName(files, index))),
    conflicting: groups.filter((group) => new Set(group.map((index) => labels[index])).size > 1).length,
    passedOver: Object.fromEntries(passedOver),
  }
}

function quantiles(values: readonly number[]): Quantiles {
  const sorted = Float64Array.from(values).sort()
  const at = (share: number) => sorted[Math.round(share * (sorted.length - 1))] ?? 0
  return { least: at(0), median: at(0.5), most: at(1) }
}
