/** Lists the images in a folder of class folders, and detects whether they have changed. */
import { createHash } from 'node:crypto'
import type { Dirent } from 'node:fs'
import { readdir, stat } from 'node:fs/promises'
import { extname, join } from 'node:path'
import { expected } from '../../base/errors.js'
import { inParallel } from '../parallel.js'

/** Suffixes of torchvision's `ImageFolder`. */
const IMAGE = /\.(jpe?g|png|webp|tiff?|bmp|pgm|ppm)$/i
/** macOS and notebooks create files whose names begin with a dot. They are no images, and are not counted. */
const HIDDEN = /^\./
/** Number of `stat` calls at a time: many, because a remote file system answers each one late. */
const STATS = 64

export interface ListedImage {
  /** Path relative to the split's folder: CLASS/FILE. */
  readonly name: string
  readonly label: number
}

export interface Listing {
  readonly folder: string
  /** Names of the classes in the order of their labels. */
  readonly classes: readonly string[]
  readonly images: readonly ListedImage[]
  /** Files and folders that are no images of a class: their number by suffix. */
  readonly passedOver: ReadonlyMap<string, number>
}

/**
 * Lists a split: one folder per class, with images in it. Deeper files and files with other suffixes are counted only.
 * Classes are numbered by name, as torchvision's `ImageFolder` numbers them. Classes alternate: first comes the first
 * image by name of each class, then the second image of each. So the first images of a split cover all classes.
 *
 * @throws UserError for a split without classes or a class without images.
 */
export async function listSplit(folder: string): Promise<Listing> {
  const passedOver = new Map<string, number>()
  const classes = await classesIn(folder, passedOver)
  if (classes.length === 0) throw expected('a folder per class', folder, countsBySuffix(passedOver) || 'none')
  const names: string[][] = []
  for (const name of classes) names.push(await imagesIn(join(folder, name), passedOver))
  return { folder, classes, images: interleave(classes, names), passedOver }
}

/** Numbers of what was passed over in words, such as `20 .gif, 1 folder`; empty without any. */
export function countsBySuffix(passedOver: ReadonlyMap<string, number>): string {
  return [...passedOver].map(([suffix, count]) => `${count} ${suffix}`).join(', ')
}

function passOver(entry: { readonly name: string; isDirectory(): boolean }, passedOver: Map<string, number>): void {
  const suffix = entry.isDirectory() ? 'folder(s)' : extname(entry.name).toLowerCase() || 'without suffix'
  passedOver.set(suffix, (passedOver.get(suffix) ?? 0) + 1)
}

/** Folders in a folder, through links, by name. `passedOver` counts everything else. */
export async function classesIn(folder: string, passedOver = new Map<string, number>()): Promise<string[]> {
  const classes: string[] = []
  for (const entry of await entriesOf(folder)) {
    if (HIDDEN.test(entry.name)) continue
    // Links to folders count as folders: users create them to select a few classes of a larger data set.
    const target = entry.isSymbolicLink() ? await stat(join(folder, entry.name)).catch(() => entry) : entry
    if (target.isDirectory()) classes.push(entry.name)
    else passOver(entry, passedOver)
  }
  return classes.sort()
}

async function imagesIn(folder: string, passedOver: Map<string, number>): Promise<string[]> {
  const names: string[] = []
  const others = new Map<string, number>()
  for (const entry of await entriesOf(folder)) {
    if (HIDDEN.test(entry.name)) continue
    if (IMAGE.test(entry.name) && !entry.isDirectory()) names.push(entry.name)
    else passOver(entry, others)
  }
  if (names.length === 0) {
    throw expected(
      'at least one image of JPEG, PNG, WebP, TIFF, BMP, PGM or PPM',
      folder,
      countsBySuffix(others) || 'none',
    )
  }
  for (const [suffix, count] of others) passedOver.set(suffix, (passedOver.get(suffix) ?? 0) + count)
  return names.sort()
}

function entriesOf(folder: string): Promise<Dirent[]> {
  return readdir(folder, { withFileTypes: true }).catch((error: NodeJS.ErrnoException) => {
    throw expected('a readable folder', folder, error.code ?? error.message)
  })
}

function interleave(classes: readonly string[], names: readonly (readonly string[])[]): ListedImage[] {
  const images: ListedImage[] = []
  const most = names.reduce((longest, { length }) => Math.max(longest, length), 0)
  for (let rank = 0; rank < most; rank++) {
    for (const [label, name] of classes.entries()) {
      const file = names[label][rank]
      if (file !== undefined) images.push({ name: `${name}/${file}`, label })
    }
  }
  return images
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
    throw expected(`a class ${missing}, which ${one.folder} has,`, other.folder, 'none')
  }
}

/**
 * Hash of the images' names, sizes, inodes and times. No program can set the time of the last change (`ctime`), so a
 * file that was replaced or written to is known also if its size and its modification time are the same.
 *
 * @param salt More text that the hash depends on.
 * @throws UserError for an unreadable image.
 */
export async function digestOf({ folder, images }: Listing, salt: string): Promise<string> {
  const stamps: string[] = new Array(images.length)
  await inParallel(images.length, STATS, async (index) => {
    const file = join(folder, images[index].name)
    const { size, ino, mtimeNs, ctimeNs } = await stat(file, { bigint: true }).catch((error: NodeJS.ErrnoException) => {
      throw expected('a readable file', file, error.code ?? error.message)
    })
    stamps[index] = `${size} ${ino} ${mtimeNs} ${ctimeNs}`
  })
  const hash = createHash('sha256').update(`${salt}\n`)
  // No file name contains a zero byte, so different listings give different texts.
  for (const [index, { name }] of images.entries()) hash.update(`${name}\0${stamps[index]}\n`)
  return hash.digest('hex')
}
