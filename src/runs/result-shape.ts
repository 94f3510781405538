/**
 * Whether the content of a `summary.json` has the shape of a result, in all that is read of it. Fields that versions
 * before lacked may be absent.
 */
import { CRITERIA } from '../config/ranking.js'
import { isGroup } from '../config/settings.js'
import { CORRELATIONS, type ResultEvent } from './result.js'

const NUMBERS = ['epochs', 'seconds', ...CORRELATIONS, 'bestFound', 'regret', 'ranked'] as const

/** True for the result of a search. */
export function isSearchResult(value: object): value is ResultEvent {
  const result = value as Partial<Record<keyof ResultEvent, unknown>>
  const { dataset, top, found, rankedBy } = result
  const numbers = NUMBERS.every((name) => isOptionalNumber(result[name]))
  const isFound =
    found === undefined || (isGroup(found) && isList(found.best) && isCriterion(found.by) && found.by !== 'loss')
  const isTop = top === undefined || isList(top)
  return numbers && isCriterion(rankedBy) && isOptionalText(dataset) && isTop && isFound
}

/** True for a number, and for null and undefined, which say that there is none. */
export function isOptionalNumber(value: unknown): boolean {
  return value === undefined || value === null || typeof value === 'number'
}

/** True for what sub-models can be sorted by, or nothing. */
function isCriterion(value: unknown): boolean {
  return value === undefined || CRITERIA.some((name) => name === value)
}

export function isOptionalText(value: unknown): boolean {
  return value === undefined || typeof value === 'string'
}

/** True for a list of ranked or found sub-models. */
function isList(value: unknown): boolean {
  return Array.isArray(value) && value.every(isSubModel)
}

function isSubModel(value: unknown): boolean {
  if (!isGroup(value)) return false
  const { path, arch, accuracy, groundTruth, costs } = value
  const isPath = Array.isArray(path) && path.every(Number.isInteger)
  const hasCosts = costs === undefined || (isGroup(costs) && Object.values(costs).every(isOptionalNumber))
  return isPath && typeof arch === 'string' && typeof accuracy === 'number' && isOptionalNumber(groundTruth) && hasCosts
}
