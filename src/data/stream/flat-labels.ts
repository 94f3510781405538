/** Finds the labels of images that lie in one folder or tar without classes, as ImageNet's validation images. */
import { readFile } from 'node:fs/promises'
import { basename, dirname, extname, join } from 'node:path'
import { expected } from '../../base/errors.js'
import { exists, whyUnreadable } from '../../base/files.js'
import { parseMatlabStructs } from '../../formats/matlab.js'
import { IMAGE } from '../readers/folder-listing.js'

/** The labels of a flat split. */
export interface GroundTruthLabels {
  readonly classes: readonly string[]
  /** Whether they speak of the image of this name. */
  covers(name: string): boolean
  /** Label of the image of this name. */
  labelOf(name: string): number
}

/** Folders of ImageNet's development kit, relative to the images. */
const KIT_FOLDERS = ['', 'data', 'ILSVRC2012_devkit_t12/data', 'devkit/data']
const KIT_LABELS = 'ILSVRC2012_validation_ground_truth.txt'
/** Classes beyond these in `meta.mat` are groups of classes. */
const KIT_CLASSES = 1000
/** The end of the name of one of ImageNet's validation images: its line in the kit's file, from 1. */
const VALIDATION_NUMBER = /(?:^|_)val_(\d+)$/

/**
 * Looks beside `place`, and in it if it is a folder:
 *
 * - `LOC_val_solution.csv`: in each line the name of an image without suffix, and its class first in the second column.
 * - The development kit: in each line a number, which `meta.mat` explains. The name of an image says which line is its own.
 * - `val.txt`, named as the split: in each line the name of an image, and its class or the class's number from 0.
 *
 * @param classes Names of the training classes, which numbers in `val.txt` count.
 * @throws UserError for a file whose contents are of another form.
 */
export async function findGroundTruth(
  place: string,
  classes: readonly string[] | undefined,
): Promise<GroundTruthLabels | undefined> {
  const folders = [dirname(place), place]
  for (const folder of folders) {
    const solution = join(folder, 'LOC_val_solution.csv')
    if (await exists(solution)) return fromPairs(solution, await linesOf(solution, 1), /^([^,]+),(\S+)/, classes)
  }
  for (const folder of folders.flatMap((folder) => KIT_FOLDERS.map((inner) => join(folder, inner)))) {
    if (await exists(join(folder, KIT_LABELS))) return fromKit(join(folder, KIT_LABELS), join(folder, 'meta.mat'))
  }
  for (const folder of folders) {
    const list = join(folder, `${basename(place, extname(place))}.txt`)
    if (await exists(list)) return fromPairs(list, await linesOf(list, 0), /^(\S+)\s+(\S+)$/, classes)
  }
  return undefined
}

async function linesOf(file: string, first: number): Promise<string[]> {
  const lines = (await readFile(file, 'utf8')).split(/\r?\n/)
  return lines.slice(first).filter((line) => line !== '')
}

function fromPairs(
  file: string,
  lines: readonly string[],
  form: RegExp,
  known: readonly string[] | undefined,
): GroundTruthLabels {
  const pairs = lines.map((line) => {
    const [, name, value] = form.exec(line) ?? []
    if (value === undefined) throw expected('lines of a name and a class', file, line)
    return [basename(name), value] as const
  })
  const numbered = pairs.every(([, value]) => /^\d+$/.test(value))
  if (numbered && known === undefined) throw expected('names of classes', file, 'numbers, without training images')
  if (numbered && known!.some((name, label) => /^\d+$/.test(name) && Number(name) !== label)) {
    // A number may be meant as the name of a class or as its place.
    throw expected(
      'a folder per class in place of a file of labels, because classes have numbers as names,',
      file,
      'numbers',
    )
  }
  const classes = numbered ? known! : [...new Set(pairs.map(([, value]) => value))].sort()
  const labels = new Map(classes.map((name, label) => [name, label]))
  const labelled = pairs.map(([name, value]) => [name, numbered ? Number(value) : labels.get(value)!] as const)
  const byName = gathered(labelled)
  const byStem = gathered(labelled.map(([name, label]) => [stem(name), label]))
  // Names in the file may lack the suffix, or have another one than the images.
  const find = (name: string) => byName.get(name) ?? byName.get(stem(name)) ?? byStem.get(stem(name))
  return {
    classes,
    covers: (name) => find(name) !== undefined,
    labelOf(name) {
      const found = find(name) ?? new Set()
      const [label, other] = found
      if (other !== undefined) {
        throw expected(`one class of ${name}`, file, [...found].map((one) => classes[one] ?? one).join(' and '))
      }
      if (label !== undefined && label < classes.length) return label
      throw expected(`a class below ${classes.length} of ${name}`, file, label ?? 'none')
    },
  }
}

/** All labels of each name. */
function gathered(labelled: readonly (readonly [string, number])[]): ReadonlyMap<string, ReadonlySet<number>> {
  const byName = new Map<string, Set<number>>()
  for (const [name, label] of labelled) byName.set(name, (byName.get(name) ?? new Set()).add(label))
  return byName
}

/** A name without the suffix of an image. Other names may have dots too. */
function stem(name: string): string {
  return name.replace(IMAGE, '')
}

async function fromKit(file: string, meta: string): Promise<GroundTruthLabels> {
  const bytes = await readFile(meta).catch((error: NodeJS.ErrnoException) => {
    throw expected('a readable file, which explains the numbers', meta, whyUnreadable(error))
  })
  const structs = parseMatlabStructs(bytes, meta)
  const ids = structs.get('ILSVRC2012_ID')
  const names = structs.get('WNID')
  if (ids === undefined || names === undefined) throw expected('fields ILSVRC2012_ID and WNID', meta, 'others')
  const nameOf = new Map(ids.map((id, i) => [Number(id), String(names[i])]))
  const numbers = (await linesOf(file, 0)).map(Number)
  const used = [...nameOf].filter(([id]) => id <= KIT_CLASSES).map(([, name]) => name)
  const classes = used.sort()
  const labels = new Map(classes.map((name, label) => [name, label]))
  return {
    classes,
    covers: (name) => VALIDATION_NUMBER.test(stem(name)),
    labelOf(name) {
      // Places among the names would move by one if an image were missing.
      const line = VALIDATION_NUMBER.exec(stem(name))?.[1]
      if (line === undefined)
        throw expected('names that end in their number, as ILSVRC2012_val_00000001.JPEG,', file, name)
      const number = numbers[Number(line) - 1]
      if (number === undefined) throw expected(`numbers of images from 1 to ${numbers.length}`, file, name)
      const label = labels.get(nameOf.get(number) ?? '')
      if (label === undefined) throw expected(`a class of ${name} in ${meta}`, file, number)
      return label
    },
  }
}
