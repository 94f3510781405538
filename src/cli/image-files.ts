/** Image files, prepared for a network as the test images of its run are. */
import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { expected, type UserError } from '../base/errors.js'
import { type DataConfig, EMBEDDED } from '../config/index.js'
import { decodeTo } from '../data/decode.js'
import { imageExtents } from '../data/extents.js'
import type { Extents, LabelledImages } from '../data/images.js'
import { identifyImages } from '../data/images-identity.js'
import { EMBEDDED_NAME, openSplits } from '../data/index.js'
import { IMAGE } from '../data/readers/folder-listing.js'
import { downsample, padTo } from '../data/transform.js'
import type { ImageData } from '../native/index.js'
import type { Shape } from '../programs/program.js'
import type { RetrainStartEvent } from '../retraining/events.js'
import { eventsOf } from '../runs/event-log.js'
import type { OpenedWeights } from '../runs/open-weights.js'

/** How a run prepares its images. */
export interface Preparation {
  readonly data: DataConfig
  /** Extents before padding and downsampling; an image of another size is resized and cropped to them. */
  readonly extents: Extents
  /** Shape of an image as the network sees it. */
  readonly input: Shape
  readonly classes: number
  /** Names of the classes at the training; absent if the run does not know them. */
  readonly classNames?: readonly string[]
  readonly mean?: readonly number[]
  readonly std?: readonly number[]
}

/**
 * The image files that `input` names: one file, or all in a folder and below it, by name. Undefined for a file of another
 * suffix.
 *
 * @throws UserError for a folder without images, and for a place where nothing is.
 */
export async function imageFilesIn(input: string): Promise<string[] | undefined> {
  const facts = await stat(input).catch(() => undefined)
  if (facts === undefined && !/\.npy$/i.test(input)) {
    throw expected('an image, a folder of images or an .npy file', input, 'nothing there')
  }
  if (!facts?.isDirectory()) return IMAGE.test(input) ? [input] : undefined
  const names = (await readdir(input, { recursive: true })).filter(
    (name) => IMAGE.test(name) && !/(^|[/\\])\./.test(name),
  )
  if (names.length === 0)
    throw expected('images of JPEG, PNG, WebP, TIFF, BMP, PGM or PPM', input, 'a folder without any')
  return names.sort().map((name) => join(input, name))
}

/**
 * How the run prepares images whose weights were opened. A search reads its training images, whose mean it needs. Needs
 * the addon.
 *
 * @throws UserError if they are no longer the images that it was trained on, if they came from a script, and if they had
 *   neither one channel nor three.
 */
export async function preparationOf({ source, retraining, run, identity }: OpenedWeights): Promise<Preparation> {
  if (retraining !== undefined) {
    const { folder, config } = retraining
    const [start] = await eventsOf<RetrainStartEvent>(folder, 'start')
    if (start !== undefined) {
      // Logs of earlier versions tell it of the embedded data only.
      const isOwn = start.ownImages || (config.data.format === EMBEDDED && start.dataset !== EMBEDDED_NAME)
      if (isOwn) throw notPrepared(source, 'whose images came from a script')
      checkChannels(source, start.input)
      const extents = await extentsBefore(config.data, start.input)
      return { data: config.data, extents, ...start, ...start.normalisation }
    }
  }
  const data = retraining?.config.data ?? (await run?.())?.data
  if (data === undefined) {
    throw expected('a run folder with images', '--checkpoint', `${source}, which does not say how to prepare them`, 2)
  }
  const splits = await openSplits(data)
  const trained = (await identity?.())?.trainingImages
  if (trained !== undefined && trained !== identifyImages(splits).train) {
    throw expected('the images that the run was trained on', 'the data in its settings', 'others')
  }
  const { train, classes } = splits
  const { channels, height, width, mean, std } = train
  const input = { channels, height, width }
  checkChannels(source, input)
  return { data, extents: await extentsBefore(data, input), input, classes, mean, std }
}

/** An image file has grey pixels or colours. */
function checkChannels(source: string, { channels }: Shape): void {
  if (channels !== 1 && channels !== 3) throw notPrepared(source, `whose images have ${channels} channels`)
}

function notPrepared(source: string, why: string): UserError {
  return expected('a run that prepares image files', '--checkpoint', `${source}, ${why}; --input takes an .npy file`, 2)
}

/** Height and width before padding and downsampling. */
async function extentsBefore(data: DataConfig, input: Shape): Promise<Extents> {
  const { padTo, downsample = 1, size } = data
  if (padTo === undefined) return { height: input.height * downsample, width: input.width * downsample }
  if (size !== undefined) return { height: size, width: size }
  const { height, width } = (await imageExtents({ ...data, padTo: undefined, downsample: undefined })).input
  return { height, width }
}

/**
 * Decodes image files for a network: resized and cropped as in evaluation if they have another size, then padded and
 * downsampled as the settings say, grey if the network takes one channel.
 */
export async function readImageFiles(files: readonly string[], how: Preparation): Promise<ImageData> {
  const { input, mean, std } = how
  const images = new Uint8Array(files.length * input.channels * input.height * input.width)
  for (const [index, file] of files.entries()) {
    const image = await readOne(file, how)
    images.set(image, index * image.length)
  }
  return { images, labels: new Int32Array(files.length), ...input, ...(mean && { mean }), ...(std && { std }) }
}

async function readOne(file: string, { data, extents, input }: Preparation): Promise<Uint8Array> {
  const planes = new Uint8Array(3 * extents.height * extents.width)
  const size = extents.height === extents.width ? extents.height : undefined
  await decodeTo(planes, file, extents, { size, interpolation: data.interpolation })
  const { channels } = input
  const one: LabelledImages = {
    images: channels === 1 ? grey(planes) : planes,
    labels: Int32Array.of(0),
    channels,
    ...extents,
  }
  const padded = data.padTo === undefined ? one : padTo(one, data.padTo)
  return (data.downsample === undefined ? padded : downsample(padded, data.downsample)).images
}

/** One plane of grey from three of red, green and blue, with Pillow's weights and rounding; equal planes stay as they are. */
function grey(planes: Uint8Array): Uint8Array {
  const area = planes.length / 3
  return Uint8Array.from(
    { length: area },
    (_, at) => (19595 * planes[at] + 38470 * planes[area + at] + 7471 * planes[2 * area + at] + 0x8000) >> 16,
  )
}
