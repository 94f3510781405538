/**
 * Finds a path within limits if random paths are not, or explains that there is none. Coordinate descent gives choice
 * after choice the option that lowers a number most, until none lowers it. If a cost is a sum over choices, such as the
 * parameters of a chain, descent finds its smallest and largest value exactly. Otherwise they are the extremes of all
 * paths that several descents met, unless the space is small enough to list.
 */
import { UserError } from '../base/errors.js'
import type { RandomStream } from '../base/random.js'
import type { Limit } from '../config/schema.js'
import { PathSampler } from '../sampling/paths.js'
import { enumeratePaths, optionsOf, spaceSize } from '../spaces/path.js'
import type { Path, SearchSpace } from '../spaces/space.js'
import type { Measures } from './measures.js'
import type { Limits } from './problem.js'

/** Number of descents from random paths. */
const STARTS = 4
/** A space of at most this many paths is listed. */
export const LISTABLE = 20_000

export interface AttainOptions {
  readonly space: SearchSpace
  readonly measures: Measures
  readonly limits: Limits
  readonly random: RandomStream
  /** The form of a path in which it is measured. */
  canonical(path: Path): Path
  readonly signal?: AbortSignal
}

/**
 * A path that meets all limits.
 *
 * @throws UserError with the range of each limited cost if no such path is found; the reason of an aborted signal.
 */
export async function attain(options: AttainOptions): Promise<Path> {
  const { space, measures, limits, random } = options
  const sampler = PathSampler.uniform(space.choices)
  for (let start = 0; start < STARTS; start++) {
    const path = await descend(sampler.draw(random), (path) => measures.violation(path), options)
    if (await measures.meets(path)) return path
  }
  // Measuring latency takes a thousand times as long as counting: too long to list a space.
  const listed = spaceSize(space) <= LISTABLE && !measures.limited.includes('latency')
  if (listed) {
    for (const path of enumeratePaths(space)) {
      options.signal?.throwIfAborted()
      const canonical = options.canonical(path)
      // Not `meets`, which stops at the first broken limit: the reported ranges need every cost.
      if ((await measures.violation(canonical)) === 0) return canonical
    }
  } else {
    for (const name of measures.limited) {
      for (const sign of [1, -1]) {
        const path = await descend(
          sampler.draw(random),
          async (path) => sign * (await measures.value(name, path)),
          options,
        )
        if (await measures.meets(path)) return path
      }
    }
  }
  throw unattainable(space, measures, limits, listed)
}

async function descend(
  start: Path,
  measure: (path: Path) => Promise<number>,
  { space, canonical, signal }: AttainOptions,
): Promise<Path> {
  let path = start
  let lowest = await measure(canonical(path))
  for (let improved = true; improved; ) {
    improved = false
    for (const [c, choice] of space.choices.entries()) {
      signal?.throwIfAborted()
      for (let option = 0; option < optionsOf(choice); option++) {
        if (option === path[c]) continue
        const other = path.with(c, option)
        const value = await measure(canonical(other))
        if (value >= lowest) continue
        lowest = value
        path = other
        improved = true
      }
    }
  }
  return canonical(path)
}

function unattainable(space: SearchSpace, measures: Measures, limits: Limits, listed: boolean): UserError {
  const received = measures.limited.map((name) => describeLimit(name, limits[name])).join(' and ')
  const ranges = measures.limited.map((name) => ({ name, ...measures.range(name) }))
  const alone = ranges.length === 1
  const found = ranges.map(({ name, min, max }) => `${alone ? '' : `${name} `}${amount(min)}…${amount(max)}`).join(', ')
  // Each limit alone may be attainable even if all together are not.
  const together = ranges.every(({ name, min, max }) => overlaps(limits[name], min, max))
  const reason = `${listed ? 'its paths' : 'paths found'} have ${found}${together ? ', but none meets them' : ''}`
  return new UserError(`Expected limits that some path of ${space.name} meets but received ${received}: ${reason}`, 2)
}

function overlaps(
  { min = Number.NEGATIVE_INFINITY, max = Number.POSITIVE_INFINITY }: Limit,
  low: number,
  high: number,
) {
  return low <= max && high >= min
}

/** A limit in words, such as `parameters ≤ 30,000`. */
export function describeLimit(name: string, { min, max }: Limit): string {
  const unit = name === 'latency' ? ' ms' : ''
  if (min === undefined) return `${name} ≤ ${amount(max!)}${unit}`
  return max === undefined ? `${name} ≥ ${amount(min)}${unit}` : `${name} in ${amount(min)}…${amount(max)}${unit}`
}

/** A cost in words: all digits of whole numbers, four of others. */
export function amount(value: number): string {
  return value.toLocaleString('en-US', Number.isInteger(value) ? {} : { maximumSignificantDigits: 4 })
}
