/**
 * Loaded before a command with `--import`: the process sends itself a signal at a moment that the query of this module's
 * address names. A signal of another process comes when the machine gets round to it, which may be too late.
 */
import fs from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'

/** @type {{ signal: NodeJS.Signals, at: import('./harness.js').Moment }} */
const { signal, at } = JSON.parse(new URL(import.meta.url).searchParams.get('of') ?? '')

let left = at.times ?? 1
function happens() {
  if (--left === 0) process.kill(process.pid, signal)
}

/**
 * Whether a value has all that a pattern names.
 *
 * @param {unknown} value
 * @param {unknown} pattern
 * @returns {boolean}
 */
function matches(value, pattern) {
  if (typeof pattern !== 'object' || pattern === null) return value === pattern
  return Object.entries(pattern).every(([key, part]) => matches(Object(value)[key], part))
}

if ('event' in at) {
  const write = process.stdout.write.bind(process.stdout)
  /** @type {(...args: any[]) => boolean} */
  process.stdout.write = (line, ...rest) => {
    const written = write(line, ...rest)
    if (matches(JSON.parse(line), at.event)) happens()
    return written
  }
} else {
  const { call, file } = at
  /** @type {(...args: any[]) => Promise<any>} */
  const original = fs.promises[call]
  Object.assign(fs.promises, {
    /** @param {any[]} args */
    [call]: (...args) => {
      // The file that is written to: of a renaming the second.
      if (args[call === 'rename' ? 1 : 0].endsWith(file)) happens()
      return original(...args)
    },
  })
  syncBuiltinESMExports()
}
