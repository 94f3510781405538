/**
 * How scripts end early, by Ctrl-C or SIGTERM: the programs that they run end first, and their temporary folders go. A
 * second signal ends a script at once.
 */
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'

/** Exit code of a script that a signal ends. */
const INTERRUPTED = 130

/** @type {Set<import('node:child_process').ChildProcess>} */
const children = new Set()
let ending = false

for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM'])) {
  process.on(signal, () => {
    if (ending || children.size === 0) process.exit(INTERRUPTED)
    ending = true
    // Ctrl-C reaches them by itself: they are in the same process group.
    if (signal !== 'SIGINT') for (const child of children) child.kill(signal)
  })
}

/**
 * A new folder, which is removed when the script ends.
 *
 * @param {string} name
 * @param {string} [within] The folder in which it is made.
 */
export function temporaryFolder(name, within = tmpdir()) {
  const folder = mkdtempSync(join(within, name))
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/**
 * Lets a signal that ends the script end a process first.
 *
 * @template {import('node:child_process').ChildProcess} Child
 * @param {Child} child
 */
export function endedFirst(child) {
  children.add(child)
  const gone = () => {
    children.delete(child)
    if (ending && children.size === 0) process.exit(INTERRUPTED)
  }
  child.once('error', gone).once('close', gone)
  return child
}

/**
 * How a program ended, and what it printed to pipes.
 *
 * @typedef {{ code: number | null, signal: NodeJS.Signals | null, stdout: string, stderr: string }} Outcome
 */

/**
 * Runs a program to its end. Rejects if it cannot be started.
 *
 * @param {string} command
 * @param {readonly string[]} args
 * @param {import('node:child_process').SpawnOptions} [options]
 * @returns {Promise<Outcome>}
 */
export async function run(command, args, options) {
  const child = endedFirst(spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], ...options }))
  /** @type {Promise<Pick<Outcome, 'code' | 'signal'>>} */
  const ended = new Promise((resolve, reject) => {
    child.once('error', reject).once('close', (code, signal) => resolve({ code, signal }))
  })
  const printed = [child.stdout, child.stderr].map((pipe) => (pipe === null ? '' : text(pipe)))
  const [end, stdout, stderr] = await Promise.all([ended, ...printed])
  return { ...end, stdout, stderr }
}
