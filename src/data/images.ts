import type { DataConfig } from '../config/schema.js'

/** Size of one image in pixels. */
export interface Extents {
  readonly height: number
  readonly width: number
}

/** Images and labels of one split as read from files. */
export interface LabelledImages extends Extents {
  /** count × channels × height × width, bytes 0…255. */
  readonly images: Uint8Array
  /** One class index per image. */
  readonly labels: Int32Array
  readonly channels: number
}

/** Both splits of a data set. */
export interface LabelledSplits {
  readonly train: LabelledImages
  readonly test: LabelledImages
  readonly classes: number
  /** Names of the classes in the order of their labels; absent if the files do not tell them. */
  readonly classNames?: readonly string[]
}

/** Number of images to read from each split, in file order; all if absent. */
export interface Counts {
  readonly train?: number
  readonly test?: number
}

/** Options of readers: counts, and settings of the group `data`. */
export interface ReadOptions extends Counts, Pick<DataConfig, 'checksums' | 'layout' | 'size'> {
  /** When aborted, reading stops before the next file and throws the signal's reason. */
  readonly signal?: AbortSignal
}
