/** Packs the images of a split into one file; `packed-layout.ts` says what is in it. */
import { usableCores } from '../../base/cpu-quota.js'
import { expected } from '../../base/errors.js'
import { type EncodedFiles, inspectImages } from '../../native/index.js'
import { decoderNames } from './decoders.js'
import { type EncodedSplit, imageName, readEncoded } from './encoded-files.js'
import { type ImageToPack, writePacked } from './packed.js'

/** Most images whose bytes are in memory at a time. */
const WINDOW = 4 * usableCores()
/** Images whose headers are read at a time. */
const INSPECTED = 4096

/** How images are packed. */
export interface PackOptions {
  /** Reduce larger images to this length of the shorter side, in pixels. Default: images stay as they are. */
  readonly shorter?: number
  /** Quality, from 1 to 100, of the JPEGs that are made so. */
  readonly quality: number
  /** What a damaged image does: end the packing, or be left out. */
  readonly onError: 'stop' | 'skip'
  /** Called with the number of images that are packed. */
  readonly progress?: (done: number) => void
  /**
   * When aborted, packing stops, removes its file and throws the signal's reason. Once all images are written, it goes
   * on to its end.
   */
  readonly signal?: AbortSignal
}

/** What was packed. */
export interface Packed {
  readonly images: number
  /** Size of the file. */
  readonly bytes: number
  /** Images that were left out, one sentence each. */
  readonly skipped: readonly string[]
}

/**
 * Packs the images of a split in their order. Every image is decoded once, so that a packed file has no damaged one.
 *
 * @throws UserError for a damaged image, unless it is left out, and if the file cannot be written.
 */
export async function pack(split: EncodedSplit, file: string, options: PackOptions): Promise<Packed> {
  const { shorter, quality, onError } = options
  if (split.files.kind === 'packed') throw expected('a folder or a tar of images', 'the images to pack', file, 2)
  if (split.empty.length > 0 && onError === 'stop') throw expected('an image', split.empty[0], 'a file without a byte')
  const { kept, sizes, skipped } = await inspectAll(split.files, split.labels.length, options)
  const keys = split.keys()
  const prepare = async (at: number): Promise<ImageToPack> => {
    const index = kept[at]
    const { height, width } = sizes[at]
    const bytes = await readEncoded(split.files, index)
    const facts = { label: split.labels[index], key: keys[index] }
    if (shorter === undefined || Math.min(height, width) <= shorter) return { ...facts, bytes, height, width }
    return { ...facts, ...(await reduce(bytes, { height, width }, shorter, quality)) }
  }
  const about = { classes: split.classes, ...(shorter !== undefined && { shorter, quality }) }
  const size = await writePacked(file, kept.length, inOrder(kept.length, prepare, options), about)
  return { images: kept.length, bytes: size, skipped: [...split.empty.map((name) => `${name}: no byte`), ...skipped] }
}

/** Decodes every image. Returns the indices of those that are whole, and their sizes. */
async function inspectAll(files: EncodedFiles, count: number, { onError, signal }: PackOptions) {
  const options = { ...(await decoderNames()), threads: usableCores(), decode: true }
  const kept: number[] = []
  const sizes: { readonly height: number; readonly width: number }[] = []
  const skipped: string[] = []
  for (let first = 0; first < count; first += INSPECTED) {
    signal?.throwIfAborted()
    const part = await inspectImages(files, first, Math.min(INSPECTED, count - first), options)
    for (const [i, damage] of part.damage.entries()) {
      const tooLarge = Math.max(part.heights[i], part.widths[i]) > 0xffff ? 'more than 65,535 pixels on a side' : ''
      const reason = damage || tooLarge
      if (reason === '') {
        kept.push(first + i)
        sizes.push({ height: part.heights[i], width: part.widths[i] })
        continue
      }
      const name = imageName(files, first + i)
      if (onError === 'stop') throw expected('a whole image, or --on-error skip,', name, reason)
      skipped.push(`${name}: ${reason}`)
    }
  }
  if (kept.length === 0) throw expected('at least one whole image', 'the images to pack', 'none')
  return { kept, sizes, skipped }
}

/** A JPEG of the image whose shorter side has `shorter` pixels. */
async function reduce(
  bytes: Buffer,
  { height, width }: { readonly height: number; readonly width: number },
  shorter: number,
  quality: number,
) {
  const { default: sharp } = await import('sharp')
  const side = height <= width ? { height: shorter } : { width: shorter }
  const { data, info } = await sharp(bytes, { failOn: 'error', ignoreIcc: true })
    // As in reading: transparent pixels keep their colours.
    .removeAlpha()
    .resize(side)
    .toColourspace('srgb')
    .jpeg({ quality })
    .toBuffer({ resolveWithObject: true })
  return { bytes: data, height: info.height, width: info.width }
}

/** Prepares images some at a time, and yields them in their order, so that the same images make the same file. */
async function* inOrder<Image>(
  count: number,
  prepare: (at: number) => Promise<Image>,
  { progress, signal }: PackOptions,
): AsyncGenerator<Image> {
  const underWay: Promise<Image>[] = []
  let begun = 0
  for (let done = 0; done < count; done++) {
    signal?.throwIfAborted()
    for (; begun < Math.min(count, done + WINDOW); begun++) {
      const image = prepare(begun)
      // It is awaited below, unless an earlier one fails.
      image.catch(() => {})
      underWay.push(image)
    }
    yield await underWay.shift()!
    progress?.(done + 1)
  }
  // The last moment at which the file can still be given up.
  signal?.throwIfAborted()
}
