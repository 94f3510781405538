#!/usr/bin/env node
/**
 * Publishes an experiment in the documentation: its tables, figures and rankings go to `docs/evidence/`, and
 * `docs/evidence.md` gets a table per study.
 *
 *     npm run docs:evidence -- EXPERIMENT [--published TABLE] [--column cifar10_test] [--earlier RESULTS] [--out docs]
 *
 * EXPERIMENT is the folder of an experiment. With TABLE, of NAS-Bench-201 in any format that `groundTruth.file` reads, each
 * ranking is compared with the published accuracies too. RESULTS is `results.csv` of an earlier run of the experiment
 * `evidence`, whose differences are put beside those of this one. Needs `npm run build`, no addon.
 */
import '../report-errors.mjs'
import { mkdir, readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { UserError } from 'pada-native'
import { writeAtomically } from '#dist/base/atomic.js'
import { median, statistic } from '#dist/base/statistics.js'
import { tauOfSizeAlone } from '#dist/experiment/measures.js'
import { markdownTable } from '../bench/page.mjs'
import {
  byLoss,
  columnOf,
  rankingsCsv,
  readRankings,
  TOP,
  taus,
  tausWith,
  topByChance,
  topOf,
} from './evidence-rankings.mjs'
import { sizeSection } from './evidence-size.mjs'
import { twiceSection } from './evidence-twice.mjs'
import { decimals, scientific, withError } from './numbers.mjs'

/** @typedef {import('#dist/experiment/results.js').ExperimentResults} Results */
/** @typedef {Results['conditions'][number]} Condition */

const AXES = /** @type {const} */ (['space', 'extent', 'method', 'noise', 'epochs'])

/** What a study compares, for those of the experiment `evidence`. */
const ABOUT = {
  extent:
    'Extent is the sharing of weights: each edge has its own for each operation, or all edges of a cell share one copy.',
  noise:
    'Gaussian noise of this standard deviation is added to the gradients of candidate operations. Weights are per cell.',
  methods: 'All methods have about 20 passes. Weights are per cell.',
  longer:
    'Weights are per cell. A difference from SPOS with 10 epochs mixes method and length: compare PA&DA with SPOS at equal length, as in [results](results.md#what-holds-of-the-papers-claims).',
  options: 'One option of PA&DA is changed at a time. Weights are per cell.',
  edges:
    'PA&DA learns one distribution for all edges, or one per edge. That needs weights per operation, so PA&DA has another tau than above.',
}

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    published: { type: 'string' },
    earlier: { type: 'string' },
    column: { type: 'string' },
    out: { type: 'string', default: fileURLToPath(new URL('../../docs', import.meta.url)) },
  },
})
const [folder] = positionals
if (folder === undefined || positionals.length > 1) {
  throw new UserError(`Expected one folder of an experiment but received ${positionals.length || 'none'}`, 2)
}
const column = columnOf(options)
const text = await readFile(join(folder, 'results.json'), 'utf8').catch(() => {
  throw new UserError(`Expected the folder of an experiment but received ${folder}, which has no results.json`)
})
/** @type {Results} */
const results = JSON.parse(text)
const rankings = await readRankings(
  folder,
  results.cells.map(({ cell }) => cell),
)
const ofLoss = byLoss(rankings)
const tausOfLoss = taus(ofLoss)
const [published, publishedByLoss] =
  options.published === undefined
    ? []
    : await Promise.all(
        [rankings, ofLoss].map((ones) => tausWith(ones, /** @type {string} */ (options.published), column)),
      )

const varies = varyingIn(results.conditions)
const beyondSize = await sizeSection(
  rankings,
  new Map(results.conditions.map((one) => [nameOf(one, varies), [...bySeed(one, ({ cell }) => cell).values()]])),
  options.published === undefined ? undefined : { file: options.published, column },
)
const earlier = options.earlier === undefined ? undefined : await readFile(options.earlier, 'utf8')
const both = earlier === undefined ? [] : twiceSection(await readFile(join(folder, 'results.csv'), 'utf8'), earlier)

const evidence = join(options.out, 'evidence')
await mkdir(evidence, { recursive: true })
const files = (await readdir(folder)).filter((name) => /[.](csv|svg)$/.test(name))
for (const name of files) await writeAtomically(join(evidence, name), [await readFile(join(folder, name))])
await writeAtomically(join(evidence, 'rankings.csv'), rankingsCsv(rankings, 'accuracies'))
await writeAtomically(join(evidence, 'rankings-losses.csv'), rankingsCsv(rankings, 'losses'))
if (earlier !== undefined) await writeAtomically(join(evidence, 'earlier-results.csv'), earlier)
await writeAtomically(join(options.out, 'evidence.md'), page())

function page() {
  const studies = [...new Set(results.conditions.map(({ study }) => study))]
  return [
    '# Evidence in numbers',
    '',
    `The experiment \`${results.name}\`, written by \`npm run docs:evidence\`. [Results](results.md) says what it shows.`,
    `Mean ± standard deviation over ${results.seeds.length} seeds. A difference is paired, seed by seed: its mean ± its standard`,
    "error, from the study's first condition. GV is the gradient variance of the last epoch; “fixed” is measured while no",
    `step changes the weights, mean over the epochs. KT is Kendall's tau with the [ground truth](ground-truth.md).`,
    ...(published
      ? ["“Published” is Kendall's tau with NAS-Bench-201's published CIFAR-10 accuracies of the same architectures."]
      : []),
    ...sizeAlone(),
    '',
    'The files: [a row per search](evidence/results.csv), [per condition](evidence/summary.csv), [per pair of',
    'conditions](evidence/differences.csv), and all rankings: [the accuracy](evidence/rankings.csv) and',
    '[the loss](evidence/rankings-losses.csv) of each sub-model in each search.',
    ...studies.flatMap(section),
    ...both,
    ...lossSection(),
    ...beyondSize,
    ...topSection(),
    '',
  ].join('\n')
}

/** What a ranking has to beat. */
function sizeAlone() {
  const tau = tauOfSizeAlone(results.conditions)
  if (tau === undefined) return []
  return [
    '',
    `The number of parameters alone, without any training, has a KT of ${tau.toFixed(3)}: a ranking has to beat it.`,
  ]
}

/** @param {string} study */
function section(study) {
  const conditions = results.conditions.filter((condition) => condition.study === study)
  const varies = varyingIn(conditions)
  const head = [
    ...['condition', 'seeds', 'GV', 'GV, fixed', 'KT', 'difference of KT'],
    ...(published ? ['published', 'difference of published'] : []),
  ]
  return [
    '',
    `## ${study[0].toUpperCase()}${study.slice(1)}`,
    '',
    ...(study in ABOUT ? [ABOUT[/** @type {keyof typeof ABOUT} */ (study)], ''] : []),
    markdownTable(
      head,
      conditions.map((condition) => row(condition, conditions[0], varies)),
    ),
    ...(files.includes(`${study}.svg`) ? ['', `![${study}](evidence/${study}.svg)`] : []),
  ]
}

/** Kendall's tau if sub-models are ranked by their loss instead of their accuracy. */
function lossSection() {
  const named = new Map(results.conditions.map((condition) => [nameOf(condition, varies), condition]))
  const rows = [...named].map(([name, condition]) => {
    const values = (/** @type {ReadonlyMap<string, number | null> | undefined} */ of) =>
      bySeed(condition, ({ cell }) => of?.get(cell) ?? null)
    const compared = (
      /** @type {Map<number, number | null>} */ one,
      /** @type {Map<number, number | null>} */ loss,
    ) => [decimals(statistic([...one.values()])), decimals(statistic([...loss.values()])), difference(one, loss)]
    return [
      name,
      ...compared(
        bySeed(condition, ({ measures }) => measures.kendallTau),
        values(tausOfLoss),
      ),
      ...(published ? compared(values(published), values(publishedByLoss)) : []),
    ]
  })
  const columns = (/** @type {string} */ tau) => [tau, `${tau}, by loss`, 'difference']
  return [
    '',
    '## Ranked by loss',
    '',
    'The same evaluations, but sub-models are ranked by their loss. A thousand images blur it less than the accuracy, because',
    'it weighs how sure each answer is. The difference is paired, seed by seed: its mean ± its standard error.',
    '',
    markdownTable(['condition', ...columns('KT'), ...(published ? columns('published') : [])], rows),
  ]
}

/** How good the top of the rankings is, if all of them have one ground truth. */
function topSection() {
  const [truth] = [...rankings.values()].map((ranking) => sorted(ranking.truth ?? []))
  const all = [...rankings.values()].every((ranking) => `${sorted(ranking.truth ?? [])}` === `${truth}`)
  if (!all || truth.length === 0) return []
  const tops = new Map([...rankings].map(([cell, ranking]) => [cell, topOf(ranking)]))
  const measures = /** @type {(keyof typeof TOP)[]} */ (Object.keys(TOP))
  const named = new Map(results.conditions.map((condition) => [nameOf(condition, varies), condition]))
  const rows = [...named].map(([name, condition]) => {
    const cells = bySeed(condition, ({ cell }) => cell)
    return [
      name,
      ...measures.map((measure) => {
        const values = [...cells.values()].map((cell) => tops.get(cell)?.[measure] ?? null)
        return decimals(statistic(values), { places: placesOf(measure) })
      }),
    ]
  })
  const chance = topByChance(truth)
  const below = [...tops.values()].filter(({ regret }) => truth[truth.length - 1] - regret < median([...truth])).length
  return [
    '',
    '## The top of the rankings',
    '',
    'P@top 5 % is the share of the 5 % ranked first that truly belong to the best 5 %. Regret is how many points an',
    'architecture is below the best of the table: the one ranked first, or the best of the ten ranked first.',
    `Ranked first and yet below the median of the table: ${below} of ${tops.size} architectures.`,
    '',
    markdownTable(
      ['condition', ...Object.values(TOP)],
      [['an order by chance', ...measures.map((measure) => chance[measure].toFixed(placesOf(measure)))], ...rows],
    ),
  ]
}

/** Digits after the point. @param {keyof typeof TOP} measure */
function placesOf(measure) {
  return measure.startsWith('regret') ? 1 : 3
}

/** The axes whose values differ between conditions. @param {readonly Condition[]} conditions */
function varyingIn(conditions) {
  return AXES.filter((axis) => new Set(conditions.map(({ labels }) => labels[axis])).size > 1)
}

/** @param {Condition} condition @param {readonly (keyof Condition['labels'])[]} varies */
function nameOf({ labels }, varies) {
  return varies.map((axis) => (axis === 'epochs' ? `${labels[axis]} epochs` : labels[axis])).join(', ')
}

/**
 * @param {Condition} condition
 * @param {Condition} first
 * @param {readonly (keyof Condition['labels'])[]} varies
 */
function row(condition, first, varies) {
  const { summary, n } = condition
  const own = (/** @type {Condition} */ one) => bySeed(one, ({ measures }) => measures.kendallTau)
  const other = (/** @type {Condition} */ one) => bySeed(one, ({ cell }) => published?.get(cell) ?? null)
  return [
    ...[
      nameOf(condition, varies),
      `${n}`,
      scientific(summary.gradientVarianceLast),
      scientific(summary.fixedGradientVariance),
    ],
    ...[decimals(statistic([...own(condition).values()])), difference(own(first), own(condition))],
    ...(published
      ? [decimals(statistic([...other(condition).values()])), difference(other(first), other(condition))]
      : []),
  ]
}

/**
 * Values of the cells of a condition by seed.
 *
 * @template T
 * @param {Condition} condition
 * @param {(cell: Results['cells'][number]) => T} value
 */
function bySeed({ study, labels }, value) {
  const cells = results.cells.filter(
    (cell) => cell.studies.includes(study) && JSON.stringify(cell.labels) === JSON.stringify(labels),
  )
  return new Map(cells.map((cell) => [cell.seed, value(cell)]))
}

/**
 * @param {Map<number, number | null>} from
 * @param {Map<number, number | null>} to
 */
function difference(from, to) {
  if ([...from].join() === [...to].join()) return ''
  const pairs = [...to].flatMap(([seed, value]) => {
    const before = from.get(seed) ?? null
    return value === null || before === null ? [] : [value - before]
  })
  return decimals(withError(pairs), { signed: true })
}

/** @param {ArrayLike<number>} values */
function sorted(values) {
  return Float64Array.from(values).sort()
}
