/**
 * Data sets: from files on disk to the image data that the addon holds. Everything is read in file order, so a count
 * always means the first images of a split.
 */
import { basename, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { UserError } from '../errors.js'
import type { ImageData } from '../native.js'
import { CIFAR10_MEAN, CIFAR10_STD, readCifar10 } from './cifar.js'
import { readIdxFolder } from './idx.js'
import type { LabelledImages, LabelledSplits } from './images.js'
import { channelStatistics, downsample, padTo } from './transform.js'

export interface DataConfig {
  /** `embedded` is the part of Fashion-MNIST that comes with the package. */
  readonly format: 'embedded' | 'idx' | 'cifar10'
  /** Folder of the files; required for every format but `embedded`. */
  readonly dir?: string
  /** Use the first images only. */
  readonly trainCount?: number
  readonly testCount?: number
  /** Centre the images on a black square of this size first. */
  readonly padTo?: number
  /** Then average blocks of this size. */
  readonly downsample?: number
  /** Per channel, in units of pixel value / 255. Default: published values where they apply, else the training images'. */
  readonly mean?: readonly number[]
  readonly std?: readonly number[]
}

export interface Splits {
  readonly train: ImageData
  readonly test: ImageData
  readonly classes: number
  /** What reports call the data set. */
  readonly name: string
}

const EMBEDDED = fileURLToPath(new URL('../../assets/fashion-mnist', import.meta.url))

/**
 * Loads both splits of a data set. Images keep their number of channels: grayscale stays one channel.
 *
 * @throws UserError for missing, truncated or malformed files and for values that do not fit the data.
 */
export async function loadSplits(config: DataConfig): Promise<Splits> {
  const { splits, name } = await readSplits(config)
  return prepareSplits(splits, name, config)
}

/** Pads, averages and normalises what was read, as the settings ask. */
export function prepareSplits(splits: LabelledSplits, name: string, config: DataConfig): Splits {
  const train = transform(splits.train, config)
  const test = transform(splits.test, config)
  if (test.height !== train.height || test.width !== train.width) {
    const received = `${test.height}×${test.width}`
    throw new UserError(`Expected test images of ${train.height}×${train.width} for ${name} but received ${received}`)
  }
  const statistics = normalisation(config, train)
  return { train: { ...train, ...statistics }, test: { ...test, ...statistics }, classes: splits.classes, name }
}

async function readSplits(config: DataConfig): Promise<{ splits: LabelledSplits; name: string }> {
  const counts = { train: config.trainCount, test: config.testCount }
  if (config.format === 'embedded') return { splits: await readIdxFolder(EMBEDDED, counts), name: 'fashion-mnist' }
  if (config.dir === undefined) {
    throw new UserError(`Expected a folder for data.dir with data.format ${config.format} but received none`, 2)
  }
  if (config.format === 'cifar10') return { splits: await readCifar10(config.dir, counts), name: 'cifar10' }
  return { splits: await readIdxFolder(config.dir, counts), name: basename(resolve(config.dir)) }
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
  if (config.format === 'cifar10' && untouched) return { mean: CIFAR10_MEAN, std: CIFAR10_STD }
  return channelStatistics(train)
}
