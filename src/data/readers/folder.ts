import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { expected } from '../../base/errors.js'
import { exists } from '../../base/files.js'
import { decoderVersion, decodeTo, extentsOf } from '../decode.js'
import { countWithin, requireFolder } from '../files.js'
import type { Extents, LabelledImages, LabelledSplits, ReadOptions } from '../images.js'
import { requireMemory } from '../memory.js'
import { inParallel } from '../parallel.js'
import { cachedExtents, readPixels, writePixels } from '../pixel-cache.js'
import { digestOf, type Listing, listSplit, requireSameClasses } from './folder-listing.js'

/** Version of the way from files to pixels. A change needs a new name, so that pixels cached before are not used. */
const RULE = 'evaluation-crop-1'

/** Number of images processed at a time. On each core, one image is decoded while the next is read. */
const CONCURRENT_IMAGES = 2 * availableParallelism()

/** The images to take, and the name under which their pixels are kept. */
interface Source {
  readonly listing: Listing
  readonly digest: string
}

/**
 * Reads JPEG and PNG images in the layout of ImageNet: `train/CLASS/IMAGE`, and the same in `val` or, if there is no
 * `val`, in `test`. {@link listSplit} orders classes and images; {@link decodeTo} decodes an image. The cache folder
 * keeps the pixels until a file, the number of images, the size or the decoder changes.
 *
 * @throws UserError for missing folders, classes that differ, damaged images, images of several sizes without
 *   `data.size`, and more images than fit in memory.
 */
export async function readFolder(dir: string, options: ReadOptions = {}): Promise<LabelledSplits> {
  await requireFolder(dir, 'image')
  // If all three exist, paths are ranked on `val`: test images are often unlabelled, and kept for the end.
  const testFolder = (await exists(join(dir, 'val'))) ? 'val' : 'test'
  for (const split of ['train', testFolder]) {
    if (await exists(join(dir, split))) continue
    const wanted = split === 'train' ? 'a folder train' : 'a folder val or test'
    throw expected(wanted, 'the image data', `a folder without it: ${dir}`)
  }
  const all = { train: await listSplit(join(dir, 'train')), test: await listSplit(join(dir, testFolder)) }
  requireSameClasses(all.train, all.test)
  const train = await take(all.train, options.train, 'data.trainCount', options.size)
  const test = await take(all.test, options.test, 'data.testCount', options.size)
  const extents = await commonExtents(train, options.size)
  const counts = { train: train.listing.images.length, test: test.listing.images.length }
  requireMemory(counts, extents, dir)
  return {
    train: await load(train, extents, options),
    test: await load(test, extents, options),
    classes: all.train.classes.length,
    classNames: all.train.classes,
  }
}

async function take(listing: Listing, wanted: number | undefined, setting: string, size?: number): Promise<Source> {
  const count = countWithin(wanted, listing.images.length, setting)
  const taken = { ...listing, images: listing.images.slice(0, count) }
  return { listing: taken, digest: await digestOf(taken, `${RULE} ${decoderVersion()} ${size}`) }
}

/** Height and width of all images: the given size, or the size of the first image. */
async function commonExtents({ listing, digest }: Source, size: number | undefined): Promise<Extents> {
  if (size !== undefined) return { height: size, width: size }
  return (await cachedExtents(digest)) ?? (await extentsOf(join(listing.folder, listing.images[0].name)))
}

async function load({ listing, digest }: Source, extents: Extents, options: ReadOptions): Promise<LabelledImages> {
  const count = listing.images.length
  const kept = await readPixels(digest, count, extents)
  const images = kept ?? (await decodeAll(listing, extents, options))
  if (kept === undefined) await writePixels(digest, images, extents)
  return { images, labels: Int32Array.from(listing.images, ({ label }) => label), channels: 3, ...extents }
}

async function decodeAll(
  { folder, images }: Listing,
  extents: Extents,
  { size, signal }: ReadOptions,
): Promise<Uint8Array> {
  const bytes = 3 * extents.height * extents.width
  const pixels = new Uint8Array(images.length * bytes)
  await inParallel(images.length, CONCURRENT_IMAGES, async (index) => {
    signal?.throwIfAborted()
    const planes = pixels.subarray(index * bytes, (index + 1) * bytes)
    return decodeTo(planes, join(folder, images[index].name), extents, size)
  })
  return pixels
}
