/** The outcome of a run as far as it is known: `rank` and `find` each add their part and leave the other's as it was. */
import type { SearchResult } from './result.js'

/** What a result says about the ranking. */
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

/** `result` with what an earlier one of the same training has and this one does not. */
export function mergeResults(earlier: SearchResult | undefined, result: SearchResult): SearchResult {
  if (earlier === undefined || earlier.epochs !== result.epochs) return result
  const ranking = result.ranked > 0 ? {} : Object.fromEntries(RANKING.map((key) => [key, earlier[key]]))
  const { run, found = earlier.found, ...rest } = result
  return { ...rest, ...ranking, ...(found && { found }), run }
}
