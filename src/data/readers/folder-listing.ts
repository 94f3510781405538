/** Lists the images in a folder of class folders, and detects whether they have changed. */
import { createHash } from 'node:crypto'
import type { Dirent } from 'node:fs'
import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { expected } from '../../base/errors.js'
import { inParallel } from '../parallel.js'

/** Names that begin with a dot are excluded: macOS and notebooks create such files, and they are no images. */
const IMAGE = /^[^.].*\.(jpe?g|png)$/i
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
}

/**
 * Lists a split: one folder per class, with images in it. Deeper files and files with other endings are ignored.
 * Classes are numbered by name, as torchvision's `ImageFolder` numbers them. Classes alternate: first comes the first
 * image by name of each class, then the second image of each. So the first images of a split cover all classes.
 *
 * @throws UserError for a split without classes or a class without images.
 */
export async function listSplit(folder: string): Promise<Listing> {
  const classes = await classesIn(folder)
  if (classes.length === 0) throw expected('a folder per class', folder, 'none')
  const names: string[][] = []
  for (const name of classes) names.push(await imagesIn(join(folder, name)))
  return { folder, classes, images: interleave(classes, names) }
}

async function classesIn(folder: string): Promise<string[]> {
  const classes: string[] = []
  for (const entry of await entriesOf(folder)) {
    if (entry.name.startsWith('.')) continue
    // Links to folders count as folders: users create them to select a few classes of a larger data set.
    const target = entry.isSymbolicLink() ? await stat(join(folder, entry.name)).catch(() => entry) : entry
    if (target.isDirectory()) classes.push(entry.name)
  }
  return classes.sort()
}

async function imagesIn(folder: string): Promise<string[]> {
  const entries = await entriesOf(folder)
  const names = entries.filter((entry) => IMAGE.test(entry.name) && !entry.isDirectory()).map(({ name }) => name)
  if (names.length > 0) return names.sort()
  throw expected('at least one .jpg, .jpeg or .png image', folder, 'none')
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
