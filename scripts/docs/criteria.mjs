#!/usr/bin/env node
/**
 * Compares what a ranking can be sorted by, `ranking.by`, over the searches whose rankings `docs/evidence/` holds, and
 * prints the tables of `docs/results.md`.
 *
 *     node scripts/docs/criteria.mjs [--published TABLE] [--column cifar10_test]
 *
 * With a table of published accuracies it prints a second table, of the same architectures. Where scores tie, numbers
 * are expectations over all orders. Needs `npm run build`, no addon.
 */
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { costOf, createSpace, kendallTauB, parseConfig, precisionAtTopK, readTable } from 'pada-native'
import { median } from '#dist/base/statistics.js'
import { CRITERION_WORDS, scoresBy } from '#dist/evaluation/criteria.js'
import { markdownTable } from '../bench/page.mjs'
import { columnOf, expectedLargest, topByChance } from './evidence-rankings.mjs'
import { decimals, withError } from './numbers.mjs'

/** @typedef {import('pada-native').Criterion} Criterion */
/** @typedef {import('pada-native').RankingRow} RankingRow */
/** @typedef {{ tau: number, top5: number, regret: number, regretOfTen: number }} Top */
/** @typedef {{ name: string, rankings: ReadonlyMap<string, readonly RankingRow[]>, criteria: readonly Criterion[] }} Searches */

/** Sub-models that are ranked first, of which the best counts. */
const TEN = 10

/**
 * How well scores agree with the truth, and how good the first ones are. Regrets are in the unit of the truth.
 *
 * @param {ArrayLike<number>} scores
 * @param {ArrayLike<number>} ties Decides between equal scores.
 * @param {ArrayLike<number>} truth
 * @returns {Top}
 */
export function topOf(scores, ties, truth) {
  const best = Math.max(...Array.from(truth))
  return {
    tau: kendallTauB(scores, truth),
    top5: precisionAtTopK(scores, truth, 0.05),
    regret: best - expectedBest(scores, ties, truth, 1),
    regretOfTen: best - expectedBest(scores, ties, truth, Math.min(TEN, truth.length)),
  }
}

/**
 * Expectation of the best truth of the `count` ranked first, over all orders of equal ones.
 *
 * @param {ArrayLike<number>} scores
 * @param {ArrayLike<number>} ties
 * @param {ArrayLike<number>} truth
 * @param {number} count
 */
function expectedBest(scores, ties, truth, count) {
  const compare = (/** @type {number} */ i, /** @type {number} */ j) => scores[j] - scores[i] || ties[j] - ties[i]
  const order = Array.from(truth, (_, i) => i).sort(compare)
  // All that equal the last of the first `count`: some of them belong to it.
  const isOpen = (/** @type {number} */ i) => compare(i, order[count - 1]) === 0
  const from = order.findIndex(isOpen)
  const sure = Math.max(Number.NEGATIVE_INFINITY, ...order.slice(0, from).map((i) => truth[i]))
  const open = order.filter(isOpen).map((i) => Math.max(sure, truth[i]))
  return expectedLargest(Float64Array.from(open).sort(), count - from)
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main()

async function main() {
  await import('../report-errors.mjs')
  const { values: options } = parseArgs({
    options: { published: { type: 'string' }, column: { type: 'string' } },
  })
  const column = columnOf(options)
  const file = (/** @type {string} */ name) => fileURLToPath(new URL(`../../${name}`, import.meta.url))
  const [accuracies, losses, first, embedded] = await Promise.all(
    [
      ...['docs/evidence/rankings.csv', 'docs/evidence/rankings-losses.csv', 'docs/evidence/first-rankings.csv'],
      'assets/nasbench201-fashion-mnist.csv',
    ].map((name) => readTable(file(name))),
  )
  const sized = subModels(accuracies.keys)
  const searches = [
    searchesOf('SPOS, default search', sized, first, /^spos-/),
    searchesOf('PA&DA, default search', sized, first, /^pada-/),
    searchesOf('all of the experiment', sized, accuracies, /./, losses),
  ]
  const truths = [truthOf(embedded, 'accuracy', accuracies.keys)]
  if (options.published !== undefined) {
    truths.push(truthOf(await readTable(options.published), column, accuracies.keys))
  }
  const half = median(sized.map(({ multiplyAdds }) => multiplyAdds))
  for (const truth of truths) {
    console.log(`${page(sized, searches, truth)}\n\n${gains(searches[2], truth)}\n`)
    console.log(`With at most the median of multiply-adds:\n\n${page(sized, searches.slice(0, 2), truth, half)}\n`)
  }
}

/** Sub-models with their sizes, not evaluated. @param {readonly string[]} archs @returns {RankingRow[]} */
function subModels(archs) {
  // The number of channels changes no order.
  const space = createSpace(parseConfig({}).space, { channels: 3, height: 32, width: 32 }, 10)
  const cost = costOf(space)
  return archs.map((arch) => {
    const path = space.decode(arch)
    return { path, arch, accuracy: 0, loss: 0, groundTruth: null, ...cost(path) }
  })
}

/**
 * The searches of a table whose names fit.
 *
 * @param {string} name
 * @param {readonly RankingRow[]} sized
 * @param {import('pada-native').Table} table
 * @param {RegExp} pattern
 * @param {import('pada-native').Table} [losses] Without it, nothing is ranked by loss.
 * @returns {Searches}
 */
function searchesOf(name, sized, table, pattern, losses) {
  const rows = new Map(table.keys.map((arch, row) => [arch, row]))
  const valueIn = (/** @type {Float64Array | undefined} */ values, /** @type {string} */ arch) =>
    values?.[rows.get(arch) ?? -1] ?? 0
  const rankings = new Map(
    table.columns
      .filter((column) => pattern.test(column))
      .map((column) => {
        const [accuracies, lossesOf] = [table.values(column), losses?.values(column)]
        return [
          column,
          sized.map((one) => ({ ...one, accuracy: valueIn(accuracies, one.arch), loss: valueIn(lossesOf, one.arch) })),
        ]
      }),
  )
  return {
    name: `${name}, ${rankings.size}`,
    rankings,
    criteria: losses ? ['accuracy', 'loss', 'accuracyAndMultiplyAdds'] : ['accuracy', 'accuracyAndMultiplyAdds'],
  }
}

/** The truths of `archs`. @param {import('pada-native').Table} table @param {string} column @param {readonly string[]} archs */
function truthOf(table, column, archs) {
  const values = table.values(column)
  const byArch = new Map(table.keys.map((arch, row) => [arch, values[row]]))
  return Float64Array.from(archs, (arch) => byArch.get(arch) ?? Number.NaN)
}

/** @param {readonly RankingRow[]} ranking @param {Criterion} by @param {Float64Array} truth */
function topBy(ranking, by, truth) {
  const accuracies = ranking.map(({ accuracy }) => accuracy)
  return topOf(scoresBy(by, ranking), accuracies, truth)
}

/**
 * The table of the sub-models with at most `limit` multiply-adds.
 *
 * @param {readonly RankingRow[]} sized
 * @param {readonly Searches[]} searches
 * @param {Float64Array} all The truth of each sub-model.
 * @param {number} [limit]
 */
function page(sized, searches, all, limit = Number.POSITIVE_INFINITY) {
  const within = [...sized.keys()].filter((i) => sized[i].multiplyAdds <= limit)
  const truth = Float64Array.from(within, (i) => all[i])
  const rows = searches.flatMap(({ name, rankings, criteria }) =>
    criteria.map((by) => {
      const tops = [...rankings.values()].map((ranking) =>
        topBy(
          within.map((i) => ranking[i]),
          by,
          truth,
        ),
      )
      const mean = (/** @type {keyof Top} */ key, places = 2) =>
        decimals(withError(tops.map((top) => top[key])), { places })
      return [name, CRITERION_WORDS[by], mean('tau', 3), mean('top5'), mean('regret'), mean('regretOfTen')]
    }),
  )
  const plain = (/** @type {Top} */ { tau, top5, regret, regretOfTen }) => [
    tau.toFixed(3),
    ...[top5, regret, regretOfTen].map((value) => value.toFixed(2)),
  ]
  const sizes = within.map((i) => sized[i].multiplyAdds)
  const constant = sizes.map(() => 0)
  return markdownTable(
    ['searches', 'ranked by', "Kendall's tau", 'P@top 5 %', 'regret of the first', 'of the best of ten'],
    [
      ['none', 'chance', ...plain({ tau: 0, ...topByChance(truth.toSorted()) })],
      ['none', 'multiply-adds alone', ...plain(topOf(sizes, constant, truth))],
      ...rows,
    ],
  )
}

/** In how many conditions, of five seeds each, size makes the ten ranked first better. @param {Searches} searches @param {Float64Array} truth */
function gains({ rankings }, truth) {
  /** @type {Map<string, number>} */
  const byCondition = new Map()
  for (const [name, ranking] of rankings) {
    const condition = name.replace(/-seed\d+$/, '')
    const of = (/** @type {Criterion} */ by) => topBy(ranking, by, truth).regretOfTen
    const gain = of('accuracy') - of('accuracyAndMultiplyAdds')
    byCondition.set(condition, (byCondition.get(condition) ?? 0) + gain)
  }
  const gaining = [...byCondition.values()].filter((gain) => gain > 0)
  return `With size, the best of ten is better in the mean of ${gaining.length} of ${byCondition.size} conditions.`
}
