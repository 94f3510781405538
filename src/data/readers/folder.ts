import { join } from 'node:path'
import { usableCores } from '../../base/cpu-quota.js'
import { expected } from '../../base/errors.js'
import { decoderVersion, decodeTo, extentsOf } from '../decode.js'
import { countWithin, requireFolder } from '../files.js'
import { ImageFacts, readFacts, writeFacts } from '../image-facts.js'
import type { Extents, LabelledImages, LabelledSplits, ReadOptions } from '../images.js'
import { requireMemory } from '../memory.js'
import { inParallel } from '../parallel.js'
import { countsBySuffix } from '../passed-over.js'
import { cachedExtents, readPixels, writePixels } from '../pixel-cache.js'
import { chooseSplits } from '../split-names.js'
import { keyOf, stratifiedOrder } from '../stratified-order.js'
import {
  classesIn,
  digestOf,
  fileOf,
  type ListedImage,
  type Listing,
  listSplit,
  requireSameClasses,
  unlabelledTest,
} from './folder-listing.js'

/** Version of the way from files to pixels. A change needs a new name, so that pixels cached before are not used. */
const RULE = 'evaluation-crop-3'

/** Number of images processed at a time. On each core, one image is decoded while the next is read. */
const CONCURRENT_IMAGES = 2 * usableCores()

/** The images to take, and the name under which their pixels are kept. */
interface Source {
  readonly listing: Listing
  readonly digest: string
}

/**
 * Reads images in the layout of ImageNet: `train/CLASS/IMAGE`, or deeper, and the same in `test`, `val` or both; see
 * {@link chooseSplits}. A `val` as Tiny ImageNet has it is read too: `images` beside `val_annotations.txt`. A folder
 * `test` without classes of `train` is unlabelled, and is not used if there is another split. {@link listSplit} orders
 * classes and images; {@link decodeTo} decodes an image. The cache folder keeps the pixels until a file, the number of
 * images, the size or the decoder changes.
 * @throws UserError for missing folders, classes that differ, damaged images, images of several sizes without
 *   `data.size`, and more images than fit in memory.
 */
export async function readFolder(dir: string, options: ReadOptions = {}): Promise<LabelledSplits> {
  await requireFolder(dir, 'image')
  const folders = await classesIn(dir)
  if (!folders.includes('train')) {
    throw expected('a folder train', 'the image data', `a folder without it: ${dir}`)
  }
  const all = await listSplit(join(dir, 'train'))
  const beside = folders.filter((name) => name !== 'train')
  const unlabelled = await unlabelledTest(dir, beside, all.classes, options.splits)
  const labelled = beside.filter((name) => name !== unlabelled)
  const { test: testName, validation: name, notes: chosen } = chooseSplits(labelled, options.splits, dir)
  const notes = [...chosen, ...(unlabelled ? [`${unlabelled} is not used, because it has no class of train`] : [])]
  const counted = (listing: Listing, split: string) => {
    const others = countsBySuffix(listing.passedOver)
    if (others !== '') notes.push(`${split}: passed over ${others} beside ${listing.images.length} images`)
    return listing
  }
  const list = async (split: string) => {
    const listing = await listSplit(join(dir, split), all)
    requireSameClasses(all, listing)
    return counted(listing, split)
  }
  const train = await take(counted(all, 'train'), options.train, 'data.trainCount', options)
  const test = await take(await list(testName), options.test, 'data.testCount', options)
  const validation = name === undefined ? undefined : await take(await list(name), undefined, '', options)
  const extents = await commonExtents(train, options.size)
  const count = (source: Source | undefined) => source?.listing.images.length ?? 0
  requireMemory({ train: count(train), validation: count(validation), test: count(test) }, extents, dir)
  const read = async (source: Source, split: string) => {
    const { facts, ...images } = await load(source, extents, options)
    notes.push(...facts.notes(split, count(source)))
    return images
  }
  return {
    train: await read(train, 'train'),
    ...(validation && name && { validation: await read(validation, name) }),
    test: await read(test, testName),
    classes: all.classes.length,
    classNames: all.classes,
    names: { validation: name, test: testName },
    notes,
  }
}

async function take(
  listing: Listing,
  wanted: number | undefined,
  setting: string,
  options: ReadOptions,
): Promise<Source> {
  const count = countWithin(wanted, listing.images.length, setting)
  const taken = wanted === undefined ? listing : { ...listing, images: stratified(listing, count) }
  const { size, interpolation = 'bilinear' } = options
  const filter = interpolation === 'bilinear' ? '' : ` ${interpolation}`
  return { listing: taken, digest: await digestOf(taken, `${RULE} ${decoderVersion()} ${size}${filter}`) }
}

/** A stratified subset by hashes of names, because no image is decoded yet; in the order of the listing. */
function stratified({ images }: Listing, count: number): ListedImage[] {
  const keys = Uint32Array.from(images, ({ name }) => keyOf(name))
  const labels = Int32Array.from(images, ({ label }) => label)
  const order = stratifiedOrder(labels, (a, b) => keys[a] - keys[b] || a - b)
  return Array.from(order.subarray(0, count).sort(), (index) => images[index])
}

/** Height and width of all images: the given size, or the size of the first image. */
async function commonExtents({ listing, digest }: Source, size: number | undefined): Promise<Extents> {
  if (size !== undefined) return { height: size, width: size }
  return (await cachedExtents(digest)) ?? (await extentsOf(fileOf(listing, listing.images[0])))
}

/** Decodes images and what they do not show, or takes both from the cache. */
async function load(
  { listing, digest }: Source,
  extents: Extents,
  options: ReadOptions,
): Promise<LabelledImages & { readonly facts: ImageFacts }> {
  const keptFacts = await readFacts(digest)
  const kept = keptFacts && (await readPixels(digest, listing.images.length, extents))
  const facts = (kept && keptFacts) ?? new ImageFacts()
  const images = kept ?? (await decodeAll(listing, extents, options, facts))
  if (kept === undefined) {
    await writeFacts(digest, facts)
    await writePixels(digest, images, extents)
  }
  return {
    facts,
    images,
    labels: Int32Array.from(listing.images, ({ label }) => label),
    channels: 3,
    ...extents,
  }
}

async function decodeAll(
  listing: Listing,
  extents: Extents,
  { size, interpolation, signal }: ReadOptions,
  facts: ImageFacts,
): Promise<Uint8Array> {
  const { images } = listing
  const bytes = 3 * extents.height * extents.width
  const pixels = new Uint8Array(images.length * bytes)
  await inParallel(images.length, CONCURRENT_IMAGES, async (index) => {
    signal?.throwIfAborted()
    const planes = pixels.subarray(index * bytes, (index + 1) * bytes)
    facts.add(await decodeTo(planes, fileOf(listing, images[index]), extents, { size, interpolation }))
  })
  return pixels
}
