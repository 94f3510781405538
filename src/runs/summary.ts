/** Reads the summary of a run, and merges results of one run: `rank` and `find` each add their part and keep the other's. */
import { join } from 'node:path'
import { readText } from '../base/files.js'
import { isGroup } from '../config/settings.js'
import { changedFields } from './computed-from.js'
import { CORRELATIONS, type SearchResult } from './result.js'

/** Name of the file in the folder. */
export const SUMMARY = 'summary.json'

/** Reads the summary of a run. It is undefined if there is none, or one that is `damaged`: no JSON, or no `isResult`. */
export async function readSummary<Result extends object>(
  run: string,
  isResult: (value: object) => value is Result,
): Promise<{ readonly summary?: Result; readonly damaged: boolean }> {
  const text = await readText(join(run, SUMMARY))
  if (text === '') return { damaged: false }
  try {
    const summary: unknown = JSON.parse(text)
    const whole = isGroup(summary) && 'event' in summary && isResult(summary)
    return whole ? { summary, damaged: false } : { damaged: true }
  } catch {
    return { damaged: true }
  }
}

/** Fields of a result that the ranking fills. */
const RANKING = [
  ...CORRELATIONS,
  'precisionAtTop',
  'bestFound',
  'regret',
  'top',
  'ranked',
  'withGroundTruth',
  'rankedImages',
  'rankedBy',
] as const satisfies readonly (keyof SearchResult)[]

/**
 * `result`, completed by ranking and found sub-models of an earlier result, if both were computed from the same images
 * and weights and are compared with the same ground truth. A ranking does not depend on validation images.
 */
export function mergeResults(earlier: SearchResult | undefined, result: SearchResult): SearchResult {
  if (earlier === undefined) return result
  const { run, found = changedOrigin(earlier, result).length > 0 ? undefined : earlier.found, ...rest } = result
  const keepsRanking = result.ranked === 0 && changedOrigin(earlier, result, 'ranking').length === 0
  // What an earlier version did not know stays absent.
  const ranking = keepsRanking ? Object.fromEntries(RANKING.map((key) => [key, earlier[key]])) : {}
  const keepsFound = found !== undefined && found === earlier.found
  // Another table is compared with the same evaluations.
  const sameEvaluations =
    result.rankedImages === earlier.rankedImages &&
    changedOrigin(earlier, { ...result, groundTruth: earlier.groundTruth }, 'ranking').length === 0
  const of = keepsRanking || keepsFound || sameEvaluations ? [earlier, result] : [result]
  const damaged = [...new Set(of.flatMap(({ damaged = [] }) => damaged))]
  return { ...rest, ...ranking, ...(found && { found }), ...(damaged.length > 0 && { damaged }), run }
}

/**
 * What two results were not both computed from: `images`, `weights`, `groundTruth`; `rule` alone if an earlier version
 * made a result, which did not know.
 */
export function changedOrigin(
  earlier: SearchResult,
  result: SearchResult,
  of: 'ranking' | 'anything' = 'anything',
): string[] {
  return changedFields(originOf(earlier, of), originOf(result, of))
}

function originOf({ computedFrom, groundTruth }: SearchResult, of: 'ranking' | 'anything'): object {
  // A table that was moved is the same table.
  const truth = groundTruth && { column: groundTruth.column, digest: groundTruth.digest }
  const { validation: _, ...others } = computedFrom?.images ?? {}
  const images = of === 'ranking' ? { images: others } : {}
  return { rule: computedFrom !== undefined, ...computedFrom, ...images, groundTruth: truth }
}
