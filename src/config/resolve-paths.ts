/** Paths in settings. */
import { resolve } from 'node:path'
import { expandOnce } from '../base/user-path.js'
import { EMBEDDED } from './schema.js'
import { isGroup, type Settings } from './settings.js'

/** Expands `data.dir` and `groundTruth.file` and makes them absolute, so that the settings mean the same in any folder. */
export function resolvePaths(settings: Settings, base: string): void {
  const { data, groundTruth } = settings
  const absolute = (expanded: string) => resolve(base, expanded)
  if (isGroup(data) && typeof data.dir === 'string') data.dir = expandOnce(data.dir, 'data.dir', absolute)
  if (isGroup(groundTruth)) resolveTable(groundTruth, base)
}

/** A copy of checked settings with absolute paths, for a run folder whose settings must mean the same anywhere. */
export function withAbsolutePaths<Checked extends object>(settings: Checked): Checked {
  const copy = structuredClone(settings)
  resolvePaths(copy as Settings, process.cwd())
  return copy
}

/** Makes the file of a ground truth absolute, unless it is the table in the package. */
export function resolveTable(groundTruth: Settings, base: string): void {
  const { file } = groundTruth
  if (typeof file === 'string' && file !== EMBEDDED) {
    groundTruth.file = expandOnce(file, 'groundTruth.file', (expanded) => resolve(base, expanded))
  }
}
