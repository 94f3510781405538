/** Reads CIFAR-10 and CIFAR-100 (Krizhevsky 2009) in their binary and Python layouts. */
import { join } from 'node:path'
import { expected } from '../../base/errors.js'
import { exists } from '../../base/files.js'
import { type Batch, type PublishedFile, parsePickledBatch, readBatches } from '../batches.js'
import { requireFolder } from '../files.js'
import type { LabelledSplits, ReadOptions } from '../images.js'

const SHAPE = { channels: 3, height: 32, width: 32 }
const PIXELS = 3 * 32 * 32

/** Files of one layout, and the folder in its archive. */
interface Layout {
  readonly folder: string
  readonly train: readonly PublishedFile[]
  readonly test: readonly PublishedFile[]
}

interface Cifar {
  readonly title: string
  readonly classes: number
  /** Number of bytes before the pixels of a binary record. The last one is the label. */
  readonly labelBytes: number
  /** Key of the labels in a pickled batch. */
  readonly labels: string
  readonly binary: Layout
  /** With the checksums that torchvision compares. */
  readonly python: Layout
}

const CIFAR10: Cifar = {
  title: 'CIFAR-10',
  classes: 10,
  labelBytes: 1,
  labels: 'labels',
  binary: {
    folder: 'cifar-10-batches-bin',
    train: [1, 2, 3, 4, 5].map((number) => ({ name: `data_batch_${number}.bin` })),
    test: [{ name: 'test_batch.bin' }],
  },
  python: {
    folder: 'cifar-10-batches-py',
    train: [
      { name: 'data_batch_1', md5: 'c99cafc152244af753f735de768cd75f' },
      { name: 'data_batch_2', md5: 'd4bba439e000b95fd0a9bffe97cbabec' },
      { name: 'data_batch_3', md5: '54ebc095f3ab1f0389bbae665268c751' },
      { name: 'data_batch_4', md5: '634d18415352ddfa80567beed471001a' },
      { name: 'data_batch_5', md5: '482c414d41f54cd18b22e5b47cb7c3cb' },
    ],
    test: [{ name: 'test_batch', md5: '40351d587109b95175f43aff81a1287e' }],
  },
}

const CIFAR100: Cifar = {
  title: 'CIFAR-100',
  classes: 100,
  labelBytes: 2,
  labels: 'fine_labels',
  binary: { folder: 'cifar-100-binary', train: [{ name: 'train.bin' }], test: [{ name: 'test.bin' }] },
  python: {
    folder: 'cifar-100-python',
    train: [{ name: 'train', md5: '16019d7e3df5f24257cddd939b257f8d' }],
    test: [{ name: 'test', md5: 'f0ef6b0ae62326f3e7ffdfab6717acfc' }],
  },
}

/**
 * Reads CIFAR-10. Binary files have records of one label byte and 3,072 pixel bytes: the red, green and blue planes of
 * 32×32, row-major. Python files are pickled batches of the same planes. `dir` is the folder of either layout, or its
 * parent. If it has both layouts, the binary files are read.
 *
 * @throws UserError for missing, damaged or truncated files and labels outside the classes.
 */
export function readCifar10(dir: string, options: ReadOptions = {}): Promise<LabelledSplits> {
  return read(CIFAR10, dir, options)
}

/** Reads CIFAR-100 with its 100 fine labels, like {@link readCifar10}. Binary records begin with the coarse label. */
export function readCifar100(dir: string, options: ReadOptions = {}): Promise<LabelledSplits> {
  return read(CIFAR100, dir, options)
}

async function read(
  cifar: Cifar,
  dir: string,
  { train, test, checksums, signal }: ReadOptions,
): Promise<LabelledSplits> {
  await requireFolder(dir, cifar.title)
  const { layout, folder, notes } = await locate(cifar, dir)
  const { classes, labels } = cifar
  const parse = (bytes: Buffer, file: string) =>
    layout === cifar.binary
      ? parseRecords(bytes, file, cifar)
      : parsePickledBatch(bytes, file, { shape: SHAPE, classes, labels })
  const path = (name: string) => join(folder, name)
  const common = { shape: SHAPE, parse, checksums, signal }
  return {
    train: await readBatches(path, layout.train, { ...common, wanted: train, setting: 'data.trainCount' }),
    test: await readBatches(path, layout.test, { ...common, wanted: test, setting: 'data.testCount' }),
    classes,
    notes,
  }
}

/** Finds the first layout that has a file in its usual folder in `dir`, or in `dir` itself. Notes name the others. */
async function locate({ title, binary, python }: Cifar, dir: string) {
  const found: { readonly layout: Layout; readonly folder: string }[] = []
  for (const layout of [binary, python]) {
    for (const folder of [join(dir, layout.folder), dir]) {
      const present = await Promise.all([...layout.train, ...layout.test].map(({ name }) => exists(join(folder, name))))
      if (present.includes(true)) found.push({ layout, folder })
    }
  }
  const [first, ...others] = found
  if (first !== undefined)
    return {
      ...first,
      notes: others.map(
        ({ layout, folder }) =>
          `${layout.train[0].name} in ${folder} is not used, but ${first.layout.train[0].name} in ${first.folder}`,
      ),
    }
  const wanted = `${binary.train[0].name} or ${python.train[0].name}`
  throw expected(wanted, `the ${title} data`, `a folder without them: ${dir}`)
}

function parseRecords(bytes: Buffer, file: string, { classes, labelBytes }: Cifar): Batch {
  const record = labelBytes + PIXELS
  if (bytes.length === 0 || bytes.length % record !== 0) {
    throw expected(`whole records of ${record} bytes`, file, `${bytes.length} bytes`)
  }
  const count = bytes.length / record
  const images = new Uint8Array(count * PIXELS)
  const labels = new Int32Array(count)
  for (let index = 0; index < count; index++) {
    const pixels = index * record + labelBytes
    const label = bytes[pixels - 1]
    if (label >= classes) {
      throw expected(`labels from 0 to ${classes - 1}`, file, `${label} in record ${index}`)
    }
    labels[index] = label
    images.set(bytes.subarray(pixels, pixels + PIXELS), index * PIXELS)
  }
  return { images, labels }
}
