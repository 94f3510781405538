/** Which images a folder of class folders holds, in which order, and how to tell that they are still the same. */
import { createHash } from 'node:crypto'
import type { Dirent } from 'node:fs'
import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { UserError } from '../../base/errors.js'
import { inParallel } from '../parallel.js'

/** Dots hide what macOS and notebooks leave behind; such files are no images, whatever they are called. */
const IMAGE = /^[^.].*\.(jpe?g|png)$/i
/** Questions to the file system under way at a time: many, because a remote one answers each of them late. */
const STATS = 64

export interface ListedImage {
  /** Relative to the split's folder: class, then name. */
  readonly name: string
  readonly label: number
}

export interface Listing {
  readonly folder: string
  /** Names in the order of their labels. */
  readonly classes: readonly string[]
  readonly images: readonly ListedImage[]
}

/**
 * Lists a split: a folder per class, with images in it; anything deeper or with another ending is passed over. Classes
 * are numbered by name, as torchvision's `ImageFolder` numbers them. The images come in turn, the first by name of each
 * class, then the second of each, and so on, so that the first images of a split are of all its classes.
 *
 * @throws UserError for a split without classes and a class without images.
 */
export async function listSplit(folder: string): Promise<Listing> {
  const classes = await classesIn(folder)
  if (classes.length === 0) throw new UserError(`Expected a folder per class for ${folder} but received none`)
  const names: string[][] = []
  for (const name of classes) names.push(await imagesIn(join(folder, name)))
  return { folder, classes, images: interleave(classes, names) }
}

async function classesIn(folder: string): Promise<string[]> {
  const classes: string[] = []
  for (const entry of await entriesOf(folder)) {
    if (entry.name.startsWith('.')) continue
    // Links to folders are folders: one makes them to take a few classes of a larger data set.
    const target = entry.isSymbolicLink() ? await stat(join(folder, entry.name)).catch(() => entry) : entry
    if (target.isDirectory()) classes.push(entry.name)
  }
  return classes.sort()
}

async function imagesIn(folder: string): Promise<string[]> {
  const entries = await entriesOf(folder)
  const names = entries.filter((entry) => IMAGE.test(entry.name) && !entry.isDirectory()).map(({ name }) => name)
  if (names.length > 0) return names.sort()
  throw new UserError(`Expected at least one .jpg, .jpeg or .png image for ${folder} but received none`)
}

function entriesOf(folder: string): Promise<Dirent[]> {
  return readdir(folder, { withFileTypes: true }).catch((error: NodeJS.ErrnoException) => {
    throw new UserError(`Expected a readable folder for ${folder} but received ${error.code ?? error.message}`)
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
 * Throws unless both splits have the same classes: a label would mean another thing in each.
 *
 * @throws UserError that names the first class that one of them lacks.
 */
export function requireSameClasses(train: Listing, test: Listing): void {
  for (const [one, other] of [
    [train, test],
    [test, train],
  ]) {
    const present = new Set(other.classes)
    const missing = one.classes.find((name) => !present.has(name))
    if (missing === undefined) continue
    throw new UserError(`Expected a class ${missing}, which ${one.folder} has, for ${other.folder} but received none`)
  }
}

/**
 * A name for what `images` hold, of their names, sizes and times of change; the same wherever the folder lies.
 *
 * @param salt What else the name depends on.
 * @throws UserError for an image that cannot be looked at.
 */
export async function digestOf({ folder, images }: Listing, salt: string): Promise<string> {
  const stamps: string[] = new Array(images.length)
  await inParallel(images.length, STATS, async (index) => {
    const file = join(folder, images[index].name)
    const { size, mtimeMs } = await stat(file).catch((error: NodeJS.ErrnoException) => {
      throw new UserError(`Expected a readable file for ${file} but received ${error.code ?? error.message}`)
    })
    stamps[index] = `${size} ${mtimeMs}`
  })
  const hash = createHash('sha256').update(`${salt}\n`)
  // No name has a slash at its end, or a zero in it: different listings are different texts.
  for (const [index, { name }] of images.entries()) hash.update(`${name}\0${stamps[index]}\n`)
  return hash.digest('hex')
}
