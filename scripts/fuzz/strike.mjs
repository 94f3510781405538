/**
 * Loaded before a command with `--import`: something happens before the process writes to files the `at`-th time. `how`
 * in the query of this module's address says what: `kill`; `full`, the disk is full from then on; `record`, nothing. When
 * the process ends, it keeps the writes in the file `to`: those of `record`, and those that a full disk refused.
 */
import { writeFileSync } from 'node:fs'
import { serialize } from 'node:v8'
import { FILLING, watchWrites } from './writes.mjs'

const query = new URL(import.meta.url).searchParams
const [how, at, to] = ['how', 'at', 'to'].map((name) => query.get(name) ?? '')
let left = Number(at)
/** @type {import('./writes.mjs').Write[]} */
const writes = []

await watchWrites(
  (write) => {
    const { call, path } = write
    if (how === 'record' || --left > 0) return
    if (how === 'kill') process.kill(process.pid, 'SIGKILL')
    else if (FILLING.includes(call)) {
      writes.push(write)
      throw Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC', path })
    }
  },
  (write) => {
    if (how === 'record') writes.push(write)
  },
)
if (to !== '') process.on('exit', () => writeFileSync(to, serialize(writes)))
