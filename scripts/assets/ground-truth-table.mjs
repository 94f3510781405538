/** The table that make-ground-truth.mjs writes, with comments that say how far to trust it. */
import { renameSync, writeFileSync } from 'node:fs'
import { basename } from 'node:path'
import { kendallTauB, spaceSize } from 'pada-native'
import { mean, variance } from '../support/statistics.mjs'

/** @typedef {import('./ground-truth-runs.mjs').Run} Run */

/**
 * What a table is made of: the runs so far of the architectures drawn, and what they were made with.
 *
 * @typedef {{
 *   space: import('pada-native').SearchSpace
 *   drawn: import('pada-native').Path[]
 *   seeds: number
 *   runs: import('./ground-truth-runs.mjs').Runs
 *   settings: string
 *   config: string
 * }} Source
 */

/**
 * An architecture with its accuracies in percent, one per seed.
 *
 * @typedef {{ arch: string, bySeed: number[] }} Row
 */

/**
 * Writes the architectures that are trained from seed 0. A further seed is in the table once all architectures drawn have
 * it, so that the table never loses rows.
 *
 * @param {string} file
 * @param {Source} source
 */
export function writeTable(file, source) {
  const { space, drawn, runs } = source
  const used = Array.from({ length: source.seeds }, (_, seed) => seed).filter(
    (seed) => seed === 0 || drawn.every((path) => runs.get({ path, seed }) !== undefined),
  )
  const rows = drawn
    .map((path) => ({ path, runs: used.flatMap((seed) => runs.get({ path, seed }) ?? []) }))
    .filter((row) => row.runs.length === used.length)
    .map((row) => ({ arch: space.encode(row.path), bySeed: row.runs.map(percent) }))
  const lines = [
    ...comments(rows, used, source).map((line) => `# ${line}`),
    ['arch', 'accuracy', ...used.map((seed) => `seed${seed}`)].join(),
    ...rows.map(({ arch, bySeed }) => [arch, mean(bySeed).toFixed(3), ...bySeed.map((x) => x.toFixed(2))].join()),
  ]
  writeFileSync(`${file}.tmp`, `${lines.join('\n')}\n`)
  renameSync(`${file}.tmp`, file)
}

/**
 * @param {Row[]} rows
 * @param {number[]} used The seeds.
 * @param {Source} source
 */
function comments(rows, used, { space, settings, config }) {
  const accuracies = rows.map(({ bySeed }) => mean(bySeed)).sort((a, b) => a - b)
  const quantiles = [0, 0.1, 0.25, 0.5, 0.75, 0.9, 1].map((q) => accuracies[Math.round(q * (rows.length - 1))])
  const seedVariance = mean(rows.map(({ bySeed }) => variance(bySeed)))
  const taus = used.flatMap((a, i) => {
    return used.slice(i + 1).map((b, j) => {
      const [first, second] = [i, i + 1 + j].map((column) => rows.map(({ bySeed }) => bySeed[column]))
      return `${a} and ${b} ${kendallTauB(first, second).toFixed(3)}`
    })
  })
  return [
    'Stand-alone test accuracy, in percent, of NAS-Bench-201 architectures on the embedded part of Fashion-MNIST.',
    `Made by scripts/assets/make-ground-truth.mjs with configs/${basename(config)}:`,
    settings,
    `${rows.length} architectures drawn uniformly without replacement from the ${spaceSize(space)}, one per dead-edge class.`,
    `accuracy: mean over the seeds ${used.join(', ')}. Order: as drawn, so the first rows are a sample as well.`,
    `Quantiles 0, 10, 25, 50, 75, 90, 100 %: ${quantiles.map((x) => x.toFixed(2)).join(', ')}`,
    `Standard deviation between seeds: ${Math.sqrt(seedVariance).toFixed(2)}`,
    `Kendall tau-b between seeds: ${taus.join('; ') || 'one seed only'}`,
  ]
}

/** @param {Run} run */
function percent({ correct, count }) {
  return (100 * correct) / count
}
