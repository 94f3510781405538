/**
 * Loaded before a command with `--import`: the process pauses before it first appends to a file whose path ends like
 * `file`. It writes the file `reached` then, and goes on once there is a file `goOn`. The query of this module's address
 * has the three paths. Timers go on meanwhile, unlike in a process that was stopped.
 */
import fs from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import { setTimeout } from 'node:timers/promises'

const { file, reached, goOn } = Object.fromEntries(new URL(import.meta.url).searchParams)
const { appendFile } = fs.promises

/** @param {Parameters<typeof appendFile>} args */
fs.promises.appendFile = async (...args) => {
  if (String(args[0]).endsWith(file) && !fs.existsSync(reached)) {
    fs.writeFileSync(reached, '')
    while (!fs.existsSync(goOn)) await setTimeout(5)
  }
  return appendFile(...args)
}
syncBuiltinESMExports()
