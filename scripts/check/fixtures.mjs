#!/usr/bin/env node
/**
 * Makes the fixtures of the tests anew, in a temporary folder, and compares them with those of test/fixtures.
 *
 *     npm run check:fixtures -- [--python python3] [NAME …]
 *
 * NAME is a script of scripts/fixtures, such as darts; without any all are run. A script whose packages the Python lacks
 * is not run. Only files that a script wrote are compared. Numbers in JSON may differ by rounding. A pickle may have other
 * bytes if this package reads the same from it: PyTorch writes addresses into old files, and NumPy's versions differ.
 * Prints a line per script and per file that is not the same. Exits 1 if a file differs by more, if a script fails or
 * writes nothing, if a NAME or all of them are not run, or if all are run and none of them makes a file of test/fixtures.
 * Needs `npm run build`.
 */
import '../report-errors.mjs'
import { cpSync, existsSync, readdirSync, readFileSync, statSync, utimesSync } from 'node:fs'
import { basename, dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { isDeepStrictEqual, parseArgs } from 'node:util'
import { readTable, readTorchStateDict, UserError } from 'pada-native'
import { run, temporaryFolder } from '../support/ending.mjs'

/** How far numbers of two processors may be apart: relative, or absolute for what is zero but for rounding. */
const TOLERANCE = { relative: 1e-6, absolute: 1e-12 }

const root = fileURLToPath(new URL('../..', import.meta.url))
const { values, positionals } = parseArgs({
  options: { python: { type: 'string', default: 'python3' } },
  allowPositionals: true,
})
const all = readdirSync(join(root, 'scripts', 'fixtures'))
  .filter((file) => file.endsWith('.py') && file !== 'shared.py')
  .map((file) => basename(file, '.py'))
for (const name of positionals) {
  if (!all.includes(name)) throw new UserError(`Expected one of ${all.join(', ')} but received ${name}`, 2)
}

const names = positionals.length > 0 ? positionals : all
const copy = temporaryFolder('pada-fixtures-')
for (const folder of ['scripts/fixtures', 'test/fixtures']) {
  cpSync(join(root, folder), join(copy, folder), { recursive: true })
}
// Some scripts read what others wrote, so all files are there. A file that is made anew has another time.
const before = fixturesIn(root)
for (const file of before) utimesSync(join(copy, file), 0, 0)

/** @type {Set<string>} */
const made = new Set()
let ran = 0
for (const name of names) if (await make(name)) ran++
const counts = { unchanged: 0, equal: 0, changed: 0 }
for (const file of made) {
  const outcome = await compare(join(root, file), join(copy, file))
  counts[outcome]++
  if (outcome !== 'unchanged') console.log(`${file}: ${outcome === 'equal' ? 'equal, but other bytes' : 'CHANGED'}`)
}
const missing = ran === all.length ? before.filter((file) => !made.has(file)) : []
for (const file of missing) console.log(`${file}: NOT MADE by any script`)
console.log(
  `${ran} of ${names.length} scripts ran: ${counts.unchanged} files unchanged, ${counts.equal} equal but with other bytes, ${counts.changed} changed`,
)
if (counts.changed + missing.length > 0 || ran === 0) process.exitCode = 1

/**
 * Runs a script and notes the files that it writes. Resolves to false if the Python lacks its packages.
 *
 * @param {string} name
 */
async function make(name) {
  const start = performance.now()
  const script = join(copy, 'scripts', 'fixtures', `${name}.py`)
  const { code, stderr } = await run(values.python, [script]).catch((error) => {
    throw new UserError(`Expected a Python for --python but received ${values.python}: ${error.message}`, 2)
  })
  const last = stderr.trimEnd().split('\n').at(-1)
  if (code !== 0 && last?.startsWith('ModuleNotFoundError')) {
    console.log(`${name}: not run, ${last}`)
    if (positionals.length > 0) process.exitCode = 1
    return false
  }
  const written = fixturesIn(copy).filter((file) => statSync(join(copy, file)).mtimeMs !== 0)
  for (const file of written) utimesSync(join(copy, file), 0, 0)
  const removed = before.filter((file) => !existsSync(join(copy, file)))
  for (const file of [...written, ...removed]) made.add(file)
  if (code === 0 && written.length > 0) {
    const seconds = ((performance.now() - start) / 1000).toFixed(0)
    console.log(`${name}: ran (${seconds} s), ${written.length} ${written.length === 1 ? 'file' : 'files'}`)
  } else {
    console.log(`${name}: FAILED, ${code === 0 ? 'it wrote no file' : last}`)
    process.exitCode = 1
  }
  return true
}

/**
 * The files of test/fixtures in a tree, relative to the tree.
 *
 * @param {string} tree
 */
function fixturesIn(tree) {
  return readdirSync(join(tree, 'test/fixtures'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(tree, join(entry.parentPath, entry.name)))
    .sort()
}

/**
 * @param {string} old
 * @param {string} made
 * @returns {Promise<'unchanged' | 'equal' | 'changed'>}
 */
async function compare(old, made) {
  if (!existsSync(old) || !existsSync(made)) return 'changed'
  const [before, after] = [readFileSync(old), readFileSync(made)]
  if (before.equals(after)) return 'unchanged'
  if (old.endsWith('.json')) return close(JSON.parse(`${before}`), JSON.parse(`${after}`)) ? 'equal' : 'changed'
  const read = old.endsWith('.pt') ? readTorchStateDict : old.includes('/tables/') ? numbersOf : undefined
  if (read === undefined) return 'changed'
  return isDeepStrictEqual(await read(old), await read(made)) ? 'equal' : 'changed'
}

/**
 * What a table says; of a file of NATS-Bench's folder, what the whole folder says.
 *
 * @param {string} file
 */
async function numbersOf(file) {
  const table = await readTable(dirname(file).endsWith('-simple') ? dirname(file) : file)
  return { keys: table.keys, columns: table.columns.map((name) => [name, table.values(name)]) }
}

/**
 * Whether two JSON values are the same but for the rounding of numbers.
 *
 * @param {unknown} a
 * @param {unknown} b
 * @returns {boolean}
 */
function close(a, b) {
  if (typeof a === 'number' && typeof b === 'number') {
    const error = Math.abs(a - b)
    return error <= TOLERANCE.absolute || error <= TOLERANCE.relative * Math.max(Math.abs(a), Math.abs(b))
  }
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return a === b
  const [left, right] = [Object.entries(a), Object.entries(b)]
  return (
    left.length === right.length && left.every(([key, value], i) => key === right[i][0] && close(value, right[i][1]))
  )
}
