#!/usr/bin/env node
/**
 * Compares counted parameters and multiply-adds with NAS-Bench-Macro's table of all 6,561 networks.
 *
 *     npm run check:nasbench-macro -- TABLE
 *
 * TABLE is the benchmark's JSON file: by architecture, an object with `params` and `flops`, which counts multiply-adds.
 * Also checks that isomorphic architectures have the same accuracies: the benchmark trained one of each class. Needs
 * `npm run build`, no addon. Prints the first entries that differ; exits 1 unless all are equal.
 */
import '../report-errors.mjs'
import { readFile } from 'node:fs/promises'
import { costOf, loadGroundTruth, nasBenchMacro, UserError } from 'pada-native'

const ENTRIES = 6_561
const CLASSES = 3_969
const SHOWN = 5

const file = process.argv[2]
if (file === undefined) {
  throw new UserError('Expected a table but received none: npm run check:nasbench-macro -- TABLE', 2)
}
const space = nasBenchMacro()
const cost = costOf(space)
const table = await loadGroundTruth(file, space)
/** @type {Record<string, { params: number, flops: number }>} */
const published = JSON.parse(await readFile(file, 'utf8'))

const others = table.paths.filter((path) => {
  const { parameters, multiplyAdds } = cost(path)
  const { params, flops } = published[space.encode(path)]
  return parameters !== params || multiplyAdds !== flops
})
for (const path of others.slice(0, SHOWN)) {
  const { parameters, multiplyAdds } = cost(path)
  const { params, flops } = published[space.encode(path)]
  console.log(`${space.encode(path)}: counted ${parameters} and ${multiplyAdds}, in the table ${params} and ${flops}`)
}
const equal = table.size - others.length
const good = table.size === ENTRIES && equal === ENTRIES
console.log(`${good ? 'passed' : 'FAILED'}  ${equal} of ${table.size} equal, expected ${ENTRIES} of ${ENTRIES}`)

/** @type {Map<string, Set<number | undefined>>} */
const accuracies = new Map()
for (const path of table.paths) {
  const key = space.isomorphismKey(path)
  accuracies.set(key, (accuracies.get(key) ?? new Set()).add(table.accuracy(path)))
}
const alike = [...accuracies.values()].filter((set) => set.size === 1).length
const same = accuracies.size === CLASSES && alike === CLASSES
const classes = `${alike} of ${accuracies.size} classes of isomorphic networks have one accuracy`
console.log(`${same ? 'passed' : 'FAILED'}  ${classes}, expected ${CLASSES} of ${CLASSES}`)
process.exitCode = good && same ? 0 : 1
