/** Finds the splits of a data set in a folder. */
import { readdir, stat } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { expected } from '../../base/errors.js'
import { classesIn } from '../readers/folder-listing.js'
import { type SplitSettings, VALIDATION_NAMES } from '../split-names.js'
import { hasFlatLabels, hasLabelsOfItsOwn } from './list-encoded.js'

/** ImageNet's tars, by the name of the split. */
const TARS: Readonly<Record<string, string>> = { 'ILSVRC2012_img_train.tar': 'train', 'ILSVRC2012_img_val.tar': 'val' }

/**
 * The splits in a folder, by name: folders, tars and packed files. If a split has several forms, the packed file comes
 * first, then the folder.
 */
export async function splitPlaces(dir: string): Promise<Map<string, string>> {
  const places = new Map<string, string>()
  const entries = await readdir(dir).catch((error: NodeJS.ErrnoException) => {
    throw expected('a readable folder', 'data.dir', error.code === 'ENOENT' ? `${dir}, which does not exist` : dir)
  })
  const take = (name: string, file: string) => {
    if (!places.has(name)) places.set(name, join(dir, file))
  }
  for (const file of entries) if (file.endsWith('.pada')) take(basename(file, '.pada'), file)
  for (const file of entries) {
    if (!file.startsWith('.') && (await stat(join(dir, file)).catch(() => undefined))?.isDirectory()) take(file, file)
  }
  for (const file of entries) if (file.endsWith('.tar')) take(TARS[file] ?? basename(file, '.tar'), file)
  return places
}

/**
 * True if a split that may be used cannot be decoded into memory by the reader of folders: it is a tar or a packed file,
 * or its labels lie beside its images.
 */
export async function needsStreaming(dir: string, settings: SplitSettings): Promise<boolean> {
  const { test, validation, validationCount } = settings
  const places = await splitPlaces(dir).catch(() => new Map<string, string>())
  const needsNone = validation === 'none' || validationCount !== undefined
  const unnamed = needsNone && (test !== undefined || (await isLabelledTest(places))) ? [] : VALIDATION_NAMES
  for (const name of new Set(['train', 'test', ...unnamed, test, validation])) {
    const place = name === undefined ? undefined : places.get(name)
    if (place === undefined) continue
    // Beside a test split without labels lies the file of labels of another split.
    const hasLabels = name === 'test' && test !== 'test' ? hasLabelsOfItsOwn : hasFlatLabels
    if (/\.(pada|tar)$/.test(place) || (await hasLabels(place))) return true
  }
  return false
}

/** True if there is a folder `test` with a class of `train`. Another one is no split to test on; a validation split is. */
async function isLabelledTest(places: ReadonlyMap<string, string>): Promise<boolean> {
  const classesOf = (name: string) => classesIn(places.get(name) ?? '').catch(() => [])
  const known = new Set(await classesOf('train'))
  return (await classesOf('test')).some((name) => known.has(name))
}
