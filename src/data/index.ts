/**
 * Data sets: from files on disk to the image data that the addon holds. Everything is read in file order, folders of
 * images class by class in turn, so a count always means the first images of a split.
 */
import { basename, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { UserError } from '../base/errors.js'
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
  /** What is known without the files. */
  readonly published?: {
    readonly shape: Shape
    readonly classes: number
    /** Per channel over the training images, in units of pixel value: those that the NAS-Bench-201 code takes. */
    readonly mean: readonly number[]
    readonly std: readonly number[]
  }
}

/** A format that is read from files. */
export type FileFormat = Exclude<DataConfig['format'], 'embedded'>

/** Every format that is read from files of the user's. */
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

/** Images to train on and to test on. Those of one’s own are such a plain object too. */
export interface Splits {
  readonly train: ImageData
  /** Held out of the training images, to judge sub-models by before the test images do; absent where none are. */
  readonly validation?: ImageData
  readonly test: ImageData
  readonly classes: number
  /** What reports call the data set. */
  readonly name: string
}

const EMBEDDED = fileURLToPath(new URL('../../assets/fashion-mnist', import.meta.url))

/**
 * Loads both splits of a data set. Images keep their number of channels: grayscale stays one channel.
 *
 * @param options `signal`: when aborted, reading ends between two files and the signal's reason is thrown.
 * @throws UserError for missing, truncated or malformed files and for values that do not fit the data.
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

/** Pads, averages and normalises what was read, as the settings ask. */
export function prepareSplits(splits: LabelledSplits, name: string, config: DataConfig): Splits {
  const { train: kept, heldOut } = holdOut(splits.train, config.validationCount)
  const train = transform(kept, config)
  const test = transform(splits.test, config)
  if (!sameShape(test, train)) {
    throw new UserError(`Expected test images of ${extents(train)} for ${name} but received ${extents(test)}`)
  }
  const statistics = normalisation(config, train)
  return {
    train: { ...train, ...statistics },
    ...(heldOut && { validation: { ...transform(heldOut, config), ...statistics } }),
    test: { ...test, ...statistics },
    classes: splits.classes,
    name,
  }
}

/** The training images without the last `count`, and these. */
function holdOut(train: LabelledImages, count: number | undefined) {
  if (count === undefined) return { train, heldOut: undefined }
  const total = train.labels.length
  if (count >= total) {
    throw new UserError(
      `Expected fewer than the ${total} training images for data.validationCount but received ${count}`,
      2,
    )
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
    throw new UserError(`Expected the format folder with data.size for data.format but received ${config.format}`, 2)
  }
  if (config.format === 'embedded') return { splits: await readIdxFolder(EMBEDDED, options), name: 'fashion-mnist' }
  if (config.dir === undefined) {
    throw new UserError(`Expected a folder for data.dir with data.format ${config.format} but received none`, 2)
  }
  const name = publishedOf(config) === undefined ? basename(resolve(config.dir), '.npz') : config.format
  return { splits: await FORMATS[config.format].read(config.dir, options), name }
}

/** What is known of a data set without its files. */
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
      throw new UserError(
        `Expected ${train.channels} finite number(s) for data.${key} but received ${values.join(', ') || 'none'}`,
        2,
      )
    }
  }
  if (std.some((value) => value <= 0)) {
    throw new UserError(`Expected positive numbers for data.std but received ${std.join(', ')}`, 2)
  }
  return { mean, std }
}

function defaultNormalisation(config: DataConfig, train: LabelledImages) {
  // Padding and averaging change the spread of the pixels, so the published values hold for untouched images only.
  const untouched = config.padTo === undefined && config.downsample === undefined
  const published = publishedOf(config)
  if (published === undefined || !untouched) return channelStatistics(train)
  const fraction = (value: number) => value / 255
  return { mean: published.mean.map(fraction), std: published.std.map(fraction) }
}
