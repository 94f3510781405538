/** Lists the encoded images of a split: a folder of class folders, a flat folder, a tar, or a packed file. */
import { readdir, stat } from 'node:fs/promises'
import { extname, join } from 'node:path'
import { expected } from '../../base/errors.js'
import { whyUnreadable } from '../../base/files.js'
import { type FileName, shownName } from '../file-names.js'
import { interleaved } from '../interleaved.js'
import { inParallel } from '../parallel.js'
import { fileOf, HIDDEN, listSplit, STATS } from '../readers/folder-listing.js'
import { type EncodedSplit, namedFiles } from './encoded-files.js'
import { findGroundTruth, type GroundTruthLabels } from './flat-labels.js'
import { countSuffixes, IMAGE, splitOf } from './found-images.js'
import { listTar } from './list-tar.js'
import { openPacked } from './packed.js'

/**
 * Lists a split in any form. Classes alternate, as in `listSplit`, and a packed file keeps its order.
 *
 * @param classes Names of the classes of the training split, for a split that has numbers in their place.
 * @throws UserError for a place that is none of the forms, and for a split without images.
 */
export async function listEncoded(place: string, classes?: readonly string[]): Promise<EncodedSplit> {
  const facts = await stat(place).catch(() => undefined)
  if (facts === undefined) throw expected('a folder, a tar or a packed file of images', place, 'nothing there')
  if (facts.isFile()) return extname(place) === '.pada' ? openPacked(place) : listTar(place, facts.size, classes)
  const truth = await flatTruth(place, classes)
  return truth === undefined ? listFolder(place, classes) : listFlat(place, truth)
}

/** The labels of a folder that has images and no folders; undefined for other folders, and without a file of labels. */
async function flatTruth(
  folder: string,
  classes: readonly string[] | undefined,
): Promise<GroundTruthLabels | undefined> {
  const all = await readdir(folder, { withFileTypes: true })
  const entries = all.filter(({ name }) => !HIDDEN.test(name))
  if (entries.some((entry) => entry.isDirectory()) || !entries.some(({ name }) => IMAGE.test(name))) return undefined
  return findGroundTruth(folder, classes)
}

/** True for a folder of images without classes, for which there is a file of labels. */
export async function hasFlatLabels(folder: string): Promise<boolean> {
  return (await flatTruth(folder, []).catch(() => undefined)) !== undefined
}

/** True if that file speaks of any of the images. Beside unlabelled images lies one of another split. */
export async function hasLabelsOfItsOwn(folder: string): Promise<boolean> {
  const truth = await flatTruth(folder, []).catch(() => undefined)
  return truth !== undefined && (await readdir(folder)).some((name) => IMAGE.test(name) && truth.covers(name))
}

async function listFolder(folder: string, classes: readonly string[] | undefined): Promise<EncodedSplit> {
  const train = classes && { folder: 'train', classes, images: [], passedOver: new Map() }
  const listing = await listSplit(folder, train, IMAGE)
  const { images } = listing
  const sizes = await sizesOf(images.map((image) => fileOf(listing, image)))
  const found = images.map(({ name, label }, index) => ({ name, label, size: sizes[index] }))
  return splitOf(found, listing.classes, listing.passedOver, folder, (kept) =>
    namedFiles(
      folder,
      kept.map((index) => images[index].bytes ?? Buffer.from(images[index].name)),
    ),
  )
}

async function listFlat(folder: string, truth: GroundTruthLabels): Promise<EncodedSplit> {
  const all = (await readdir(folder)).filter((name) => !HIDDEN.test(name))
  const names = all.filter((name) => IMAGE.test(name)).sort()
  const sizes = await sizesOf(names.map((name) => join(folder, name)))
  const found = interleaved(names.map((name, index) => ({ name, label: truth.labelOf(name), size: sizes[index] })))
  const passedOver = countSuffixes(all.filter((name) => !IMAGE.test(name)))
  return splitOf(found, truth.classes, passedOver, folder, (kept) =>
    namedFiles(
      folder,
      kept.map((index) => Buffer.from(found[index].name)),
    ),
  )
}

async function sizesOf(files: readonly FileName[]): Promise<Float64Array> {
  const sizes = new Float64Array(files.length)
  await inParallel(files.length, STATS, async (index) => {
    const file = files[index]
    sizes[index] = await stat(file).then(
      ({ size }) => size,
      (error: NodeJS.ErrnoException) => {
        throw expected('a readable file', shownName(file), whyUnreadable(error))
      },
    )
  })
  return sizes
}
