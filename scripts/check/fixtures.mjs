#!/usr/bin/env node
/**
 * Makes the fixtures of the tests anew, in a temporary folder, and compares them with those of test/fixtures.
 *
 *     npm run check:fixtures -- [--python python3] [NAME …]
 *
 * NAME is a script of scripts/fixtures, such as darts; without any all are run. Those whose packages the Python lacks
 * are not run. Numbers in JSON may differ by rounding. A pickle may have other bytes if this package reads the same from
 * it: PyTorch writes addresses into old files, and NumPy's versions differ. Prints a line per script and per file that
 * is not the same; exits 1 if one differs by more, or if a script fails. Needs `npm run build`.
 */
import '../report-errors.mjs'
import { spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { isDeepStrictEqual, parseArgs } from 'node:util'
import { readTable, readTorchStateDict, UserError } from 'pada-native'

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

const copy = mkdtempSync(join(tmpdir(), 'pada-fixtures-'))
process.once('exit', () => rmSync(copy, { recursive: true, force: true }))
for (const folder of ['scripts/fixtures', 'test/fixtures']) {
  cpSync(join(root, folder), join(copy, folder), { recursive: true })
}
for (const name of positionals.length > 0 ? positionals : all) run(name)

const counts = { unchanged: 0, equal: 0, changed: 0 }
for (const file of filesBelow('test/fixtures')) {
  const outcome = await compare(join(root, file), join(copy, file))
  counts[outcome]++
  if (outcome !== 'unchanged') console.log(`${file}: ${outcome === 'equal' ? 'equal, but other bytes' : 'CHANGED'}`)
}
console.log(
  `${counts.unchanged} files unchanged, ${counts.equal} equal but with other bytes, ${counts.changed} changed`,
)
if (counts.changed > 0) process.exitCode = 1

/** @param {string} name */
function run(name) {
  const start = performance.now()
  const script = join(copy, 'scripts', 'fixtures', `${name}.py`)
  const { error, status, stderr } = spawnSync(values.python, [script], { encoding: 'utf8' })
  if (error) throw new UserError(`Expected a Python for --python but received ${values.python}: ${error.message}`, 2)
  const last = stderr.trimEnd().split('\n').at(-1)
  if (status === 0) console.log(`${name}: ran (${((performance.now() - start) / 1000).toFixed(0)} s)`)
  else if (last?.startsWith('ModuleNotFoundError')) console.log(`${name}: not run, ${last}`)
  else {
    console.log(`${name}: FAILED, ${last}`)
    process.exitCode = 1
  }
}

/**
 * The files of the two trees, relative to their roots.
 *
 * @param {string} folder
 */
function filesBelow(folder) {
  const files = [root, copy].flatMap((tree) =>
    readdirSync(join(tree, folder), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name).slice(join(tree, '/').length)),
  )
  return [...new Set(files)].sort()
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
