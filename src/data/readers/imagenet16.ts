import { join } from 'node:path'
import { type Batch, type PublishedFile, parsePickledBatch, readBatches } from '../batches.js'
import { requireFolder } from '../files.js'
import type { LabelledSplits, ReadOptions } from '../images.js'

const SHAPE = { channels: 3, height: 16, width: 16 }
const PIXELS = 3 * 16 * 16
/** Number of classes in the files, labelled from 1. */
const ALL_CLASSES = 1000
const CLASSES = 120

/** With the checksums that NAS-Bench-201's code compares. */
const TRAIN: readonly PublishedFile[] = [
  { name: 'train_data_batch_1', md5: '27846dcaa50de8e21a7d1a35f30f0e91' },
  { name: 'train_data_batch_2', md5: 'c7254a054e0e795c69120a5727050e3f' },
  { name: 'train_data_batch_3', md5: '4333d3df2e5ffb114b05d2ffc19b1e87' },
  { name: 'train_data_batch_4', md5: '1620cdf193304f4a92677b695d70d10f' },
  { name: 'train_data_batch_5', md5: '348b3c2fdbb3940c4e9e834affd3b18d' },
  { name: 'train_data_batch_6', md5: '6e765307c242a1b3d7d5ef9139b48945' },
  { name: 'train_data_batch_7', md5: '564926d8cbf8fc4818ba23d2faac7564' },
  { name: 'train_data_batch_8', md5: 'f4755871f718ccb653440b9dd0ebac66' },
  { name: 'train_data_batch_9', md5: 'bb6dd660c38c58552125b1a92f86b5d4' },
  { name: 'train_data_batch_10', md5: '8f03f34ac4b42271a294f91bf480f29b' },
]
const TEST: readonly PublishedFile[] = [{ name: 'val_data', md5: '3410e3017fdaefba8d5073aaa65e4bd6' }]

/**
 * Reads ImageNet16-120 as NAS-Bench-201 does (Dong and Yang 2020): the first 120 classes of ImageNet downsampled to
 * 16×16 (Chrabaszcz et al. 2017), with 151,700 training and 6,000 validation images. `dir` holds the pickled batches
 * `train_data_batch_1` to `train_data_batch_10` and `val_data`. Counts apply to images of these classes.
 *
 * @throws UserError for missing or damaged files and labels outside 1…1000.
 */
export async function readImageNet16(dir: string, options: ReadOptions = {}): Promise<LabelledSplits> {
  await requireFolder(dir, 'ImageNet16')
  const path = (name: string) => join(dir, name)
  const common = { shape: SHAPE, parse, checksums: options.checksums, signal: options.signal }
  return {
    train: await readBatches(path, TRAIN, { ...common, wanted: options.train, setting: 'data.trainCount' }),
    test: await readBatches(path, TEST, { ...common, wanted: options.test, setting: 'data.testCount' }),
    classes: CLASSES,
    names: { test: 'val' },
  }
}

/** Parses a batch and drops the images of other classes, so that at most one whole batch is in memory. */
function parse(bytes: Buffer, file: string): Batch {
  const { images, labels } = parsePickledBatch(bytes, file, {
    shape: SHAPE,
    classes: ALL_CLASSES,
    labels: 'labels',
    first: 1,
  })
  const kept = labels.filter((label) => label < CLASSES)
  const pixels = new Uint8Array(kept.length * PIXELS)
  let next = 0
  for (const [index, label] of labels.entries()) {
    if (label < CLASSES) pixels.set(images.subarray(index * PIXELS, (index + 1) * PIXELS), PIXELS * next++)
  }
  return { images: pixels, labels: kept }
}
