/** Reads images and labels from NumPy's .npz archives, by their names in NumPy, Keras and MedMNIST files. */
import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { expected, UserError } from '../../base/errors.js'
import { integersOf } from '../../formats/integers.js'
import { parseNpy, type RawArray } from '../../formats/npy.js'
import { whyNoZip, ZipEntries } from '../../formats/zip.js'
import { readBytes } from '../files.js'
import type { LabelledImages, LabelledSplits, ReadOptions } from '../images.js'
import { classIndices } from '../labels.js'
import { chooseSplits } from '../split-names.js'
import { subset } from '../stratified.js'

/** Limit on the decompressed size of an array. */
const MAX_BYTES = 2 ** 31 - 1
/** More classes than any data set has. A larger label is damaged, and must not create a huge classifier. */
const MAX_CLASSES = 2 ** 16
/** Numbers of channels from which the order of axes is inferred. */
const CHANNELS = [1, 3]

/** Images of a split in an archive, and archives of splits in a folder. The name is in a group. */
const ARRAYS = /^(?:(.+)_images|x_(.+))\.npy$/
const FILES = /^([^.].*)\.npz$/

/** An archive, and the names under which it may hold a split's arrays. */
interface Source {
  readonly file: string
  readonly images: readonly string[]
  readonly labels: readonly string[]
}

interface Split {
  readonly split: Omit<LabelledImages, 'labels'>
  readonly labels: Float64Array
  readonly file: string
}

/**
 * Reads a data set from one archive with the arrays `train_images` or `x_train`, `train_labels` or `y_train`, and the
 * same for `test`, `val` or both; see {@link chooseSplits}. If `path` is a folder, reads `train.npz`, `test.npz` and so
 * on, with `images` or `x`, `labels` or `y`.
 * Images are bytes of shape [images, channels, height, width], [images, height, width, channels] or
 * [images, height, width]. Labels are integers of shape [images] or [images, 1]. The number of classes is one more than
 * the largest training label.
 *
 * @throws UserError for missing or damaged files, missing arrays, other element types or shapes, and images whose order
 *   of axes is neither given nor inferable.
 */
export async function readNpz(path: string, options: ReadOptions = {}): Promise<LabelledSplits> {
  const found = await stat(path).catch(() => undefined)
  if (found === undefined) throw new UserError(`Expected an .npz file or a folder for the data but found none: ${path}`)
  const source = (split: string): Source =>
    found.isDirectory()
      ? { file: join(path, `${split}.npz`), images: ['images', 'x'], labels: ['labels', 'y'] }
      : { file: path, images: [`${split}_images`, `x_${split}`], labels: [`${split}_labels`, `y_${split}`] }
  const archive = await open(source('train').file)
  const train = await readSplit(archive, source('train'), options.layout)
  const entries = found.isDirectory() ? await readdir(path) : archive.names
  const beside = splitsIn(entries, found.isDirectory() ? FILES : ARRAYS)
  const { test: testName, validation: name, notes } = chooseSplits(beside, options.splits, path)
  const read = async (split: string) =>
    readSplit(found.isDirectory() ? await open(source(split).file) : archive, source(split), options.layout)
  const test = await read(testName)
  const validation = name === undefined ? undefined : await read(name)
  const largest = train.labels.reduce((most, label) => Math.max(most, label), 0)
  const classes = Math.min(largest + 1, MAX_CLASSES)
  return {
    train: take(train, classes, options.train, 'data.trainCount'),
    ...(validation && { validation: take(validation, classes, undefined, '') }),
    test: take(test, classes, options.test, 'data.testCount'),
    classes,
    names: { validation: name, test: testName },
    notes,
  }
}

/** Names of the splits beside `train`, by the names of arrays or files. Everything else is no split. */
function splitsIn(entries: readonly string[], pattern: RegExp): string[] {
  const names = entries.map((entry) => pattern.exec(entry)?.slice(1).find(Boolean))
  return [...new Set(names)].filter((name) => name !== undefined && name !== 'train') as string[]
}

async function open(file: string): Promise<ZipEntries> {
  const bytes = await readBytes(file)
  return ZipEntries.open(file, bytes).catch((error: Error) => {
    throw error instanceof UserError ? error : damaged(file, error)
  })
}

function damaged(file: string, { message }: Error): UserError {
  return expected('an .npz archive', file, whyNoZip(message))
}

async function readSplit(archive: ZipEntries, source: Source, layout: ReadOptions['layout']): Promise<Split> {
  const { file } = source
  const [name, images] = await readArray(archive, file, source.images)
  const [labelName, labels] = await readArray(archive, file, source.labels)
  if (!/^[<>|]u1$/.test(images.type)) {
    throw expected('bytes (uint8)', `${name} in ${file}`, images.type)
  }
  const split = planes(images, layout, `${name} in ${file}`)
  const [count, second = 1, ...more] = labels.shape
  const integers = integersOf(labels.type, labels.elements)
  if (integers === undefined || count !== images.shape[0] || second !== 1 || more.length > 0) {
    const received = `${labels.type} of shape [${labels.shape.join(', ')}]`
    throw expected(`${images.shape[0]} integers`, `${labelName} in ${file}`, received)
  }
  return { split, labels: integers, file }
}

async function readArray(
  archive: ZipEntries,
  file: string,
  names: readonly string[],
): Promise<readonly [string, RawArray]> {
  const found = names.filter((candidate) => archive.has(`${candidate}.npy`))
  if (found.length > 1) throw expected(`one of the arrays ${names.join(' and ')}`, file, 'both')
  const [name] = found
  if (name === undefined) {
    const present = archive.names.map((entry) => entry.replace(/\.npy$/, '')).join(', ') || 'no arrays'
    throw new UserError(`Expected an array ${names.join(' or ')} in ${file} but received ${present}`)
  }
  const bytes = await archive.read(`${name}.npy`, { bytes: MAX_BYTES }).catch((error: Error) => {
    throw error instanceof UserError ? error : damaged(file, error)
  })
  return [name, parseNpy(bytes, `${name} in ${file}`)]
}

/** The images as planes by channel. The order of axes is given, or inferred from the number of channels. */
function planes({ shape, elements }: RawArray, layout: ReadOptions['layout'], name: string): Split['split'] {
  const text = `[${shape.join(', ')}]`
  if (shape.length < 3 || shape.length > 4 || shape.some((extent) => extent === 0)) {
    throw expected('images of three or four axes', name, `shape ${text}`)
  }
  const [, second, third, fourth] = shape
  if (fourth === undefined) return { images: elements, channels: 1, height: second, width: third }
  const first = CHANNELS.includes(second)
  if (layout === undefined && first === CHANNELS.includes(fourth)) {
    const reason = `shape ${text}, whose channels cannot be told`
    throw expected('NCHW or NHWC in data.layout', name, `none and ${reason}`)
  }
  if (layout === 'NCHW' || (layout === undefined && first)) {
    return { images: elements, channels: second, height: third, width: fourth }
  }
  return { images: channelsFirst(elements, second * third, fourth), channels: fourth, height: second, width: third }
}

/** Converts images of `area` pixels from interleaved channels to planes. */
function channelsFirst(pixels: Uint8Array, area: number, channels: number): Uint8Array {
  const images = new Uint8Array(pixels.length)
  for (let start = 0; start < pixels.length; start += area * channels) {
    for (let channel = 0; channel < channels; channel++) {
      const plane = start + channel * area
      for (let at = 0; at < area; at++) images[plane + at] = pixels[start + at * channels + channel]
    }
  }
  return images
}

function take({ split, labels, file }: Split, classes: number, wanted: number | undefined, setting: string) {
  // A copy, because a view would keep the whole file in memory. A subset is a copy anyway.
  const images = wanted === undefined ? new Uint8Array(split.images) : split.images
  return subset({ ...split, images, labels: classIndices(labels, classes, file) }, wanted, setting)
}
