/** Keeps what belongs to the embedded data away from other data: its ground truth, and settings of the default file. */
import { EMBEDDED } from './schema.js'
import { isGroup, type Settings } from './settings.js'

/** Sub-models to rank in place of those in the embedded table, which has as many. */
const SAMPLE = 200

/** True if the settings name another data set than the one in the package. */
export function isOfOtherData({ data }: Settings): boolean {
  return isGroup(data) && data.format !== undefined && data.format !== EMBEDDED
}

/** The settings without `data`, if `changes` name another data set than the one in the package, which `settings` name. */
export function withoutEmbeddedData(settings: Settings, changes: Settings): Settings {
  return !isOfOtherData(settings) && isOfOtherData(changes) ? { ...settings, data: {} } : settings
}

/** Names of the settings of data that {@link withoutEmbeddedData} has left out of `written`; none if it kept them. */
export function embeddedKeys(written: Settings, settings: Settings): string[] {
  if (isOfOtherData(written) || !isOfOtherData(settings) || !isGroup(written.data)) return []
  return Object.keys(written.data).flatMap((key) => (key === 'format' ? [] : [`data.${key}`]))
}

/** True if the settings name the table in the package. */
export function namesEmbeddedTable({ groundTruth }: Settings): boolean {
  return isGroup(groundTruth) && groundTruth.file === EMBEDDED
}

/**
 * The settings of the default file without those of its data: name, `data`, `groundTruth` and `ranking.imageCount`. Its
 * `ranking.subModels`, the table's, stays only if there is another table.
 */
export function forOtherData(settings: Settings, hasTable: boolean): Settings {
  const { name: _name, data: _data, ranking, ...rest } = hasTable ? withoutTable(settings) : withoutTruth(settings)
  const { imageCount: _count, ...others } = ranking as Settings
  return { ...rest, ranking: others }
}

/** The settings of the default file without its name and the table, whose sub-models are of its space. */
export function forOtherSpace({ name: _, ...settings }: Settings): Settings {
  return withoutTruth(settings)
}

/** The settings without ground truth. If they rank the sub-models of its table, they rank a random sample instead. */
export function withoutTruth(settings: Settings): Settings {
  const { ranking, ...rest } = withoutTable(settings)
  if (!isGroup(ranking) || ranking.subModels !== 'groundTruth')
    return { ...rest, ...(ranking !== undefined && { ranking }) }
  return { ...rest, ranking: { ...ranking, subModels: SAMPLE } }
}

function withoutTable({ groundTruth: _, ...rest }: Settings): Settings {
  return rest
}
