/** The settings that a run folder keeps beside its results, some of which may be of an earlier command. */
import { isDeepStrictEqual } from 'node:util'
import type { Config } from '../config/index.js'
import type { SearchResult } from './result.js'

/** The settings of the results in a folder, and those that the next results are of. */
export interface ChangingSettings {
  readonly before: Config
  readonly next: Config
}

/** Which earlier results stay. */
export interface Kept {
  readonly ranking: boolean
  readonly found: boolean
}

/** Whether running statistics, if there are any, are estimated in another way. Then no earlier result stays. */
export function recalibratesOtherwise({ before, next }: ChangingSettings): boolean {
  return !isDeepStrictEqual(before.ranking.recalibration, next.ranking.recalibration)
}

/**
 * The settings that describe all results. What stays keeps its settings. Finding evaluates as the ranking does unless its
 * settings say otherwise: they do if the ranking beside it evaluated otherwise.
 */
export function settingsOfResults({ before, next }: ChangingSettings, kept: Kept, { found }: SearchResult): Config {
  const { ranking } = kept.ranking ? before : next
  const { finding, ranking: ofFinding } = kept.found ? before : next
  const alike = ranking.batchSize === ofFinding.batchSize && ranking.imageCount === ofFinding.imageCount
  if (alike || finding === undefined) return { ...next, ranking, finding }
  const { batchSize = ofFinding.batchSize, imageCount = found?.images } = finding
  return { ...next, ranking, finding: { ...finding, batchSize, imageCount } }
}
