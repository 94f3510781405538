import { join } from 'node:path'
import { UserError } from '../errors.js'
import { countWithin, exists, readBytes, requireFolder } from './files.js'
import type { Counts, LabelledImages, LabelledSplits } from './images.js'

const CLASSES = 10
const CHANNELS = 3
const SIZE = 32
const PIXELS = CHANNELS * SIZE * SIZE
const RECORD = 1 + PIXELS
const TRAIN_FILES = [1, 2, 3, 4, 5].map((number) => `data_batch_${number}.bin`)
const TEST_FILES = ['test_batch.bin']

/** Per-channel statistics of the CIFAR-10 training images that the NAS-Bench-201 code normalises with, pixel / 255. */
export const CIFAR10_MEAN: readonly number[] = [125.3 / 255, 123.0 / 255, 113.9 / 255]
export const CIFAR10_STD: readonly number[] = [63.0 / 255, 62.1 / 255, 66.7 / 255]

/**
 * Reads CIFAR-10 in its official binary layout (Krizhevsky 2009): records of one label byte and 3,072 pixel bytes, the
 * red, green and blue planes of 32×32 in row-major order. `dir` is `cifar-10-batches-bin` or the folder that holds it.
 *
 * @throws UserError for missing or truncated files and labels above 9.
 */
export async function readCifar10(dir: string, counts: Counts = {}): Promise<LabelledSplits> {
  await requireFolder(dir, 'CIFAR-10')
  const inner = join(dir, 'cifar-10-batches-bin')
  const folder = (await exists(inner)) ? inner : dir
  return {
    train: await readSplit(folder, TRAIN_FILES, counts.train, 'data.trainCount'),
    test: await readSplit(folder, TEST_FILES, counts.test, 'data.testCount'),
    classes: CLASSES,
  }
}

async function readSplit(
  dir: string,
  names: readonly string[],
  wanted: number | undefined,
  what: string,
): Promise<LabelledImages> {
  const batches: Buffer[] = []
  let available = 0
  for (const name of names) {
    const bytes = await readBatch(join(dir, name))
    batches.push(bytes)
    available += bytes.length / RECORD
    if (wanted !== undefined && available >= wanted) break
  }
  const count = countWithin(wanted, available, what)
  const images = new Uint8Array(count * PIXELS)
  const labels = new Int32Array(count)
  let index = 0
  for (const bytes of batches) {
    for (let at = 0; at < bytes.length && index < count; at += RECORD, index++) {
      labels[index] = bytes[at]
      images.set(bytes.subarray(at + 1, at + RECORD), index * PIXELS)
    }
  }
  return { images, labels, channels: CHANNELS, height: SIZE, width: SIZE }
}

async function readBatch(file: string): Promise<Buffer> {
  const bytes = await readBytes(file)
  if (bytes.length === 0 || bytes.length % RECORD !== 0) {
    throw new UserError(`Expected whole records of ${RECORD} bytes for ${file} but received ${bytes.length} bytes`)
  }
  for (let at = 0; at < bytes.length; at += RECORD) {
    if (bytes[at] >= CLASSES) {
      const where = `${bytes[at]} in record ${at / RECORD}`
      throw new UserError(`Expected labels from 0 to ${CLASSES - 1} for ${file} but received ${where}`)
    }
  }
  return bytes
}
