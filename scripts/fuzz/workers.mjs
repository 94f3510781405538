#!/usr/bin/env node
/**
 * Ends worker threads at random moments: in the middle of searches, trainings and sums over processes (works.mjs), and
 * of calls of the addon without end (caller.mjs). None may abort the process, and a search of the main thread must give
 * the same numbers afterwards as before.
 *
 *     node scripts/fuzz/workers.mjs [--rounds 100] [--seed 0] [--work search|train|sum|call]
 *
 * Without --work, each round draws one. All rounds are in one process, which prints the seed of each before it: if it
 * aborts, the last one is to blame. Needs `npm run build` and the addon.
 */
import '../report-errors.mjs'
import { once } from 'node:events'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { isDeepStrictEqual, parseArgs } from 'node:util'
import { Worker } from 'node:worker_threads'
import { UserError } from 'pada-native'
import { currentBuild } from '#dist/setup/stamp.js'
import { temporaryFolder } from '../support/ending.mjs'
import { wholeOption } from '../support/whole-option.mjs'
import { randomSource } from './mutate.mjs'
import { searched } from './works.mjs'

/** Milliseconds within which a worker ends, after the start or after it is at its work. */
const MOST_MS = { search: 400, train: 400, sum: 400, call: 60 }
const WORKS = /** @type {(keyof typeof MOST_MS)[]} */ (Object.keys(MOST_MS))

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '100' },
    seed: { type: 'string', default: '0' },
    work: { type: 'string' },
  },
})
const [rounds, first] = [wholeOption(values, 'rounds'), wholeOption(values, 'seed', 0)]
const works = WORKS.filter((work) => work === (values.work ?? work))
if (works.length === 0)
  throw new UserError(`Expected one of ${WORKS.join(', ')} for --work but received ${values.work}`, 2)

const folder = temporaryFolder('pada-workers-')
const before = await searched(join(folder, 'before'))
const addon = currentBuild()?.addon
/** @type {number[]} */
const memory = []
let ended = 0
for (let seed = first; seed < first + rounds; seed++) {
  process.stderr.write(`seed ${seed}\n`)
  const random = randomSource(seed)
  const work = random.pick(works)
  const count = work === 'call' ? 4 : 1 + random.below(2)
  const workers = Array.from({ length: count }, (_, i) => {
    const out = join(folder, `${seed}-${i}`)
    if (work === 'call') return new Worker(new URL('caller.mjs', import.meta.url), { workerData: { addon } })
    if (work === 'sum') mkdirSync(out)
    return new Worker(new URL('works.mjs', import.meta.url), { workerData: { work, out } })
  })
  // Half of them at their work, half before it.
  if (random.below(2) === 0) await Promise.all(workers.map((worker) => once(worker, 'message')))
  await setTimeout(random.below(MOST_MS[work]))
  await Promise.all(workers.map((worker) => worker.terminate()))
  ended += workers.length
  memory.push(process.memoryUsage.rss())
}
const same = isDeepStrictEqual(await searched(join(folder, 'after')), before)
const megabytes = (/** @type {number} */ at) => Math.round((memory[at] ?? 0) / 2 ** 20)
console.log(
  `${rounds} rounds, ${ended} workers ended: ${same ? 'the same numbers afterwards' : 'other numbers afterwards'}`,
)
console.log(`memory ${megabytes(0)} MB after the first, ${megabytes(memory.length - 1)} MB after the last`)
process.exit(same ? 0 : 1)
