/**
 * The experiment `evidence`, run twice with the same seeds. The addon had other kernels in between, which round
 * differently, so that every search took another course. What both runs say together is more certain than what one says.
 */
import { UserError } from 'pada-native'
import { statistic } from '#dist/base/statistics.js'
import { markdownTable } from '../bench/page.mjs'
import { decimals, withError } from './numbers.mjs'

/** What is compared: words, and the conditions by the names of their searches, the second against the first. */
export const COMPARISONS = /** @type {const} */ ([
  ['PA&DA against SPOS, 10 epochs', 'spos-epochs-10', 'pada-epochs-10'],
  ['the same, 20 epochs', 'spos', 'pada'],
  ['the same, 40 epochs', 'spos-epochs-40', 'pada-epochs-40'],
  ['the same, 80 epochs', 'spos-epochs-80', 'pada-epochs-80'],
  ['the same, 20 epochs, weights per operation', 'perOperation-spos', 'perOperation-pada'],
  ['PA against SPOS', 'spos', 'PA'],
  ['PA against PA&DA', 'pada', 'PA'],
  ['DA against SPOS', 'spos', 'DA'],
  ['PA&DA against FairNAS', 'fairnas', 'pada'],
  ['against SUMNAS', 'sumnas', 'pada'],
  ['against MAGIC-T', 'magic-t', 'pada'],
  ['against MAGIC-A', 'magic-a', 'pada'],
  ['against CLOSE', 'CLOSE', 'pada'],
  ['SPOS, weights per operation against per cell', 'spos', 'perOperation-spos'],
  ['SPOS, noise of 1e-5 against none', 'spos', 'spos-noise-1e-5'],
  ['noise of 1e-4', 'spos', 'spos-noise-1e-4'],
  ['noise of 1e-3', 'spos', 'spos-noise-1e-3'],
  ['noise of 1e-2', 'spos', 'spos-noise-1e-2'],
  ['SPOS, 80 epochs against 20', 'spos', 'spos-epochs-80'],
  ['PA&DA, 80 epochs against 20', 'pada', 'pada-epochs-80'],
  ['PA&DA, τ = 0.5 from the second epoch on against τ rising to 1', 'pada', 'tau-constant'],
  ['τ rising to 0.5', 'pada', 'tau-half'],
  ['τ along a cosine', 'pada', 'tau-cosine'],
  ['δ = 0.5 from the second epoch on against δ rising to 1', 'pada', 'delta-constant'],
  ['δ rising to 0.5', 'pada', 'delta-half'],
  ['δ along a cosine', 'pada', 'delta-cosine'],
  ['`dataImportance: mean` against `running`', 'pada', 'mean'],
  ['`unsampled: decay` against `skip`', 'pada', 'decay'],
  ['`unbiased`', 'pada', 'unbiased'],
  ['`perEdge`, weights per operation', 'perOperation-pada', 'perOperation-per-edge'],
])

/**
 * The section of the page.
 *
 * @param {string} now `results.csv` of this run.
 * @param {string} before The same table of the earlier run.
 * @returns {string[]} Lines.
 */
export function twiceSection(now, before) {
  const runs = [tausOf(before), tausOf(now)]
  const rows = COMPARISONS.map(([words, from, to]) => {
    const differences = differencesOf(runs, from, to)
    const [earlier, later, both] = [0, 1, 2].map((run) => differences.map((ofSeed) => ofSeed[run]))
    return [
      words,
      ...[earlier, later, both].map((values) => decimals(withError(values), { signed: true })),
      `${differences.length}`,
    ]
  })
  const share = correlation(runs)
  return [
    '',
    '## Both runs',
    '',
    'The experiment ran twice with the same seeds, with other kernels in between. Their rounding differs, so each search took',
    `another course. Within the conditions, the taus of equal seeds correlate at ${share.toFixed(2)} between the runs. This is the share`,
    'of their variance that comes from the seed; the rest comes from rounding. Differences of KT, seed by seed: the mean over',
    'the seeds ± its standard error. For “both”, the two runs of a seed are averaged first. The tables above are of the later',
    'run; [the earlier one](evidence/earlier-results.csv) has a row per search too.',
    '',
    markdownTable(['compared', 'earlier run', 'later run', 'both', 'seeds'], rows),
  ]
}

/**
 * Kendall's tau of the searches, by condition and seed. Searches without one are left out.
 *
 * @param {string} csv
 * @returns {Map<string, Map<number, number>>}
 */
function tausOf(csv) {
  const [header, ...lines] = csv
    .trim()
    .split('\n')
    .map((line) => line.split(','))
  const [cell, tau] = ['cell', 'kendallTau'].map((name) => header.indexOf(name))
  if (cell < 0 || tau < 0) throw new UserError('Expected results.csv of an experiment but received another table')
  /** @type {Map<string, Map<number, number>>} */
  const taus = new Map()
  for (const fields of lines) {
    const [, condition, seed] = /^(.*)-seed(\d+)$/.exec(fields[cell]) ?? ['', '', '0']
    const ofCondition = taus.get(condition) ?? new Map()
    if (fields[tau] !== '') ofCondition.set(Number(seed), Number(fields[tau]))
    taus.set(condition, ofCondition)
  }
  return taus
}

/**
 * Differences of tau by seed, of the seeds that both conditions have in both runs: of each run, then their mean.
 *
 * @param {readonly Map<string, Map<number, number>>[]} runs
 * @param {string} from
 * @param {string} to
 */
function differencesOf(runs, from, to) {
  const [before, after] = [from, to].map((condition) =>
    runs.map((taus) => {
      const values = taus.get(condition)
      if (values === undefined)
        throw new UserError(`Expected searches of ${condition} in results.csv but received none`)
      return values
    }),
  )
  const seeds = [...after[0].keys()].filter((seed) => [...before, ...after].every((taus) => taus.has(seed)))
  return seeds.map((seed) => {
    const [earlier, later] = after.map((taus, run) => tauOf(taus, seed) - tauOf(before[run], seed))
    return /** @type {const} */ ([earlier, later, (earlier + later) / 2])
  })
}

/**
 * Pearson's correlation between two runs of the taus less the mean of their condition, over the seeds that both have.
 *
 * @param {readonly Map<string, Map<number, number>>[]} runs
 */
function correlation([before, now]) {
  const pairs = [...now].flatMap(([condition, taus]) => {
    const earlier = before.get(condition) ?? new Map()
    const seeds = [...taus.keys()].filter((seed) => earlier.has(seed))
    const values = [taus, earlier].map((one) => seeds.map((seed) => tauOf(one, seed)))
    const [deviations, earlierDeviations] = values.map((all) => all.map((tau) => tau - (statistic(all).mean ?? 0)))
    return deviations.map((deviation, i) => /** @type {const} */ ([deviation, earlierDeviations[i]]))
  })
  /** @param {(pair: readonly [number, number]) => number} term */
  const sum = (term) => pairs.reduce((total, pair) => total + term(pair), 0)
  return sum(([a, b]) => a * b) / Math.sqrt(sum(([a]) => a * a) * sum(([, b]) => b * b))
}

/** @param {ReadonlyMap<number, number>} taus @param {number} seed */
function tauOf(taus, seed) {
  return /** @type {number} */ (taus.get(seed))
}
