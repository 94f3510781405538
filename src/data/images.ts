import type { DataConfig } from '../config/schema.js'
import type { SplitSettings } from './split-names.js'

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

/** The splits of a data set. */
export interface LabelledSplits extends SplitNotes {
  readonly train: LabelledImages
  /** Validation images of the files, if the settings want them. */
  readonly validation?: LabelledImages
  readonly test: LabelledImages
  readonly classes: number
  /** Names of the classes in the order of their labels; absent if the files do not tell them. */
  readonly classNames?: readonly string[]
}

/** Where splits come from. */
export interface SplitNotes {
  /** Names of the splits in the files. Default: `train` and `test`. */
  readonly names?: { readonly train?: string; readonly validation?: string; readonly test?: string }
  /** Sentences about choices that were made, images passed over, and what decoding left out. */
  readonly notes?: readonly string[]
}

/** Number of images to take from each split, stratified by class; all if absent. */
export interface Counts {
  readonly train?: number
  readonly test?: number
}

/** Options of readers: counts, and settings of the group `data`. */
export interface ReadOptions extends Counts, Pick<DataConfig, 'checksums' | 'layout' | 'size' | 'interpolation'> {
  /** Settings that choose the test and the validation split. */
  readonly splits?: SplitSettings
  /** When aborted, reading stops before the next file and throws the signal's reason. */
  readonly signal?: AbortSignal
}
