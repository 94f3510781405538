/**
 * Loaded before a command with `--import`: something happens before the process writes to files the `at`-th time. `how`
 * in the query of this module's address says what: `kill`; `full`, the disk is full from then on; `record`, every write
 * is kept in the file `to` when the process ends.
 */
import { writeFileSync } from 'node:fs'
import { serialize } from 'node:v8'
import { watchWrites } from './writes.mjs'

const query = new URL(import.meta.url).searchParams
const [how, at, to] = ['how', 'at', 'to'].map((name) => query.get(name) ?? '')
let left = Number(at)
/** @type {import('./writes.mjs').Write[]} */
const writes = []

await watchWrites(
  ({ call, path }) => {
    if (how === 'record' || --left > 0) return
    if (how === 'kill') process.kill(process.pid, 'SIGKILL')
    else if (['mkdir', 'create', 'write', 'append'].includes(call)) {
      throw Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC', path })
    }
  },
  (write) => {
    if (how === 'record') writes.push(write)
  },
)
if (how === 'record') process.on('exit', () => writeFileSync(to, serialize(writes)))
