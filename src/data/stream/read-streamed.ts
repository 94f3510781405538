/** Loads the splits of a folder as images that are decoded during training. */

import { createHash } from 'node:crypto'
import { stat } from 'node:fs/promises'
import { basename, resolve } from 'node:path'
import { usableCores } from '../../base/cpu-quota.js'
import { expected } from '../../base/errors.js'
import { integer } from '../../base/format.js'
import type { DataConfig } from '../../config/schema.js'
import { currentBuild } from '../../setup/stamp.js'
import { countWithin } from '../files.js'
import { mostKeptCrops } from '../memory.js'
import { countsBySuffix } from '../passed-over.js'
import { unlabelledTest } from '../readers/folder-listing.js'
import { chooseSplits } from '../split-names.js'
import type { AnySplits } from '../splits.js'
import { decoderNames, jpegDecoder } from './decoders.js'
import type { EncodedSplit } from './encoded-files.js'
import { hasLabelsOfItsOwn, listEncoded } from './list-encoded.js'
import { splitPlaces } from './split-places.js'
import { pickStreamed, type StreamedImages, streamedOrder } from './streamed-images.js'

/** Version of the way from files to pixels; see `digest`. */
const RULE = 'stream-2'
/** Batches that are made ahead unless the settings say otherwise. */
const AHEAD = 2
/** Mean and deviation of ImageNet's training images, as PyTorch's models take them. */
const MEAN = [0.485, 0.456, 0.406]
const STD = [0.229, 0.224, 0.225]

/**
 * Lists the splits in `config.dir`, decides which are trained and tested on, and takes the numbers of images that the
 * settings want. No image is decoded.
 *
 * @param reason Why the images are streamed, for the notes.
 * @throws UserError for splits that cannot be listed, settings that need pixels in memory, and files without a byte,
 *   unless `config.onError` is `skip`.
 */
export async function readStreamed(config: DataConfig, reason: string, signal?: AbortSignal): Promise<AnySplits> {
  const { dir, size } = config
  if (dir === undefined) throw expected('a folder', 'data.dir with data.source streaming', 'none', 2)
  if (size === undefined) throw expected('the side of images in pixels', 'data.size with streamed images', 'none', 2)
  for (const key of ['padTo', 'downsample'] as const) {
    if (config[key] !== undefined) throw expected('none with streamed images', `data.${key}`, config[key], 2)
  }
  const places = await splitPlaces(dir)
  const train = places.get('train')
  if (train === undefined) throw expected('a folder train, train.tar or train.pada', 'the image data', dir)
  const notes: string[] = []
  const list = async (name: string, place: string, classes?: readonly string[]) => {
    signal?.throwIfAborted()
    const split = await listEncoded(place, classes)
    notes.push(...checked(split, name, config))
    return split
  }
  const all = await list('train', train)
  const beside = [...places.keys()].filter((name) => name !== 'train')
  const unlabelled = (await isUnlabelled(places.get('test')))
    ? await unlabelledTest(dir, beside, all.classes, config)
    : undefined
  const labelled = beside.filter((name) => name !== unlabelled)
  const { test: testName, validation: validationName, notes: chosen } = chooseSplits(labelled, config, dir)
  notes.unshift(...chosen, ...(unlabelled ? [`${unlabelled} is not used, because it has no class of train`] : []))
  const listOther = async (name: string) => {
    const split = await list(name, places.get(name)!, all.classes)
    requireClasses(all, split)
    return split
  }
  const test = await listOther(testName)
  const validation = validationName === undefined ? undefined : await listOther(validationName)
  notes.unshift(
    `images are decoded during training (data.source streaming), because ${reason}`,
    ...(hasAddon() ? [`JPEGs are decoded by ${jpegDecoder()}`] : []),
  )

  const shared = await sharedSettings(config, size)
  const trained = take(streamed(all, shared), config.trainCount, 'data.trainCount')
  const { kept, held } = holdOut(trained, config.validationCount)
  const heldOut = held ?? (validation && streamed(validation, shared))
  const tested = take(streamed(test, shared), config.testCount, 'data.testCount')
  notes.push(describeKept('test', tested), ...(heldOut ? [describeKept('validation', heldOut)] : []))
  return {
    train: kept,
    ...(heldOut && { validation: heldOut }),
    test: tested,
    classes: all.classes.length,
    classNames: all.classes,
    name: basename(resolve(dir)),
    origin: {
      names: { test: testName, ...(heldOut && { validation: held ? 'train, held out' : validationName }) },
      notes,
    },
  }
}

/** True for a folder without a file of its labels, whose folders may be none of the classes. */
async function isUnlabelled(place: string | undefined): Promise<boolean> {
  if (place === undefined) return false
  const facts = await stat(place).catch(() => undefined)
  return facts?.isDirectory() === true && !(await hasLabelsOfItsOwn(place))
}

/** Whether evaluations decode images once. */
function describeKept(use: string, { labels, size }: StreamedImages): string {
  const [bytes, most] = [3 * size * size * labels.length, mostKeptCrops()]
  const megabytes = (number: number) => `${integer(Math.ceil(number / 1e6))} MB`
  return bytes <= most
    ? `${use} images stay in memory once they are decoded: ${megabytes(bytes)}`
    : `${use} images are decoded again for each evaluation: ${megabytes(bytes)} are more than a quarter of the memory`
}

/** Images can be listed before the addon is built. */
function hasAddon(): boolean {
  const build = currentBuild()
  return build !== undefined && build.stale === undefined
}

/** What was passed over. Throws for files without a byte, unless they are to be skipped. */
function checked({ empty, place, passedOver }: EncodedSplit, name: string, { onError }: DataConfig): string[] {
  const notes: string[] = []
  if (empty.length > 0 && onError !== 'skip') {
    throw expected('images, or data.onError skip,', place, `${empty.length} files without a byte, such as ${empty[0]}`)
  }
  if (empty.length > 0) notes.push(`${name}: skipped ${empty.length} files without a byte, such as ${empty[0]}`)
  const others = countsBySuffix(passedOver)
  if (others !== '') notes.push(`${name}: passed over ${others}`)
  return notes
}

function requireClasses(train: EncodedSplit, other: EncodedSplit): void {
  if (JSON.stringify(train.classes) === JSON.stringify(other.classes)) return
  const known = new Set(other.classes)
  const missing = train.classes.find((name) => !known.has(name))
  if (missing !== undefined) throw expected(`a class ${missing}, which ${train.place} has,`, other.place, 'none')
  const extra = other.classes.find((name) => !train.classes.includes(name))
  throw expected(`the classes of ${train.place} in their order`, other.place, extra ?? 'another order')
}

type SharedSettings = Omit<StreamedImages, 'files' | 'labels' | 'keys'>

async function sharedSettings(config: DataConfig, size: number): Promise<SharedSettings> {
  const { interpolation = 'bilinear', mean = MEAN, std = STD } = config
  for (const [key, values] of Object.entries({ mean, std })) {
    if (values.length !== 3) throw expected('3 numbers', `data.${key}`, values.join(', '), 2)
  }
  return {
    size,
    channels: 3,
    height: size,
    width: size,
    interpolation,
    mean,
    std,
    replaceDamaged: config.onError === 'skip',
    ahead: config.ahead ?? AHEAD,
    mostKept: 0,
    threads: usableCores(),
    ...(await decoderNames()),
    // Versions of a decoder give the same pixels, so they are no reason to refuse a run.
    digest: JSON.stringify([RULE, size, interpolation, mean, std]),
  }
}

function streamed({ files, labels, keys, digest }: EncodedSplit, shared: SharedSettings): StreamedImages {
  return { ...shared, files, labels, keys, digest: `${digest} ${shared.digest}` }
}

function take(images: StreamedImages, count: number | undefined, setting: string): StreamedImages {
  const taken = countWithin(count, images.labels.length, setting)
  return count === undefined ? images : picked(images, streamedOrder(images).slice(0, taken).sort())
}

function holdOut(train: StreamedImages, count: number | undefined) {
  if (count === undefined) return { kept: train, held: undefined }
  const total = train.labels.length
  if (count >= total) throw expected(`fewer than the ${total} training images`, 'data.validationCount', count, 2)
  const order = streamedOrder(train)
  return { kept: picked(train, order.slice(count).sort()), held: picked(train, order.slice(0, count).sort()) }
}

/** A part of the images, with a digest of its own. */
function picked(images: StreamedImages, indices: Int32Array): StreamedImages {
  const digest = createHash('sha256').update(images.digest).update(Buffer.from(indices.buffer)).digest('hex')
  return { ...pickStreamed(images, indices), digest }
}
