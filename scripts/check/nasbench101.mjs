#!/usr/bin/env node
/**
 * Looks up every cell of NAS-Bench-1Shot1 in a table of NAS-Bench-101.
 *
 *     npm run check:nasbench101 -- TABLE [SPACE …]
 *
 * TABLE is a CSV file, `.gz` or plain, with columns hash and test_accuracy (one run of 108 epochs). SPACE is 1, 2 or 3;
 * without any all three are checked. Checks of each space: the number of cells that the published sizes count, that the table has all of them and all other
 * choices of operations, the number of distinct modules among them, and the accuracy of the best. Prints one line per
 * check; exits 1 if any fails. Needs `npm run build`.
 */
import '../report-errors.mjs'
import { UserError } from 'pada-native'
import { AccuracyByHash } from '#dist/ground-truth/accuracy-by-hash.js'
import { openTable } from '#dist/ground-truth/tables/open-table.js'
import { isHashTable } from '#dist/ground-truth/tables/table.js'
import { CELL_SPACES, cellModule, enumerateCells, enumeratePublishedCells } from '#dist/spaces/nasbench1shot1/cell.js'
import { moduleHasher } from '#dist/spaces/nasbench1shot1/nasbench101.js'

/**
 * @type {{
 *   number: import('#dist/spaces/nasbench1shot1/cell.js').CellSpaceNumber
 *   published: number
 *   cells: number
 *   modules: number
 *   best: number
 * }[]}
 */
const EXPECTED = [
  { number: 1, published: 6_240, cells: 14_580, modules: 2_685, best: 0.94361 },
  { number: 2, published: 29_160, cells: 29_160, modules: 7_773, best: 0.942408 },
  { number: 3, published: 363_648, cells: 1_312_200, modules: 55_854, best: 0.946615 },
]

let passed = 0
let failed = 0
/**
 * Prints and counts one check of a number that must be met exactly.
 *
 * @param {string} what
 * @param {number} found
 * @param {number} wanted
 */
function check(what, found, wanted) {
  const good = found === wanted
  if (good) passed++
  else failed++
  console.log(`${good ? 'passed' : 'FAILED'}  ${what}: found ${found}, wanted ${wanted}`)
}

const seconds = (/** @type {number} */ start) => `${((performance.now() - start) / 1000).toFixed(1)} s`

/**
 * Looks up all cells; the table may list accuracies with more digits than the published ones have.
 *
 * @param {Iterable<import('#dist/spaces/nasbench1shot1/cell.js').Cell>} cells
 * @param {AccuracyByHash} table
 */
function lookUp(cells, table) {
  const hash = moduleHasher()
  const hashes = new Set()
  let count = 0
  let missing = 0
  let best = 0
  for (const cell of cells) {
    count++
    const key = hash(cellModule(cell))
    hashes.add(key)
    const accuracy = table.get(key)
    if (accuracy === undefined) missing++
    else if (accuracy > best) best = accuracy
  }
  return { count, missing, modules: hashes.size, best: Number(best.toFixed(6)) }
}

const [file, ...chosen] = process.argv.slice(2)
if (file === undefined) {
  throw new UserError('Expected a table of NAS-Bench-101 but received none: npm run check:nasbench101 -- TABLE', 2)
}
for (const number of chosen) {
  if (!/^[123]$/.test(number)) throw new UserError(`Expected 1, 2 or 3 for a space but received ${number}`, 2)
}
const start = performance.now()
const accuracies = await openTable(file)
if (!isHashTable(accuracies)) throw new UserError(`Expected a column "hash" in ${file} but received none`)
const table = new AccuracyByHash(accuracies, file)
console.log(`read ${table.size} accuracies in ${seconds(start)}`)
for (const expected of EXPECTED.filter(({ number }) => chosen.length === 0 || chosen.includes(`${number}`))) {
  const space = CELL_SPACES[expected.number]
  /** @type {[string, Iterable<import('#dist/spaces/nasbench1shot1/cell.js').Cell>, number][]} */
  const rules = [
    ['as published', enumeratePublishedCells(space), expected.published],
    ['with every choice of operations', enumerateCells(space), expected.cells],
  ]
  for (const [rule, cells, count] of rules) {
    const start = performance.now()
    const found = lookUp(cells, table)
    check(`${space.name}, cells ${rule}`, found.count, count)
    check(`${space.name}, cells ${rule} that the table lacks`, found.missing, 0)
    check(`${space.name}, distinct modules of cells ${rule}`, found.modules, expected.modules)
    check(`${space.name}, best accuracy of cells ${rule}`, found.best, expected.best)
    console.log(`        ${seconds(start)}`)
  }
}
console.log(`${passed} passed, ${failed} failed`)
process.exitCode = failed === 0 ? 0 : 1
