/** Data sets that come as a row of files: read in order, no further than needed, and joined. */
import { UserError } from '../base/errors.js'
import { PickledArray, pickledIntegers, unpickleArrays } from '../formats/numpy-pickle.js'
import type { Shape } from '../programs/program.js'
import { checkMd5, countWithin, readBytes } from './files.js'
import type { LabelledImages } from './images.js'
import { classIndices } from './labels.js'

/** A file and its checksum, where one is published. */
export interface PublishedFile {
  readonly name: string
  readonly md5?: string
}

/** What one file holds. */
export interface Batch {
  /** count × channels × height × width. */
  readonly images: Uint8Array
  readonly labels: Int32Array
}

export interface BatchOptions {
  readonly shape: Shape
  /** Takes a file's bytes apart; `file` is what messages call it. */
  readonly parse: (bytes: Buffer, file: string) => Batch
  readonly checksums?: boolean
  /** When aborted, reading ends between two files and throws the signal's reason. */
  readonly signal?: AbortSignal
  /** How many images to take, by which setting; all of them where absent. */
  readonly wanted?: number
  readonly setting: string
}

/**
 * Reads `files` in order until there are as many images as are wanted.
 *
 * @param path Where a file of this name lies.
 * @throws UserError for a file that is missing or differs from its checksum, and for fewer images than wanted.
 */
export async function readBatches(
  path: (name: string) => string,
  files: readonly PublishedFile[],
  { shape, parse, checksums = true, signal, wanted, setting }: BatchOptions,
): Promise<LabelledImages> {
  const batches: Batch[] = []
  let available = 0
  for (const { name, md5 } of files) {
    signal?.throwIfAborted()
    const file = path(name)
    const bytes = await readBytes(file)
    if (checksums && md5 !== undefined) checkMd5(bytes, md5, file)
    const batch = parse(bytes, file)
    batches.push(batch)
    available += batch.labels.length
    if (wanted !== undefined && available >= wanted) break
  }
  if (available === 0) throw new UserError(`Expected at least one image in ${path(files[0].name)} but received none`)
  return join(batches, countWithin(wanted, available, setting), shape)
}

function join(batches: readonly Batch[], count: number, { channels, height, width }: Shape): LabelledImages {
  const pixels = channels * height * width
  const images = new Uint8Array(count * pixels)
  const labels = new Int32Array(count)
  let index = 0
  for (const batch of batches) {
    const taken = Math.min(batch.labels.length, count - index)
    images.set(batch.images.subarray(0, taken * pixels), index * pixels)
    labels.set(batch.labels.subarray(0, taken), index)
    index += taken
  }
  return { images, labels, channels, height, width }
}

export interface PickledBatchOptions {
  readonly shape: Shape
  readonly classes: number
  /** Key of the labels; that of the images is always `data`. */
  readonly labels: string
  /** The label of the first class. */
  readonly first?: number
}

/**
 * Takes apart a pickled batch: a dictionary of `data`, one row of bytes per image, the planes one after the other, and
 * labels.
 */
export function parsePickledBatch(bytes: Buffer, file: string, options: PickledBatchOptions): Batch {
  const { shape, classes, labels: key, first } = options
  const arrays = unpickleArrays(bytes, file)
  const labels = pickledIntegers(arrays.get(key))
  if (labels === undefined) throw new UserError(`Expected whole numbers under "${key}" for ${file} but received none`)
  const data = arrays.get('data')
  const pixels = shape.channels * shape.height * shape.width
  const wanted = labels.length * pixels
  if (!(data instanceof PickledArray) || !/^[<>|]u1$/.test(data.type) || data.fortranOrder) {
    throw new UserError(`Expected an array of bytes under "data" for ${file} but received something else`)
  }
  const rows = data.shape[0]
  if (rows !== labels.length || data.bytes?.length !== wanted) {
    const received = `${data.bytes?.length ?? 0} bytes in ${rows} rows`
    throw new UserError(
      `Expected ${labels.length} rows of ${pixels} bytes under "data" for ${file} but received ${received}`,
    )
  }
  return { images: data.bytes, labels: classIndices(labels, classes, file, first) }
}
