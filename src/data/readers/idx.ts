import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { expected } from '../../base/errors.js'
import { exists } from '../../base/files.js'
import { readBytes, requireFolder } from '../files.js'
import type { Counts, LabelledImages, LabelledSplits } from '../images.js'
import { subset } from '../stratified.js'

const UNSIGNED_BYTE = 0x08

/** Contents of an IDX file of unsigned bytes. */
export interface Idx {
  readonly shape: readonly number[]
  readonly data: Uint8Array
}

/**
 * Parses the IDX format of the MNIST family: two zero bytes, type code, number of dimensions, then each extent as a
 * big-endian 32-bit integer, then the data in row-major order. Only unsigned bytes are supported.
 *
 * @throws UserError for a wrong magic number, another element type or rank, or a length that differs from the header's.
 */
function parseIdx(bytes: Buffer, rank: number, name: string): Idx {
  const header = 4 + 4 * rank
  const magic = bytes.length >= 4 ? bytes.readUInt32BE(0) : undefined
  const wanted = (UNSIGNED_BYTE << 8) | rank
  if (magic !== wanted) {
    const received = magic === undefined ? `${bytes.length} bytes` : hex(magic)
    throw expected(`the IDX magic number ${hex(wanted)}`, name, received)
  }
  if (bytes.length < header) {
    throw expected(`an IDX header of ${header} bytes`, name, `${bytes.length} bytes`)
  }
  const shape = Array.from({ length: rank }, (_, axis) => bytes.readUInt32BE(4 + 4 * axis))
  const length = shape.reduce((product, extent) => product * extent, 1)
  if (bytes.length - header !== length) {
    const received = `${bytes.length - header} bytes`
    throw expected(`${length} bytes (${shape.join('×')}) of data`, name, received)
  }
  return { shape, data: bytes.subarray(header) }
}

/**
 * Reads a folder in the layout of MNIST and Fashion-MNIST: `train-images-idx3-ubyte`, `train-labels-idx1-ubyte` and the
 * same with `t10k-`, each plain or as `.gz`; see {@link locate} for other names. The number of classes is one more than
 * the largest training label.
 */
export async function readIdxFolder(dir: string, counts: Counts = {}): Promise<LabelledSplits> {
  await requireFolder(dir, 'IDX')
  const train = await readSplit(dir, 'train', counts.train, 'data.trainCount')
  const classes = train.classes
  const test = await readSplit(dir, 't10k', counts.test, 'data.testCount', classes)
  return { train: train.split, test: test.split, classes, names: { test: 't10k' } }
}

async function readSplit(dir: string, prefix: string, wanted: number | undefined, setting: string, classes?: number) {
  const imageFile = await locate(dir, `${prefix}-images-idx3-ubyte`)
  const labelFile = await locate(dir, `${prefix}-labels-idx1-ubyte`)
  const images = parseIdx(await readBytes(imageFile), 3, imageFile)
  const labels = parseIdx(await readBytes(labelFile), 1, labelFile)
  const [available, height, width] = images.shape
  if (available === 0 || height === 0 || width === 0) {
    throw expected('at least one image', imageFile, `shape ${images.shape.join('×')}`)
  }
  if (labels.shape[0] !== available) {
    throw expected(`${available} labels`, labelFile, labels.shape[0])
  }
  const largest = labels.data.reduce((most, label) => Math.max(most, label), 0)
  if (classes !== undefined && largest >= classes) {
    const index = labels.data.indexOf(largest)
    throw expected(`labels from 0 to ${classes - 1}`, labelFile, `${largest} at index ${index}`)
  }
  const all: LabelledImages = {
    images: images.data,
    labels: Int32Array.from(labels.data),
    channels: 1,
    height,
    width,
  }
  return { split: subset(all, wanted, setting), classes: largest + 1 }
}

/**
 * The file of this name, with a dot for the dash before `idx` too, and as `.gz`. Some archives hold each file in a
 * folder of its name.
 */
async function locate(dir: string, name: string): Promise<string> {
  const names = [name, `${name}.gz`, name.replace('-idx', '.idx'), `${name.replace('-idx', '.idx')}.gz`]
  for (const outer of names) {
    const path = join(dir, outer)
    const found = await stat(path).catch(() => undefined)
    if (found?.isDirectory() === false) return path
    if (found === undefined) continue
    for (const inner of names) if (await exists(join(path, inner))) return join(path, inner)
  }
  throw expected(`${names[0]} or ${names[2]}, plain or as .gz,`, 'the IDX data', `a folder without them: ${dir}`)
}

function hex(value: number): string {
  return `0x${value.toString(16).padStart(8, '0')}`
}
