/** The rankings of an experiment's searches: kept as one table, compared with accuracies, and how good their tops are. */
import { join } from 'node:path'
import { bestFound, kendallTauB, precisionAtTopK, readTable, UserError } from 'pada-native'

/**
 * A ranking of one search: sub-models, their accuracies and losses in the supernet, and their accuracies in the ground
 * truth if it has them.
 *
 * @typedef {{
 *   archs: readonly string[],
 *   accuracies: Float64Array,
 *   losses: Float64Array,
 *   truth: Float64Array | undefined,
 * }} Ranking
 */

/**
 * The column of a table of published accuracies, by default the one of the paper.
 *
 * @param {{ published?: string, column?: string }} options
 */
export function columnOf({ published, column }) {
  if (published === undefined && column !== undefined) {
    throw new UserError('Expected --published with --column but received --column alone', 2)
  }
  return column ?? 'cifar10_test'
}

/**
 * Reads `cells/CELL/ranking.csv` of each search.
 *
 * @param {string} folder Folder of the experiment.
 * @param {readonly string[]} cells
 * @returns {Promise<Map<string, Ranking>>}
 */
export async function readRankings(folder, cells) {
  const rankings = new Map()
  for (const cell of cells) {
    const table = await readTable(join(folder, 'cells', cell, 'ranking.csv'))
    const truth = table.columns.includes('groundTruth') ? table.values('groundTruth') : undefined
    const [accuracies, losses] = ['accuracy', 'loss'].map((column) => table.values(column))
    rankings.set(cell, { archs: table.keys, accuracies, losses, truth })
  }
  return rankings
}

/**
 * The same rankings by loss: the scores are negative losses.
 *
 * @param {ReadonlyMap<string, Ranking>} rankings
 * @returns {Map<string, Ranking>}
 */
export function byLoss(rankings) {
  return new Map(
    [...rankings].map(([cell, ranking]) => [cell, { ...ranking, accuracies: ranking.losses.map((loss) => -loss) }]),
  )
}

/**
 * Kendall's tau between each ranking and the ground truth; null without one.
 *
 * @param {ReadonlyMap<string, Ranking>} rankings
 * @returns {Map<string, number | null>}
 */
export function taus(rankings) {
  return new Map(
    [...rankings].map(([cell, { accuracies, truth }]) => [cell, truth ? kendallTauB(accuracies, truth) : null]),
  )
}

/**
 * All rankings as CSV: a row for each sub-model, a column for each search, with its accuracies or else its losses. It
 * suffices to compare the searches with another ground truth later.
 *
 * @param {Map<string, Ranking>} rankings
 * @param {'accuracies' | 'losses'} score
 */
export function rankingsCsv(rankings, score) {
  const archs = [...new Set([...rankings.values()].flatMap((ranking) => ranking.archs))].sort()
  const columns = [...rankings.values()].map(({ archs, [score]: scores }) => {
    // Six digits tell all losses apart that matter, in a file of half the size.
    const byArch = new Map(archs.map((arch, i) => [arch, Number(scores[i].toPrecision(6))]))
    return (/** @type {string} */ arch) => byArch.get(arch) ?? ''
  })
  const rows = archs.map((arch) => [arch, ...columns.map((scoreOf) => scoreOf(arch))])
  return [['arch', ...rankings.keys()], ...rows].map((row) => `${row.join(',')}\n`).join('')
}

/**
 * Kendall's tau between each ranking and the accuracies of a table.
 *
 * @param {Map<string, Ranking>} rankings
 * @param {string} file
 * @param {string} column
 * @returns {Promise<Map<string, number>>}
 */
export async function tausWith(rankings, file, column) {
  const table = await readTable(file)
  const values = table.values(column)
  const byArch = new Map(table.keys.map((arch, row) => [arch, values[row]]))
  const taus = new Map()
  for (const [cell, { archs, accuracies }] of rankings) {
    const others = archs.map((arch) => byArch.get(arch) ?? Number.NaN)
    const lacking = others.filter(Number.isNaN).length
    if (lacking > 0) throw new UserError(`Expected all architectures of ${cell} in ${file} but ${lacking} lack`)
    taus.set(cell, kendallTauB(accuracies, others))
  }
  return taus
}

/** Names of what {@link topOf} measures, and what each is called in a table. */
export const TOP = /** @type {const} */ ({
  top5: 'P@top 5 %',
  top20: 'P@top 20 %',
  third: 'P@top 33 %',
  regret: 'regret of the first',
  regretOfTen: 'of the best of ten',
})

/**
 * How good the top of a ranking is. Regrets are in the ground truth's unit.
 *
 * @param {Ranking} ranking One with a ground truth.
 * @returns {Record<keyof typeof TOP, number>}
 */
export function topOf({ accuracies, truth = new Float64Array() }) {
  const first = bestFound(accuracies, truth)
  const order = [...truth.keys()].sort((a, b) => accuracies[b] - accuracies[a])
  return {
    top5: precisionAtTopK(accuracies, truth, 0.05),
    top20: precisionAtTopK(accuracies, truth, 0.2),
    third: precisionAtTopK(accuracies, truth, 1 / 3),
    regret: first.regret,
    regretOfTen: first.truth + first.regret - Math.max(...order.slice(0, 10).map((i) => truth[i])),
  }
}

/**
 * The same for an order by chance: expectations over all orders.
 *
 * @param {Float64Array} sorted The ground truth, ascending.
 * @returns {Record<keyof typeof TOP, number>}
 */
export function topByChance(sorted) {
  const n = sorted.length
  const share = (/** @type {number} */ k) => Math.max(1, Math.round(k * n)) / n
  const regretOf = (/** @type {number} */ count) => sorted[n - 1] - expectedLargest(sorted, count)
  return {
    top5: share(0.05),
    top20: share(0.2),
    third: share(1 / 3),
    regret: regretOf(1),
    regretOfTen: regretOf(Math.min(10, n)),
  }
}

/**
 * Expectation of the largest of `count` different elements drawn at random.
 *
 * @param {Float64Array} sorted Ascending.
 * @param {number} count
 */
export function expectedLargest(sorted, count) {
  // P(the largest is at most the i-th) is the product of (i − j)/(n − j) over j below `count`.
  const n = sorted.length
  const within = (/** @type {number} */ i) => {
    let product = 1
    for (let j = 0; j < count; j++) product *= Math.max(0, i - j) / (n - j)
    return product
  }
  return sorted.reduce((sum, value, i) => sum + value * (within(i + 1) - within(i)), 0)
}
