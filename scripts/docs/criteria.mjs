#!/usr/bin/env node
/**
 * Compares what a ranking can be sorted by, `ranking.by`, over the searches whose rankings `docs/evidence/` holds, and
 * prints the table of `docs/results.md`.
 *
 *     node scripts/docs/criteria.mjs [--published TABLE] [--column cifar10_test]
 *
 * With a table of published accuracies it prints a second table, of the same architectures. Needs `npm run build`, no
 * addon.
 */
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { agreement, costOf, createSpace, parseConfig, readTable, sortRanking } from 'pada-native'
import { CRITERION_WORDS } from '#dist/evaluation/ranking.js'
import { markdownTable } from '../bench/page.mjs'
import { topByChance } from './evidence-rankings.mjs'
import { decimals, withError } from './numbers.mjs'

/** @typedef {import('pada-native').Criterion} Criterion */
/** @typedef {import('pada-native').GroundTruth} GroundTruth */
/** @typedef {import('pada-native').Ranked} Ranked */
/** @typedef {{ tau: number, top5: number, regret: number, regretOfTen: number }} Top */
/** @typedef {{ name: string, rankings: ReadonlyMap<string, readonly Ranked[]>, criteria: readonly Criterion[] }} Searches */

const { values: options } = parseArgs({
  options: { published: { type: 'string' }, column: { type: 'string', default: 'cifar10_test' } },
})
// The number of channels changes no order.
const space = createSpace(parseConfig({}).space, { channels: 3, height: 32, width: 32 }, 10)
const file = (/** @type {string} */ name) => fileURLToPath(new URL(`../../${name}`, import.meta.url))
const [accuracies, losses, first, embedded] = await Promise.all(
  [
    ...['docs/evidence/rankings.csv', 'docs/evidence/rankings-losses.csv', 'docs/evidence/first-rankings.csv'],
    'assets/nasbench201-fashion-mnist.csv',
  ].map((name) => readTable(file(name))),
)
const truths = [
  truthOf(embedded, 'accuracy'),
  ...(options.published === undefined ? [] : [truthOf(await readTable(options.published), options.column)]),
]
/** @type {Searches[]} */
const searches = [
  searchesOf('SPOS, default search', first, /^spos-/),
  searchesOf('PA&DA, default search', first, /^pada-/),
  searchesOf('all of the experiment', accuracies, /./, losses),
]

for (const truth of truths) console.log(`${page(truth)}\n\n${gains(truth)}\n`)

/**
 * The searches of a table whose names fit.
 *
 * @param {string} name
 * @param {import('pada-native').Table} table
 * @param {RegExp} pattern
 * @param {import('pada-native').Table} [losses] Without it, nothing is ranked by loss.
 * @returns {Searches}
 */
function searchesOf(name, table, pattern, losses) {
  const paths = table.keys.map((arch) => space.decode(arch))
  const rankings = new Map(
    table.columns
      .filter((column) => pattern.test(column))
      .map((column) => {
        const [accuracy, loss] = [table.values(column), losses?.values(column)]
        return [column, paths.map((path, i) => ({ path, accuracy: accuracy[i], loss: loss?.[i] ?? 0 }))]
      }),
  )
  return {
    name: `${name}, ${rankings.size}`,
    rankings,
    criteria: losses ? ['accuracy', 'loss', 'accuracyAndParameters'] : ['accuracy', 'accuracyAndParameters'],
  }
}

/** The truth of the architectures that the rankings have. @param {import('pada-native').Table} table @param {string} column @returns {GroundTruth} */
function truthOf(table, column) {
  const values = table.values(column)
  const byArch = new Map(table.keys.map((arch, row) => [arch, values[row]]))
  const paths = accuracies.keys.map((arch) => space.decode(arch))
  const byPath = new Map(accuracies.keys.map((arch, i) => [paths[i].join(), byArch.get(arch) ?? Number.NaN]))
  const [path] = paths.toSorted((a, b) => (byPath.get(b.join()) ?? 0) - (byPath.get(a.join()) ?? 0))
  const accuracy = (/** @type {readonly number[]} */ one) => byPath.get(one.join())
  return { size: paths.length, paths, best: { path, accuracy: accuracy(path) ?? Number.NaN }, accuracy }
}

/** @param {GroundTruth} truth */
function page(truth) {
  const sorted = Float64Array.from(truth.paths, (path) => truth.accuracy(path) ?? Number.NaN).sort()
  const rows = searches.flatMap(({ name, rankings, criteria }) =>
    criteria.map((by) => {
      const tops = [...rankings.values()].map((ranked) => topOf(ranked, truth, by))
      const mean = (/** @type {keyof Top} */ key, places = 2) =>
        decimals(withError(tops.map((top) => top[key])), { places })
      return [name, CRITERION_WORDS[by], mean('tau', 3), mean('top5'), mean('regret'), mean('regretOfTen')]
    }),
  )
  const plain = (/** @type {number} */ tau, /** @type {Omit<Top, 'tau'>} */ { top5, regret, regretOfTen }) => [
    tau.toFixed(3),
    ...[top5, regret, regretOfTen].map((value) => value.toFixed(2)),
  ]
  const size = topOfSize(truth)
  return markdownTable(
    ['searches', 'ranked by', "Kendall's tau", 'P@top 5 %', 'regret of the first', 'of the best of ten'],
    [
      ['none', 'chance', ...plain(0, topByChance(sorted))],
      ['none', 'parameters alone', ...plain(size.tau, size)],
      ...rows,
    ],
  )
}

/** In how many conditions, of five seeds each, size makes the ten ranked first better. @param {GroundTruth} truth */
function gains(truth) {
  /** @type {Map<string, number[]>} */
  const byCondition = new Map()
  for (const [name, ranked] of searches[searches.length - 1].rankings) {
    const condition = name.replace(/-seed\d+$/, '')
    const [alone, withSize] = /** @type {const} */ (['accuracy', 'accuracyAndParameters']).map(
      (by) => topOf(ranked, truth, by).regretOfTen,
    )
    byCondition.set(condition, [...(byCondition.get(condition) ?? []), alone - withSize])
  }
  const gaining = [...byCondition.values()].filter((list) => list.reduce((sum, gain) => sum + gain) > 0)
  return `With size, the best of ten is better in the mean of ${gaining.length} of ${byCondition.size} conditions.`
}

/** How well the number of parameters agrees with the truth. @param {GroundTruth} truth @returns {Top} */
function topOfSize(truth) {
  const cost = costOf(space)
  return topOf(
    truth.paths.map((path) => ({ path, accuracy: cost(path).parameters, loss: 0 })),
    truth,
    'accuracy',
  )
}

/** How well a ranking by a criterion agrees with the truth. @param {readonly Ranked[]} ranked @param {GroundTruth} truth @param {Criterion} by @returns {Top} */
function topOf(ranked, truth, by) {
  const sorted = sortRanking(space, ranked, truth, by)
  const judged = agreement(sorted, truth, by)
  const tau = {
    accuracy: judged.kendallTau,
    loss: judged.kendallTauByLoss,
    accuracyAndParameters: judged.kendallTauWithParameters,
  }[by]
  const ten = Math.max(...sorted.slice(0, 10).map(({ groundTruth }) => groundTruth ?? Number.NaN))
  return {
    tau: tau ?? Number.NaN,
    top5: judged.precisionAtTop?.['5%'] ?? Number.NaN,
    regret: judged.regret ?? Number.NaN,
    regretOfTen: truth.best.accuracy - ten,
  }
}
