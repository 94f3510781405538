/** Merges results of one run: `rank` and `find` each add their part and keep the other's. */
import { isDeepStrictEqual } from 'node:util'
import type { SearchResult } from './result.js'

/** Fields of a result that the ranking fills. */
const RANKING = [
  'kendallTau',
  'spearman',
  'precisionAtTop',
  'bestFound',
  'regret',
  'top',
  'ranked',
  'withGroundTruth',
] as const satisfies readonly (keyof SearchResult)[]

/**
 * `result`, completed by ranking and found sub-models of an earlier result of the same training, if both are compared
 * with the same ground truth.
 */
export function mergeResults(earlier: SearchResult | undefined, result: SearchResult): SearchResult {
  if (earlier === undefined || earlier.epochs !== result.epochs) return result
  if (!isDeepStrictEqual(earlier.groundTruth, result.groundTruth)) return result
  const ranking = result.ranked > 0 ? {} : Object.fromEntries(RANKING.map((key) => [key, earlier[key]]))
  const { run, found = earlier.found, ...rest } = result
  return { ...rest, ...ranking, ...(found && { found }), run }
}
