#!/usr/bin/env node
/**
 * Compares counted parameters with NAS-Bench-201's table of all 15,625 architectures.
 *
 *     npm run check:nasbench201-cost -- TABLE
 *
 * TABLE is a CSV file with the columns arch and params_millions, to three decimals. Needs `npm run build`, no addon.
 *
 * 204 entries of the table contradict its own network: for their architectures one formula, which holds for all others,
 * gives other numbers, while architectures of equal operations have the formula's. So 15,421 must come out equal, and
 * exactly those: more would be as wrong as fewer. Prints the first entries that differ; exits 1 on another number.
 */
import '../report-errors.mjs'
import { costOf, nasBench201, parsePath, readTable, UserError } from 'pada-native'

const ENTRIES = 15_625
const EQUAL = 15_421
/** Half of the table's last digit, and what summing decimals in binary can add. */
const ROUNDING = 0.0005 + 1e-9
const SHOWN = 5

const file = process.argv[2]
if (file === undefined) {
  throw new UserError('Expected a table but received none: npm run check:nasbench201-cost -- TABLE', 2)
}
const space = nasBench201()
const cost = costOf(space, { published: true })
const table = await readTable(file)
const millions = table.values('params_millions')
const rows = table.keys.map((key, row) => {
  const path = parsePath(space, key)
  return { path, counted: cost(path).parameters / 1e6, published: millions[row] }
})

const others = rows.filter(({ counted, published }) => !(Math.abs(counted - published) <= ROUNDING))
for (const { path, counted, published } of others.slice(0, SHOWN)) {
  console.log(`${space.encode(path)}: counted ${counted}, in the table ${published}`)
}
const equal = rows.length - others.length
const good = rows.length === ENTRIES && equal === EQUAL
console.log(`${good ? 'passed' : 'FAILED'}  ${equal} of ${rows.length} equal, expected ${EQUAL} of ${ENTRIES}`)
process.exitCode = good ? 0 : 1
