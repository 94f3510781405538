/**
 * Loads data sets from files as the image data that the addon holds or streams. Images are in file order; in folders of
 * images the classes alternate. A count takes a stratified subset: see `stratified.ts`.
 */
import { basename, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expected } from '../base/errors.js'
import { MEAN_RANGE, STD_RANGE } from '../config/data.js'
import type { DataConfig } from '../config/schema.js'
import { describeShape, type Shape, sameShape } from '../programs/program.js'
import { checkUnits } from './check-splits.js'
import type { LabelledImages, LabelledSplits, ReadOptions } from './images.js'
import { TooManyImages } from './memory.js'
import { readCifar10, readCifar100 } from './readers/cifar.js'
import { readFolder } from './readers/folder.js'
import { readIdxFolder } from './readers/idx.js'
import { readImageNet16 } from './readers/imagenet16.js'
import { readNpz } from './readers/npz.js'
import type { AnySplits, Splits } from './splits.js'
import { separate } from './stratified.js'
import { readStreamed } from './stream/read-streamed.js'
import { needsStreaming } from './stream/split-places.js'
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

/** Name of the data set in the package. */
export const EMBEDDED_NAME = 'fashion-mnist'

const EMBEDDED = fileURLToPath(new URL('../../assets/fashion-mnist', import.meta.url))

/**
 * Loads the splits of a data set into memory. Images keep their number of channels: grayscale images have one.
 *
 * @param options `signal`: when aborted, reading stops and throws the signal's reason: before the next file, or when all
 *   are read if there are few.
 * @throws UserError for missing, truncated or malformed files, for images that do not fit in memory, and for settings
 *   that do not fit the data.
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

/**
 * Loads the splits of a data set, or lists those whose images are to be read during training: because `config.source`
 * says so, because they do not fit in memory, or because they lie in tars or packed files.
 *
 * @param options As of {@link loadSplits}.
 * @throws UserError as {@link loadSplits} does.
 */
export async function openSplits(
  config: DataConfig,
  options: { readonly signal?: AbortSignal } = {},
): Promise<AnySplits> {
  const { signal } = options
  signal?.throwIfAborted()
  checkUsed(config)
  const needed = config.format === 'folder' && config.dir !== undefined && (await needsStreaming(config.dir, config))
  const reason = streamingReason(config, needed)
  if (reason !== undefined) return readStreamed(config, reason, signal)
  try {
    return await loadSplits(config, options)
  } catch (error) {
    if (!(error instanceof TooManyImages) || config.source === 'resident' || config.size === undefined) throw error
    return readStreamed(config, 'they do not fit in half of the memory', signal)
  }
}

/** Why images are streamed without a look at their number; undefined if they may be kept in memory. */
function streamingReason({ source, format, onError }: DataConfig, needed: boolean): string | undefined {
  if (source === 'streaming') {
    if (format !== 'folder') throw expected('the format folder with data.source streaming', 'data.format', format, 2)
    return 'the settings say so'
  }
  if (onError === 'skip' && source === 'resident') {
    throw expected('stop for images that are kept in memory', 'data.onError', onError, 2)
  }
  if (onError === 'skip' && format === 'folder') return 'damaged ones are to be skipped'
  if (!needed) return undefined
  if (source !== 'resident') return 'they lie in tars, in packed files, or without folders of classes'
  throw expected('auto or streaming for tars, packed files and folders without classes', 'data.source', source, 2)
}

/** Holds out validation images, pads and downsamples images, and adds mean and deviation, as the settings say. */
export function prepareSplits(splits: LabelledSplits, name: string, config: DataConfig): Splits {
  const { train: kept, heldOut } = holdOut(splits.train, config.validationCount)
  const train = transform(kept, config)
  const test = transform(splits.test, config)
  // Held-out images take the place of the validation split in the files.
  const held = heldOut ?? splits.validation
  const validation = held && transform(held, config)
  for (const [kind, images] of Object.entries({ test, validation })) {
    if (images === undefined || sameShape(images, train)) continue
    throw expected(`${kind} images of ${describeShape(train)}`, name, describeShape(images))
  }
  const statistics = normalisation(config, train)
  return {
    train: { ...train, ...statistics },
    ...(validation && { validation: { ...validation, ...statistics } }),
    test: { ...test, ...statistics },
    classes: splits.classes,
    ...(splits.classNames && { classNames: splits.classNames }),
    name,
    origin: {
      names: { ...splits.names, ...(heldOut && { validation: 'train, held out' }) },
      notes: splits.notes ?? [],
    },
  }
}

/** Holds out a stratified subset of the training images. */
function holdOut(train: LabelledImages, count: number | undefined) {
  if (count === undefined) return { train, heldOut: undefined }
  const total = train.labels.length
  if (count >= total) {
    throw expected(`fewer than the ${total} training images`, 'data.validationCount', count, 2)
  }
  const { taken, rest } = separate(train, count)
  return { train: rest, heldOut: taken }
}

/** Settings that only some formats use. */
const USED_BY = {
  size: ['folder'],
  interpolation: ['folder'],
  onError: ['folder'],
  ahead: ['folder'],
  layout: ['npz'],
  test: ['folder', 'npz'],
  validation: ['folder', 'npz'],
} as const satisfies Partial<Record<keyof DataConfig, readonly DataConfig['format'][]>>

/** Throws a UserError for a setting that the format does not use, unless it says what holds anyway. */
function checkUsed(config: DataConfig): void {
  const holds: Partial<DataConfig> = { onError: 'stop', validation: 'none' }
  for (const [name, formats] of Object.entries(USED_BY)) {
    const key = name as keyof typeof USED_BY
    if (config[key] === undefined || config[key] === holds[key]) continue
    if (formats.some((format) => format === config.format)) continue
    throw expected(`the format ${formats.join(' or ')} with data.${key}`, 'data.format', config.format, 2)
  }
}

async function readSplits(
  config: DataConfig,
  signal: AbortSignal | undefined,
): Promise<{ splits: LabelledSplits; name: string }> {
  const { trainCount: train, testCount: test, checksums, layout, size, interpolation, validationCount } = config
  const chosen = { test: config.test, validation: config.validation, validationCount }
  const options = { train, test, checksums, layout, size, interpolation, splits: chosen, signal }
  checkUsed(config)
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
    if (values.length === train.channels) continue
    throw expected(`${train.channels} number(s)`, `data.${key}`, values.join(', ') || 'none', 2)
  }
  checkUnits('data.mean', config.mean, MEAN_RANGE)
  checkUnits('data.std', config.std, STD_RANGE)
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
