#!/usr/bin/env node
/**
 * Holds a table of stand-alone accuracies against the criteria of docs/ground-truth.md.
 *
 *     npm run check:ground-truth -- PUBLISHED [--table FILE] [--column cifar10_test]
 *
 * PUBLISHED is a table of NAS-Bench-201, in any format that `groundTruth.file` reads. The other table, by default the
 * embedded one, is written by scripts/assets/make-ground-truth.mjs. Prints a line per criterion, then how often each
 * operation occurs in accurate cells, in both tables. Exits 1 if a criterion does not hold. Needs `npm run build`, no
 * addon.
 */
import '../report-errors.mjs'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { createSpace, kendallTauB, loadGroundTruth, parseConfig, readTable, UserError } from 'pada-native'
import { mean, variance } from '../support/statistics.mjs'

const PUBLISHED_TAU = 0.65
const SEEDS_TAU = 0.7
const QUARTILE_ERRORS = 3

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    table: {
      type: 'string',
      default: fileURLToPath(new URL('../../assets/nasbench201-fashion-mnist.csv', import.meta.url)),
    },
    column: { type: 'string', default: 'cifar10_test' },
  },
})
if (positionals.length !== 1) {
  throw new UserError(`Expected one table of NAS-Bench-201 but received ${positionals.length || 'none'}`, 2)
}
const space = createSpace(parseConfig({}).space, { channels: 1, height: 4, width: 4 }, 10)
const published = await loadGroundTruth(positionals[0], space, { column: options.column })
const table = await readTable(options.table)
const own = await loadGroundTruth(options.table, space, { column: 'accuracy' })
const seeds = table.columns.filter((name) => /^seed\d+$/.test(name)).map((name) => table.values(name))
if (seeds.length < 2) throw new UserError(`Expected two seeds in ${options.table} but received ${seeds.length}`)

const accuracies = own.paths.map((path) => own.accuracy(path) ?? Number.NaN)
const others = own.paths.map((path) => published.accuracy(path) ?? Number.NaN)
const lacking = others.filter(Number.isNaN).length
if (lacking > 0) throw new UserError(`Expected all ${own.size} architectures in ${positionals[0]} but ${lacking} lack`)

let good = true
/** @param {boolean} holds @param {string} text */
function criterion(holds, text) {
  good &&= holds
  console.log(`${holds ? 'passed' : 'FAILED'}  ${text}`)
}

const tau = kendallTauB(accuracies, others)
criterion(tau >= PUBLISHED_TAU, `tau with published ${options.column} ${tau.toFixed(3)}, at least ${PUBLISHED_TAU}`)

const between = seeds.flatMap((a, i) => seeds.slice(i + 1).map((b) => kendallTauB([...a], [...b])))
const agreement = mean(between)
criterion(agreement >= SEEDS_TAU, `tau between two seeds ${agreement.toFixed(3)}, at least ${SEEDS_TAU}`)

const deviation = Math.sqrt(mean(own.paths.map((_, row) => variance(seeds.map((values) => values[row])))))
const error = deviation / Math.sqrt(seeds.length)
const sorted = accuracies.toSorted((a, b) => a - b)
const quartiles = [0.25, 0.5, 0.75].map((share) => sorted[Math.round(share * (sorted.length - 1))])
const gap = Math.min(quartiles[1] - quartiles[0], quartiles[2] - quartiles[1])
criterion(
  gap > QUARTILE_ERRORS * error,
  `quartiles ${quartiles.map((x) => x.toFixed(2)).join(', ')} %: at least ${(gap / error).toFixed(1)} standard errors ` +
    `of ${error.toFixed(3)} apart, more than ${QUARTILE_ERRORS}`,
)

console.log(`\ntau of the number of an operation in the cell with accuracy (${own.size} architectures)`)
for (const [operation, name] of space.operations.entries()) {
  const counts = own.paths.map((path) => path.filter((chosen) => chosen === operation).length)
  const [here, there] = [accuracies, others].map((values) => kendallTauB(counts, values).toFixed(2))
  console.log(`  ${name.padEnd(14)} ${here.padStart(6)}   published ${there.padStart(6)}`)
}
process.exitCode = good ? 0 : 1
