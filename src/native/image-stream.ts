import { loadBinding } from './binding.js'
import { Handle } from './handle.js'
import type { ImageSource } from './image-source.js'
import type { RawImageStream } from './raw.js'
import type { Augmentation, Device } from './records.js'

/** Where encoded images lie: JPEG, PNG, WebP or TIFF, as their first bytes tell. */
export type EncodedFiles =
  | {
      /** Files of their own in a folder. */
      readonly kind: 'named'
      readonly folder: string
      /** Names relative to the folder, one after the other. */
      readonly names: Uint8Array
      /** Where each name ends in `names`, in bytes. */
      readonly ends: Float64Array
    }
  | {
      /** Parts of one file, such as the members of a tar. */
      readonly kind: 'parts'
      readonly file: string
      readonly offsets: Float64Array
      readonly lengths: Int32Array
    }
  | {
      /** A packed file, whose table of images stays in the file. */
      readonly kind: 'packed'
      readonly file: string
      /** Where the table begins, in bytes. */
      readonly entries: number
      /** Number of images in the table. */
      readonly count: number
      /** Places in the table of the images to take, in their order. Default: all. */
      readonly taken?: Int32Array
    }

/** Images that are decoded when a batch needs them, and how. */
export interface StreamData {
  readonly files: EncodedFiles
  /** One class index per image. */
  readonly labels: Int32Array
  /** Height and width of the images of a batch, in pixels. */
  readonly size: number
  /** Filter of the evaluation's crop. */
  readonly interpolation: 'bilinear' | 'bicubic'
  /** True: the next image of its class takes the place of an image that cannot be decoded. False: a step fails. */
  readonly replaceDamaged: boolean
  /** Number of images that are decoded at a time. */
  readonly threads: number
  /**
   * Images that no random crop cuts are kept as they are cropped, after they were decoded first, if all of them take at
   * most this many bytes. 0: none are kept.
   */
  readonly mostKept: number
  /** Batches after the present one that training begins to make. */
  readonly ahead: number
  /** Mean of each of the three channels, in units of pixel value / 255. */
  readonly mean: readonly number[]
  /** Standard deviation of each channel, in the same units. */
  readonly std: readonly number[]
  /** Names of the library libvips, of which the first that can be opened is used. */
  readonly libraries: readonly string[]
  /** The same of libjpeg-turbo, which is faster for JPEGs. May be empty. */
  readonly jpegLibraries: readonly string[]
}

/** Images that threads of their own read, decode and augment while steps compute. */
export class ImageStream extends Handle<RawImageStream> implements ImageSource {
  readonly count: number
  readonly ahead: number

  /**
   * Opens the files. Labels and names are copied.
   *
   * @throws Error with code `ERR_INVALID_ARGUMENT` if lengths, labels or normalisation do not fit, and with code
   *   `ERR_IMAGE` if a file cannot be opened.
   */
  constructor(data: StreamData, device: Device = 'cpu') {
    super(new (loadBinding().ImageStream)(data, device))
    this.count = data.labels.length
    this.ahead = data.ahead
  }

  prefetch(indices: Int32Array, augmentation: Augmentation | undefined): void {
    this.raw.prefetch(indices, augmentation)
  }

  /** Makes a batch, or waits for one that was begun, and drops it: what a step does before it computes. */
  make(indices: Int32Array, augmentation: Augmentation | undefined): Promise<void> {
    return this.raw.make(indices, augmentation)
  }

  get waitedSeconds(): number {
    return this.raw.waited()
  }

  get damaged(): readonly string[] {
    return this.raw.damaged()
  }
}

/** What is known of images, in their order. */
export interface InspectedImages {
  /** In pixels; 0 for an image that cannot be read. */
  readonly heights: Int32Array
  readonly widths: Int32Array
  /** Digests of the encoded bytes; see {@link contentDigest}. */
  readonly digests: BigUint64Array
  /** Why an image cannot be used; empty for one that can. */
  readonly damage: readonly string[]
}

/**
 * Reads `count` images from the image `first` on. `decode`: decodes them whole, which finds truncated files; otherwise
 * only their headers are looked at.
 */
export function inspectImages(
  files: EncodedFiles,
  first: number,
  count: number,
  options: Pick<StreamData, 'threads' | 'libraries' | 'jpegLibraries'> & { readonly decode: boolean },
): Promise<InspectedImages> {
  return loadBinding().inspectImages(files, first, count, options)
}

/** The first of these names of libjpeg-turbo that the addon can open and use; undefined if there is none. */
export function jpegLibrary(names: readonly string[]): string | undefined {
  return loadBinding().jpegLibrary(names)
}
