/** What rankings say beyond the sizes of the sub-models, which need no training. */
import { costOf, createSpace, kendallTauB, parseConfig, UserError } from 'pada-native'
import { statistic } from '#dist/base/statistics.js'
import { markdownTable } from '../bench/page.mjs'
import { taus, tausWith } from './evidence-rankings.mjs'
import { COMPARISONS } from './evidence-twice.mjs'
import { decimals, withError } from './numbers.mjs'

/** @typedef {import('./evidence-rankings.mjs').Ranking} Ranking */

/**
 * Kendall's partial tau: how well a ranking agrees with the truth beyond what size explains of both. It is (a − b c) / √((1 − b²)
 * (1 − c²)), Kendall, “Partial rank correlation”, 1942.
 *
 * @param {number} tau a: the ranking with the truth.
 * @param {number} withSize b: the ranking with size.
 * @param {number} sizeWithTruth c: size with the truth.
 */
export function beyondSize(tau, withSize, sizeWithTruth) {
  return (tau - withSize * sizeWithTruth) / Math.sqrt((1 - withSize ** 2) * (1 - sizeWithTruth ** 2))
}

/**
 * The rankings of the same sub-models by their numbers of parameters; undefined if they are not of NAS-Bench-201.
 *
 * @param {ReadonlyMap<string, Ranking>} rankings
 * @returns {Map<string, Ranking> | undefined}
 */
export function bySize(rankings) {
  // The number of channels changes no order.
  const space = createSpace(parseConfig({}).space, { channels: 3, height: 32, width: 32 }, 10)
  const cost = costOf(space)
  /** @type {Map<string, number>} */
  const known = new Map()
  const sizeOf = (/** @type {string} */ arch) => {
    const size = known.get(arch) ?? cost(space.decode(arch)).parameters
    known.set(arch, size)
    return size
  }
  try {
    return new Map(
      [...rankings].map(([cell, ranking]) => [
        cell,
        { ...ranking, accuracies: Float64Array.from(ranking.archs, sizeOf) },
      ]),
    )
  } catch (error) {
    if (error instanceof UserError) return undefined
    throw error
  }
}

/**
 * The section of the page; no lines without ground truth, and if sizes are not known.
 *
 * @param {ReadonlyMap<string, Ranking>} rankings
 * @param {ReadonlyMap<string, readonly string[]>} conditions Names of the searches of each condition, by its name.
 * @param {{ file: string, column: string } | undefined} published
 * @returns {Promise<string[]>}
 */
export async function sizeSection(rankings, conditions, published) {
  const sizes = bySize(rankings)
  if (sizes === undefined || [...rankings.values()].some(({ truth }) => truth === undefined)) return []
  const withSize = new Map(
    [...rankings].map(([cell, { accuracies }]) => [cell, kendallTauB(accuracies, sizes.get(cell)?.accuracies ?? [])]),
  )
  /** By truth: tau of each ranking, and that beyond size. */
  const truths = [[taus(rankings), taus(sizes)]]
  if (published !== undefined) {
    const { file, column } = published
    truths.push([await tausWith(new Map(rankings), file, column), await tausWith(sizes, file, column)])
  }
  const measures = truths.flatMap(([of, ofSize]) => [
    (/** @type {string} */ cell) => of.get(cell) ?? Number.NaN,
    (/** @type {string} */ cell) =>
      beyondSize(of.get(cell) ?? Number.NaN, withSize.get(cell) ?? Number.NaN, ofSize.get(cell) ?? Number.NaN),
  ])
  const all = [(/** @type {string} */ cell) => withSize.get(cell) ?? Number.NaN, ...measures]
  const titles = ['with size', 'KT', 'KT beyond size', ...(published ? ['published', 'published beyond size'] : [])]
  const rows = [...conditions].map(([name, cells]) => [
    name,
    ...all.map((measure) => decimals(statistic(cells.map(measure)))),
  ])
  const compared = COMPARISONS.flatMap(([words, from, to]) => {
    const pairs = [...rankings.keys()].flatMap((cell) => {
      const [, condition, seed] = /^(.*)-seed(\d+)$/.exec(cell) ?? []
      const other = `${from}-seed${seed}`
      return condition === to && rankings.has(other) ? [[other, cell]] : []
    })
    if (pairs.length === 0) return []
    return [[words, ...all.map((of) => decimals(withError(pairs.map(([a, b]) => of(b) - of(a))), { signed: true }))]]
  })
  return [
    '',
    '## Beyond size',
    '',
    "“With size” is Kendall's tau between a ranking and the numbers of parameters that reach the output. “Beyond size” is",
    "Kendall's partial tau: how well the ranking agrees with the truth, beyond what size explains of both.",
    '',
    markdownTable(['condition', ...titles], rows),
    ...(compared.length === 0
      ? []
      : [
          '',
          'Differences, seed by seed: the mean over the seeds ± its standard error.',
          '',
          markdownTable(['compared', ...titles], compared),
        ]),
  ]
}
