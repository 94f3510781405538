/** Lists the images in a folder of class folders, and detects whether they have changed. */
import { createHash } from 'node:crypto'
import { readdir, readFile, realpath, stat } from 'node:fs/promises'
import { join, sep } from 'node:path'
import { expected } from '../../base/errors.js'
import { exists, whyUnreadable } from '../../base/files.js'
import { type FileName, fileName, joinNames, shownName } from '../file-names.js'
import { interleaved } from '../interleaved.js'
import { inParallel } from '../parallel.js'
import { addCounts, countsBySuffix, type PassedOver, passOver } from '../passed-over.js'
import type { SplitSettings } from '../split-names.js'

/** Suffixes of torchvision's `ImageFolder`. */
export const IMAGE = /\.(jpe?g|png|webp|tiff?|bmp|pgm|ppm)$/i
/** macOS and notebooks make such files and folders. They are no images, and are not counted. */
export const HIDDEN = /^(\.|__MACOSX$)/
/** File of Tiny ImageNet beside the folder `images`: in each line the name of an image and its class. */
const ANNOTATIONS = 'val_annotations.txt'
/** Number of `stat` calls at a time: many, because a remote file system answers each one late. */
export const STATS = 64

export interface ListedImage {
  /** Path relative to the split's folder: CLASS/FILE, or deeper. */
  readonly name: string
  /** Bytes of `name`, if they are not UTF-8. */
  readonly bytes?: Buffer
  readonly label: number
}

export interface Listing {
  readonly folder: string
  /** Names of the classes in the order of their labels. */
  readonly classes: readonly string[]
  readonly images: readonly ListedImage[]
  /** Files and folders that are no images of a class: their number by suffix. */
  readonly passedOver: PassedOver
}

/** An entry of a folder. Links are followed. */
interface Entry {
  readonly name: FileName
  readonly shown: string
  readonly isFolder: boolean
  readonly isLink: boolean
}

/** Path of an image. */
export function fileOf({ folder }: Listing, { name, bytes }: ListedImage): FileName {
  return bytes === undefined ? join(folder, name) : joinNames(folder, bytes)
}

/**
 * Lists a split: one folder per class, with images in it or in folders below. Files with other suffixes are counted
 * only. Classes are numbered by name, as torchvision's `ImageFolder` numbers them. Classes alternate: first comes the
 * first image by name of each class, then the second image of each. So the first images of a split cover all classes.
 *
 * @param train The training split. A split in the form of Tiny ImageNet's `val` has its classes; without it, the classes
 *   that its annotations name.
 * @param image Suffixes of images.
 * @throws UserError for a split without classes or a class without images.
 */
export async function listSplit(folder: string, train?: Listing, image = IMAGE): Promise<Listing> {
  // Scripts that sort these images into folders of classes leave the annotations.
  const isAnnotated = (await exists(join(folder, ANNOTATIONS))) && (await exists(join(folder, 'images')))
  if (isAnnotated) return listAnnotated(folder, train)
  const passedOver = new Map<string, number>()
  const entries = await foldersIn(folder, passedOver)
  if (entries.length === 0) {
    const counts = countsBySuffix(passedOver)
    const isFlat = [...passedOver.keys()].some((suffix) => image.test(suffix))
    const advice = isFlat ? ': move each image into a folder of the name of its class' : ''
    throw expected('a folder per class', folder, `${counts || 'none'}${advice}`)
  }
  const names: FileName[][] = []
  for (const { name } of entries) names.push(await imagesIn(folder, name, image, passedOver))
  return { folder, classes: entries.map(({ shown }) => shown), images: imagesOf(names), passedOver }
}

/** Lists the images of `folder/images` by the classes in the file of annotations. */
async function listAnnotated(folder: string, train: Listing | undefined): Promise<Listing> {
  const file = join(folder, ANNOTATIONS)
  const rows = (await readFile(file, 'utf8'))
    .split(/\r?\n/)
    .filter((line) => line !== '')
    .map((line) => line.split('\t'))
  const classes = train?.classes ?? [...new Set(rows.map(([, label = '']) => label))].filter(Boolean).sort()
  const labels = new Map(classes.map((name, label) => [name, label]))
  const names: string[][] = classes.map(() => [])
  for (const [name, label = ''] of rows) {
    const images = names[labels.get(label) ?? -1]
    if (images === undefined) {
      throw expected(`classes of ${train?.folder ?? folder}`, file, label || 'a line without a class')
    }
    if (/[\\/]/.test(name)) throw expected('names of files', file, name)
    images.push(`images/${name}`)
  }
  for (const images of names) images.sort()
  return { folder, classes, images: imagesOf(names), passedOver: new Map() }
}

/** Names of the folders in a folder, through links, by name. */
export async function classesIn(folder: string): Promise<string[]> {
  return (await foldersIn(folder)).map(({ shown }) => shown)
}

/** The folder `test`, if it has none of the classes, nothing names it, and another split is there to test on. */
export async function unlabelledTest(
  dir: string,
  beside: readonly string[],
  classes: readonly string[],
  { test, validation }: SplitSettings = {},
): Promise<string | undefined> {
  if (!beside.includes('test') || beside.length === 1 || test === 'test' || validation === 'test') return undefined
  const known = new Set(classes)
  return (await classesIn(join(dir, 'test'))).some((name) => known.has(name)) ? undefined : 'test'
}

/** Folders in a folder by name. `passedOver` counts everything else. */
async function foldersIn(folder: string, passedOver = new Map<string, number>()): Promise<Entry[]> {
  const folders: Entry[] = []
  for (const entry of await entriesOf(folder)) {
    if (entry.isFolder) folders.push(entry)
    else passOver(entry.shown, passedOver)
  }
  return folders.sort((a, b) => (a.shown < b.shown ? -1 : 1))
}

/** Images of a class in the order of `ImageFolder`: by folder, then by name. Paths are relative to the split. */
async function imagesIn(
  split: string,
  name: FileName,
  image: RegExp,
  passedOver: Map<string, number>,
): Promise<FileName[]> {
  const folders: { readonly shown: string; readonly images: Entry[]; readonly path: FileName }[] = []
  const others = new Map<string, number>()
  const walk = async (path: FileName, chain: readonly string[]) => {
    const images: Entry[] = []
    for (const entry of await entriesOf(joinNames(split, path))) {
      const inner = joinNames(path, entry.name)
      const target = entry.isLink && entry.isFolder ? await realpath(joinNames(split, inner)) : undefined
      // A link to a folder around it would never end.
      if (target !== undefined && chain.some((folder) => `${folder}${sep}`.startsWith(`${target}${sep}`))) continue
      if (entry.isFolder) await walk(inner, target === undefined ? chain : [...chain, target])
      else if (image.test(entry.shown)) images.push(entry)
      else passOver(entry.shown, others)
    }
    folders.push({ shown: shownName(path), images: images.sort((a, b) => (a.shown < b.shown ? -1 : 1)), path })
  }
  await walk(name, [await realpath(joinNames(split, name))])
  folders.sort((a, b) => (a.shown < b.shown ? -1 : 1))
  const files = folders.flatMap(({ images, path }) => images.map((image) => joinNames(path, image.name)))
  if (files.length === 0) {
    throw expected(
      `at least one image of JPEG, PNG, WebP${image === IMAGE ? ', TIFF, BMP, PGM or PPM' : ' or TIFF'}`,
      shownName(joinNames(split, name)),
      countsBySuffix(others) || 'none',
    )
  }
  addCounts(passedOver, others)
  return files
}

/** Entries whose names do not begin with a dot. A name with the suffix of an image is taken for a file's. */
async function entriesOf(folder: FileName): Promise<Entry[]> {
  const found = await readdir(folder, { withFileTypes: true, encoding: 'buffer' }).catch(
    (error: NodeJS.ErrnoException) => {
      throw expected('a readable folder', shownName(folder), whyUnreadable(error))
    },
  )
  const entries: Entry[] = []
  for (const entry of found) {
    const name = fileName(entry.name)
    const shown = shownName(name)
    if (HIDDEN.test(shown)) continue
    const isLink = entry.isSymbolicLink()
    // Links to folders count as folders: users create them to select a few classes of a larger data set.
    const target = isLink && !IMAGE.test(shown) ? await stat(joinNames(folder, name)).catch(() => entry) : entry
    entries.push({ name, shown, isLink, isFolder: target.isDirectory() })
  }
  return entries
}

/** The images of all classes, of which each has a list of files. */
function imagesOf(classes: readonly (readonly FileName[])[]): ListedImage[] {
  return interleaved(
    classes.flatMap((files, label) =>
      files.map((file) =>
        typeof file === 'string' ? { name: file, label } : { name: shownName(file), bytes: file, label },
      ),
    ),
  )
}

/**
 * Throws unless both splits have the same classes. Otherwise a label would mean different classes in the two.
 *
 * @throws UserError that names the first class that one split lacks.
 */
export function requireSameClasses(train: Listing, test: Listing): void {
  for (const [one, other] of [
    [train, test],
    [test, train],
  ]) {
    const present = new Set(other.classes)
    const missing = one.classes.find((name) => !present.has(name))
    if (missing === undefined) continue
    const isShared = one.classes.some((name) => present.has(name))
    const received = isShared ? 'none' : `only ${other.classes.slice(0, 3).join(', ')}`
    throw expected(`a class ${missing}, which ${one.folder} has,`, other.folder, received)
  }
}

/**
 * Hash of the images' names, sizes, inodes and times. No program can set the time of the last change (`ctime`), so a
 * file that was replaced or written to is known also if its size and its modification time are the same.
 *
 * @param salt More text that the hash depends on.
 * @throws UserError for an unreadable image.
 */
export async function digestOf(listing: Listing, salt: string): Promise<string> {
  const { images } = listing
  const stamps: string[] = new Array(images.length)
  await inParallel(images.length, STATS, async (index) => {
    const file = fileOf(listing, images[index])
    const { size, ino, mtimeNs, ctimeNs } = await stat(file, { bigint: true }).catch((error: NodeJS.ErrnoException) => {
      throw expected('a readable file', shownName(file), whyUnreadable(error))
    })
    stamps[index] = `${size} ${ino} ${mtimeNs} ${ctimeNs}`
  })
  const hash = createHash('sha256').update(`${salt}\n`)
  // No file name contains a zero byte, so different listings give different texts.
  for (const [index, { name }] of images.entries()) hash.update(`${name}\0${stamps[index]}\n`)
  return hash.digest('hex')
}
