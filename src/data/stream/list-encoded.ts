/** Lists the encoded images of a split: a folder of class folders, a flat folder, a tar, or a packed file. */
import { createHash } from 'node:crypto'
import { open, readdir, stat } from 'node:fs/promises'
import { basename, extname, join } from 'node:path'
import { expected } from '../../base/errors.js'
import { whyUnreadable } from '../../base/files.js'
import { type FileName, shownName } from '../file-names.js'
import { interleaved } from '../interleaved.js'
import { inParallel } from '../parallel.js'
import { type PassedOver, passOver } from '../passed-over.js'
import { fileOf, listSplit, STATS } from '../readers/folder-listing.js'
import { keyOf } from '../stratified-order.js'
import { type EncodedSplit, namedFiles } from './encoded-files.js'
import { findGroundTruth, type GroundTruthLabels } from './flat-labels.js'
import { openPacked } from './packed.js'
import { type TarMember, tarMembers } from './tar.js'

/** Suffixes of images that can be streamed. */
const IMAGE = /\.(jpe?g|png|webp|tiff?)$/i
/** Members of tars that folders would hide: a name on their path begins with a dot, and is not the dot alone. */
const HIDDEN = /(^|\/)\.[^/]/

/** An image before the split is made. */
interface Found {
  readonly name: string
  readonly label: number
  readonly size: number
}

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
  const entries = await readdir(folder, { withFileTypes: true })
  if (entries.some((entry) => entry.isDirectory()) || !entries.some(({ name }) => IMAGE.test(name))) return undefined
  return findGroundTruth(folder, classes)
}

/** True for a folder of images without classes, for which there is a file of labels. */
export async function hasFlatLabels(folder: string): Promise<boolean> {
  return (await flatTruth(folder, []).catch(() => undefined)) !== undefined
}

async function listFolder(folder: string, classes: readonly string[] | undefined): Promise<EncodedSplit> {
  const train = classes && { folder: 'train', classes, images: [], passedOver: new Map() }
  const listing = await listSplit(folder, train, IMAGE)
  const { images } = listing
  const sizes = await sizesOf(images.map((image) => fileOf(listing, image)))
  const found = images.map(({ name, label }, index) => ({ name, label, size: sizes[index] }))
  return split(found, listing.classes, listing.passedOver, folder, (kept) =>
    namedFiles(
      folder,
      kept.map((index) => images[index].bytes ?? Buffer.from(images[index].name)),
    ),
  )
}

async function listFlat(folder: string, truth: GroundTruthLabels): Promise<EncodedSplit> {
  const all = (await readdir(folder)).filter((name) => !name.startsWith('.'))
  const names = all.filter((name) => IMAGE.test(name)).sort()
  const sizes = await sizesOf(names.map((name) => join(folder, name)))
  const found = interleaved(names.map((name, index) => ({ name, label: truth.labelOf(name), size: sizes[index] })))
  const passedOver = countSuffixes(all.filter((name) => !IMAGE.test(name)))
  return split(found, truth.classes, passedOver, folder, (kept) =>
    namedFiles(
      folder,
      kept.map((index) => Buffer.from(found[index].name)),
    ),
  )
}

/** A tar of images by class folder, a tar of a tar per class, or a flat tar with a file of labels beside it. */
async function listTar(file: string, size: number, classes: readonly string[] | undefined): Promise<EncodedSplit> {
  const members: TarMember[] = []
  await using handle = await open(file)
  for await (const member of tarMembers(handle, file, 0, size)) {
    if (extname(member.name) === '.tar') {
      const name = basename(member.name, '.tar')
      for await (const inner of tarMembers(handle, file, member.offset, member.offset + member.size)) {
        members.push({ ...inner, name: `${name}/${basename(inner.name)}` })
      }
    } else members.push(member)
  }
  const all = members.filter(({ name, isLink }) => !isLink && IMAGE.test(name) && !HIDDEN.test(name))
  const classOf = classesOf(all.map(({ name }) => name))
  // Several folders are classes. A file of labels is then of another split, such as ImageNet's validation images.
  const folders = new Set(all.map(({ name }) => classOf(name)).filter((name) => name !== ''))
  const truth = folders.size > 1 ? undefined : await findGroundTruth(file, classes)
  // As in a folder of classes, an image beside the classes is passed over.
  const images = truth === undefined ? all.filter(({ name }) => classOf(name) !== '') : all
  if (images.length === 0 && all.length > 0) {
    throw expected('a folder or a tar per class, or a file of labels beside it,', file, 'a flat tar')
  }
  const taken = new Set(images)
  const others = members.filter((member) => !taken.has(member)).map(({ name }) => name)
  const byName = images.sort((a, b) => (a.name < b.name ? -1 : 1))
  const names = truth?.classes ?? [...new Set(byName.map(({ name }) => classOf(name)))].sort()
  const labels = new Map(names.map((name, label) => [name, label]))
  const labelOf = (name: string) => (truth === undefined ? labels.get(classOf(name))! : truth.labelOf(basename(name)))
  const found = interleaved(byName.map((member) => ({ ...member, label: labelOf(member.name) })))
  return split(found, names, countSuffixes(others), file, (kept) => ({
    kind: 'parts',
    file,
    offsets: Float64Array.from(kept, (index) => found[index].offset),
    lengths: Int32Array.from(kept, (index) => found[index].size),
  }))
}

/**
 * The classes of members of a tar by name: as in a folder of classes, the outermost folder, within the folders that all of
 * them are in. Empty for a member beside these folders.
 */
function classesOf(names: readonly string[]): (name: string) => string {
  // `tar -cf x.tar .` puts `./` before each name.
  const foldersOf = (name: string) =>
    name
      .split('/')
      .slice(0, -1)
      .filter((folder) => folder !== '' && folder !== '.')
  const nested = names.map(foldersOf).filter((folders) => folders.length > 0)
  let shared = 0
  const isShared = () => nested.every((folders) => folders[shared] === nested[0][shared])
  while (nested.some((folders) => folders.length > shared + 1) && isShared()) shared++
  return (name) => foldersOf(name)[shared] ?? ''
}

function split(
  found: readonly Found[],
  classes: readonly string[],
  passedOver: PassedOver,
  place: string,
  filesOf: (kept: readonly number[]) => EncodedSplit['files'],
): EncodedSplit {
  const kept = [...found.keys()].filter((index) => found[index].size > 0)
  const empty = found.filter(({ size }) => size === 0).map(({ name }) => `${place}/${name}`)
  if (kept.length === 0) throw expected('at least one image of JPEG, PNG, WebP or TIFF', place, 'none')
  const hash = createHash('sha256').update(`${JSON.stringify(classes)}\n`)
  for (const index of kept) hash.update(`${found[index].name}\0${found[index].size} ${found[index].label}\n`)
  return {
    place,
    files: filesOf(kept),
    labels: Int32Array.from(kept, (index) => found[index].label),
    classes,
    keys: () => Uint32Array.from(kept, (index) => keyOf(found[index].name)),
    digest: hash.digest('hex').slice(0, 32),
    empty,
    passedOver,
  }
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

function countSuffixes(names: readonly string[]): PassedOver {
  const counts = new Map<string, number>()
  for (const name of names) passOver(name, counts)
  return counts
}
