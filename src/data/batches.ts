/** Reads data sets of several files, in order, and joins them. */
import { expected, UserError } from '../base/errors.js'
import { PickledArray, pickledIntegers, unpickleArrays } from '../formats/numpy-pickle.js'
import type { Shape } from '../programs/program.js'
import { checkMd5, readBytes } from './files.js'
import type { LabelledImages } from './images.js'
import { classIndices } from './labels.js'
import { subset } from './stratified.js'

/** A file and its published checksum, if there is one. */
export interface PublishedFile {
  readonly name: string
  readonly md5?: string
}

/** Images and labels of one file. */
export interface Batch {
  /** count × channels × height × width. */
  readonly images: Uint8Array
  readonly labels: Int32Array
}

export interface BatchOptions {
  readonly shape: Shape
  /** Parses the bytes of a file. `file` is its name in messages. */
  readonly parse: (bytes: Buffer, file: string) => Batch
  readonly checksums?: boolean
  /** When aborted, reading stops before the next file and throws the signal's reason. */
  readonly signal?: AbortSignal
  /** Number of images to take; all if absent. */
  readonly wanted?: number
  /** Setting that gives `wanted`, for messages. */
  readonly setting: string
}

/**
 * Reads all `files`, because a subset has the class shares of all images, and takes the wanted number of images.
 *
 * @param path Path of the file with this name.
 * @throws UserError for a missing file, a wrong checksum, and fewer images than wanted.
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
  }
  if (available === 0) throw new UserError(`Expected at least one image in ${path(files[0].name)} but received none`)
  return subset(join(batches, available, shape), wanted, setting)
}

function join(batches: readonly Batch[], count: number, { channels, height, width }: Shape): LabelledImages {
  const pixels = channels * height * width
  const images = new Uint8Array(count * pixels)
  const labels = new Int32Array(count)
  let index = 0
  for (const batch of batches) {
    images.set(batch.images, index * pixels)
    labels.set(batch.labels, index)
    index += batch.labels.length
  }
  return { images, labels, channels, height, width }
}

export interface PickledBatchOptions {
  readonly shape: Shape
  readonly classes: number
  /** Key of the labels. The key of the images is always `data`. */
  readonly labels: string
  /** Label of the first class. Default 0. */
  readonly first?: number
}

/**
 * Parses a pickled batch: a dictionary of labels and of `data`, with one row of bytes per image, plane after plane.
 */
export function parsePickledBatch(bytes: Buffer, file: string, options: PickledBatchOptions): Batch {
  const { shape, classes, labels: key, first } = options
  const arrays = unpickleArrays(bytes, file)
  const labels = pickledIntegers(arrays.get(key))
  if (labels === undefined) throw expected(`whole numbers under "${key}"`, file, 'none')
  const data = arrays.get('data')
  const pixels = shape.channels * shape.height * shape.width
  const wanted = labels.length * pixels
  if (!(data instanceof PickledArray) || !/^[<>|]u1$/.test(data.type) || data.fortranOrder) {
    throw expected('an array of bytes under "data"', file, 'something else')
  }
  const [rows, columns, ...others] = data.shape
  // Other shapes, such as rows of pixels of three channels, have as many bytes in another order.
  const isOther = rows !== labels.length || columns !== pixels || others.length > 0
  if (isOther || data.bytes?.length !== wanted) {
    const received = `${data.bytes?.length ?? 0} bytes of shape [${data.shape.join(', ')}]`
    throw expected(`${labels.length} rows of ${pixels} bytes under "data"`, file, received)
  }
  return { images: data.bytes, labels: classIndices(labels, classes, file, first) }
}
