import type { DataConfig } from '../config/schema.js'

/** Pixels of one image. */
export interface Extents {
  readonly height: number
  readonly width: number
}

/** Images and labels of one split as read from files: bytes, planes by channel, one class index per image. */
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
}

/** How many images of each split to read, in file order; all of them where absent. */
export interface Counts {
  readonly train?: number
  readonly test?: number
}

/** What else readers are told: settings of the group `data`. */
export interface ReadOptions extends Counts, Pick<DataConfig, 'checksums' | 'layout' | 'size'> {
  /** When aborted, reading ends between two files and throws the signal's reason. */
  readonly signal?: AbortSignal
}
