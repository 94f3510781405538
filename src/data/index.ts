/**
 * Loads data sets from files as the image data that the addon holds. Images are in file order; in folders of images the
 * classes alternate. A count always takes the first images of a split.
 */
import { basename, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expected } from '../base/errors.js'
import type { DataConfig } from '../config/schema.js'
import type { ImageData } from '../native/index.js'
import { type Shape, sameShape } from '../programs/program.js'
import type { LabelledImages, LabelledSplits, ReadOptions } from './images.js'
import { readCifar10, readCifar100 } from './readers/cifar.js'
import { readFolder } from './readers/folder.js'
import { readIdxFolder } from './readers/idx.js'
import { readImageNet16 } from './readers/imagenet16.js'
import { readNpz } from './readers/npz.js'
import { channelStatistics, downsample, padTo } from './transform.js'

interface Format {
  read(dir: string, options: ReadOptions): Promise<LabelledSplits>
  /** Facts known without the files. */
  readonly published?: {
    readonly shape: Shape
    readonly classes: number
    /** Mean of each channel over the training images, in pixel values, as in the NAS-Bench-201 code. */
    readonly mean: readonly number[]
    /** Standard deviation of each channel, likewise. */
    readonly std: readonly number[]
  }
}

/** A format that is read from files. */
export type FileFormat = Exclude<DataConfig['format'], 'embedded'>

/** Every format that is read from the user's files. */
export const FORMATS = {
  idx: { read: readIdxFolder },
  npz: { read: readNpz },
  folder: { read: readFolder },
  cifar10: {
    read: readCifar10,
    published: {
      shape: { channels: 3, height: 32, width: 32 },
      classes: 10,
      mean: [125.3, 123.0, 113.9],
      std: [63.0, 62.1, 66.7],
    },
  },
  cifar100: {
    read: readCifar100,
    published: {
      shape: { channels: 3, height: 32, width: 32 },
      classes: 100,
      mean: [129.3, 124.1, 112.4],
      std: [68.2, 65.4, 70.4],
    },
  },
  'imagenet16-120': {
    read: readImageNet16,
    published: {
      shape: { channels: 3, height: 16, width: 16 },
      classes: 120,
      mean: [122.68, 116.66, 104.01],
      std: [63.22, 61.26, 65.09],
    },
  },
} as const satisfies Record<FileFormat, Format>

/** Images to train and to test on. You can give your own images as such a plain object. */
export interface Splits {
  readonly train: ImageData
  /** Images held out of the training images, if any. Sub-models are evaluated on them before the test images. */
  readonly validation?: ImageData
  readonly test: ImageData
  readonly classes: number
  /** Names of the classes in the order of their labels; absent if they are not known. */
  readonly classNames?: readonly string[]
  /** Name of the data set in reports. */
  readonly name: string
}

/** Name of the data set in the package. */
export const EMBEDDED_NAME = 'fashion-mnist'

const EMBEDDED = fileURLToPath(new URL('../../assets/fashion-mnist', import.meta.url))

/**
 * Loads the splits of a data set. Images keep their number of channels: grayscale images have one.
 *
 * @param options `signal`: when aborted, reading stops before the next file and throws the signal's reason.
 * @throws UserError for missing, truncated or malformed files, and for settings that do not fit the data.
 */
export async function loadSplits(
  config: DataConfig,
  { signal }: { readonly signal?: AbortSignal } = {},
): Promise<Splits> {
  signal?.throwIfAborted()
  const { splits, name } = await readSplits(config, signal)
  signal?.throwIfAborted()
  return prepareSplits(splits, name, config)
}

/** Holds out validation images, pads and downsamples images, and adds mean and deviation, as the settings say. */
export function prepareSplits(splits: LabelledSplits, name: string, config: DataConfig): Splits {
  const { train: kept, heldOut } = holdOut(splits.train, config.validationCount)
  const train = transform(kept, config)
  const test = transform(splits.test, config)
  if (!sameShape(test, train)) {
    throw expected(`test images of ${extents(train)}`, name, extents(test))
  }
  const statistics = normalisation(config, train)
  return {
    train: { ...train, ...statistics },
    ...(heldOut && { validation: { ...transform(heldOut, config), ...statistics } }),
    test: { ...test, ...statistics },
    classes: splits.classes,
    ...(splits.classNames && { classNames: splits.classNames }),
    name,
  }
}

/** Separates the last `count` training images from the others. */
function holdOut(train: LabelledImages, count: number | undefined) {
  if (count === undefined) return { train, heldOut: undefined }
  const total = train.labels.length
  if (count >= total) {
    throw expected(`fewer than the ${total} training images`, 'data.validationCount', count, 2)
  }
  const at = total - count
  const size = train.images.length / total
  const [images, labels] = [train.images, train.labels]
  return {
    train: { ...train, images: images.subarray(0, at * size), labels: labels.subarray(0, at) },
    heldOut: { ...train, images: images.subarray(at * size), labels: labels.subarray(at) },
  }
}

function extents({ channels, height, width }: Shape): string {
  return `${channels}×${height}×${width}`
}

async function readSplits(
  config: DataConfig,
  signal: AbortSignal | undefined,
): Promise<{ splits: LabelledSplits; name: string }> {
  const { trainCount: train, testCount: test, checksums, layout, size } = config
  const options = { train, test, checksums, layout, size, signal }
  if (size !== undefined && config.format !== 'folder') {
    throw expected('the format folder with data.size', 'data.format', config.format, 2)
  }
  if (config.format === 'embedded') return { splits: await readIdxFolder(EMBEDDED, options), name: EMBEDDED_NAME }
  if (config.dir === undefined) {
    throw expected('a folder', `data.dir with data.format ${config.format}`, 'none', 2)
  }
  const name = publishedOf(config) === undefined ? basename(resolve(config.dir), '.npz') : config.format
  return { splits: await FORMATS[config.format].read(config.dir, options), name }
}

/** Facts about a data set that are known without its files; undefined if its format determines none. */
export function publishedOf({ format }: DataConfig): Format['published'] {
  return format === 'embedded' ? undefined : (FORMATS[format] as Format).published
}

function transform(split: LabelledImages, config: DataConfig): LabelledImages {
  const padded = config.padTo === undefined ? split : padTo(split, config.padTo)
  return config.downsample === undefined ? padded : downsample(padded, config.downsample)
}

function normalisation(config: DataConfig, train: LabelledImages) {
  const defaults = defaultNormalisation(config, train)
  const mean = config.mean ?? defaults.mean
  const std = config.std ?? defaults.std
  for (const [key, values] of Object.entries({ mean, std })) {
    if (values.length !== train.channels || !values.every(Number.isFinite)) {
      throw expected(`${train.channels} finite number(s)`, `data.${key}`, values.join(', ') || 'none', 2)
    }
  }
  if (std.some((value) => value <= 0)) {
    throw expected('positive numbers', 'data.std', std.join(', '), 2)
  }
  return { mean, std }
}

function defaultNormalisation(config: DataConfig, train: LabelledImages) {
  // Padding and downsampling change the statistics, so the published values hold for untouched images only.
  const untouched = config.padTo === undefined && config.downsample === undefined
  const published = publishedOf(config)
  if (published === undefined || !untouched) return channelStatistics(train)
  const fraction = (value: number) => value / 255
  return { mean: published.mean.map(fraction), std: published.std.map(fraction) }
}
