#!/usr/bin/env node
/**
 * Publishes an experiment in the documentation: its tables and figures go to `docs/evidence/`, and `docs/evidence.md` gets a
 * table per study.
 *
 *     npm run docs:evidence -- EXPERIMENT [--published TABLE] [--column cifar10_test] [--out docs]
 *
 * EXPERIMENT is the folder of an experiment. With TABLE, of NAS-Bench-201 in any format that `groundTruth.file` reads, each
 * ranking is compared with the published accuracies too. Needs `npm run build`, no addon.
 */
import '../report-errors.mjs'
import { copyFile, mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { kendallTauB, readTable, UserError } from 'pada-native'
import { statistic } from '#dist/base/statistics.js'

/** @typedef {import('#dist/experiment/results.js').ExperimentResults} Results */
/** @typedef {Results['conditions'][number]} Condition */
/** @typedef {{ mean: number | null, deviation: number | null }} Statistic */

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
    column: { type: 'string', default: 'cifar10_test' },
    out: { type: 'string', default: fileURLToPath(new URL('../../docs', import.meta.url)) },
  },
})
const [folder] = positionals
if (folder === undefined || positionals.length > 1) {
  throw new UserError(`Expected one folder of an experiment but received ${positionals.length || 'none'}`, 2)
}
const text = await readFile(join(folder, 'results.json'), 'utf8').catch(() => {
  throw new UserError(`Expected the folder of an experiment but received ${folder}, which has no results.json`)
})
/** @type {Results} */
const results = JSON.parse(text)
const published = options.published === undefined ? undefined : await publishedTaus(options.published)

const evidence = join(options.out, 'evidence')
await mkdir(evidence, { recursive: true })
const files = (await readdir(folder)).filter((name) => /[.](csv|svg)$/.test(name))
for (const name of files) await copyFile(join(folder, name), join(evidence, name))
await writeFile(join(options.out, 'evidence.md'), page())

/**
 * Kendall's tau between each cell's ranking and the published accuracies.
 *
 * @param {string} file
 */
async function publishedTaus(file) {
  const table = await readTable(file)
  const accuracies = table.values(options.column)
  const byArch = new Map(table.keys.map((arch, row) => [arch, accuracies[row]]))
  /** @type {Map<string, number>} */
  const taus = new Map()
  for (const { cell } of results.cells) {
    const ranking = await readTable(join(folder, 'cells', cell, 'ranking.csv'))
    const pairs = ranking.keys.map((arch, row) => [ranking.values('accuracy')[row], byArch.get(arch) ?? Number.NaN])
    const lacking = pairs.filter(([, accuracy]) => Number.isNaN(accuracy)).length
    if (lacking > 0) throw new UserError(`Expected all architectures of ${cell} in ${file} but ${lacking} lack`)
    taus.set(
      cell,
      kendallTauB(
        pairs.map(([a]) => a),
        pairs.map(([, b]) => b),
      ),
    )
  }
  return taus
}

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
      ? ["“Published” is that with NAS-Bench-201's published CIFAR-10 accuracies of the same architectures."]
      : []),
    '',
    'The files: [a row per search](evidence/results.csv), [per condition](evidence/summary.csv), [per pair of',
    'conditions](evidence/differences.csv).',
    ...studies.flatMap(section),
    '',
  ].join('\n')
}

/** @param {string} study */
function section(study) {
  const conditions = results.conditions.filter((condition) => condition.study === study)
  const varies = /** @type {const} */ (['space', 'extent', 'method', 'noise', 'epochs']).filter(
    (axis) => new Set(conditions.map(({ labels }) => labels[axis])).size > 1,
  )
  const head = [
    ...['condition', 'seeds', 'GV', 'GV, fixed', 'KT', 'difference of KT'],
    ...(published ? ['published', 'difference of published'] : []),
  ]
  return [
    '',
    `## ${study[0].toUpperCase()}${study.slice(1)}`,
    '',
    ...(study in ABOUT ? [ABOUT[/** @type {keyof typeof ABOUT} */ (study)], ''] : []),
    `| ${head.join(' | ')} |`,
    `| ${head.map((_, i) => (i === 0 ? '---' : '---:')).join(' | ')} |`,
    ...conditions.map((condition) => `| ${row(condition, conditions[0], varies).join(' | ')} |`),
    ...(files.includes(`${study}.svg`) ? ['', `![${study}](evidence/${study}.svg)`] : []),
  ]
}

/**
 * @param {Condition} condition
 * @param {Condition} first
 * @param {readonly (keyof Condition['labels'])[]} varies
 */
function row(condition, first, varies) {
  const { summary, labels, n } = condition
  const name = varies.map((axis) => (axis === 'epochs' ? `${labels[axis]} epochs` : labels[axis])).join(', ')
  const own = (/** @type {Condition} */ one) => bySeed(one, ({ measures }) => measures.kendallTau)
  const other = (/** @type {Condition} */ one) => bySeed(one, ({ cell }) => published?.get(cell) ?? null)
  return [
    ...[name, n, scientific(summary.gradientVarianceLast), scientific(summary.fixedGradientVariance)],
    ...[decimals(statistic([...own(condition).values()])), difference(own(first), own(condition))],
    ...(published
      ? [decimals(statistic([...other(condition).values()])), difference(other(first), other(condition))]
      : []),
  ]
}

/**
 * Values of the cells of a condition by seed.
 *
 * @param {Condition} condition
 * @param {(cell: Results['cells'][number]) => number | null} value
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
  const { mean, deviation } = statistic(pairs)
  return decimals({ mean, deviation: deviation === null ? null : deviation / Math.sqrt(pairs.length) }, true)
}

/** @param {Statistic} statistic @param {boolean} [signed] */
function decimals({ mean, deviation }, signed = false) {
  if (mean === null) return '–'
  const sign = signed && mean >= 0 ? '+' : ''
  return `${sign}${mean.toFixed(3)}${deviation === null ? '' : ` ± ${deviation.toFixed(3)}`}`.replace('-', '−')
}

/** @param {Statistic} statistic */
function scientific({ mean, deviation }) {
  if (mean === null) return '–'
  return `${mean.toExponential(1)}${deviation === null ? '' : ` ± ${deviation.toExponential(1)}`}`
}
