/** The finished trainings of make-ground-truth.mjs, in a file that a stopped script goes on from. */
import { appendFileSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { UserError } from 'pada-native'

/**
 * A training to do.
 *
 * @typedef {{ path: import('pada-native').Path, seed: number }} Task
 */

/**
 * A training that is done: how many of `count` test images were classified correctly.
 *
 * @typedef {Task & { correct: number, count: number, seconds: number }} Run
 */

/** @typedef {ReturnType<typeof openRuns>} Runs */

/**
 * Reads the runs that an earlier call kept in `file`. Its first line is the settings that they were made with; each other
 * line is a run.
 *
 * @param {string} file
 * @param {string} settings
 */
export function openRuns(file, settings) {
  // A call that was killed may have left half a line.
  const lines = existsSync(file) ? readFileSync(file, 'utf8').split('\n').slice(0, -1) : []
  const [first = settings, ...rest] = lines
  if (first !== settings) {
    throw new UserError(`Expected runs with these settings in ${file} but received others: remove it, or name another`)
  }
  /** @type {Run[]} */
  const kept = rest.map((line) => JSON.parse(line))
  const runs = new Map(kept.map((run) => [keyOf(run), run]))
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(`${file}.tmp`, [first, ...rest].map((line) => `${line}\n`).join(''))
  renameSync(`${file}.tmp`, file)
  return {
    get: (/** @type {Task} */ task) => runs.get(keyOf(task)),
    add(/** @type {Run} */ run) {
      runs.set(keyOf(run), run)
      appendFileSync(file, `${JSON.stringify(run)}\n`)
    },
  }
}

/** @param {Task} task */
function keyOf({ path, seed }) {
  return `${path.join()}/${seed}`
}
