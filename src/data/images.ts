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

/** What else readers are told. */
export interface ReadOptions extends Counts {
  /** Compare files with their published checksums, where there are any; default true. */
  readonly checksums?: boolean
  /** Order of axes of the images in an .npz file; found out where it is absent. */
  readonly layout?: 'NCHW' | 'NHWC'
  /** Height and width that images in a folder are resized and cropped to; theirs, where it is absent. */
  readonly size?: number
  /** When aborted, reading ends between two files and throws the signal's reason. */
  readonly signal?: AbortSignal
}
