#!/usr/bin/env node
/**
 * Ends worker threads at random moments: in the middle of searches, and of calls of the addon without end (caller.mjs).
 * None may abort the process, and a search of the main thread must give the same numbers afterwards as before.
 *
 *     node scripts/fuzz/workers.mjs [--rounds 100] [--seed 0]
 *
 * All rounds are in one process, which prints the seed of each before it: if it aborts, the last one is to blame. Needs
 * `npm run build` and the addon.
 */
import '../report-errors.mjs'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { isDeepStrictEqual, parseArgs } from 'node:util'
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads'
import { loadConfig, search } from 'pada-native'
import { currentBuild } from '#dist/setup/stamp.js'
import { randomSource } from './mutate.mjs'

const file = fileURLToPath(new URL('../../test/cli/tiny.yaml', import.meta.url))

/** @param {string} out */
async function searched(out) {
  const config = await loadConfig({ file, set: ['training.checkpointSeconds=0', 'ranking.subModels=10'] })
  let seen = false
  for await (const event of search(config, { out })) {
    if (!seen) parentPort?.postMessage(event.event)
    seen = true
    if (event.event !== 'result') continue
    const { run: _run, seconds: _seconds, ...result } = event
    return result
  }
  throw new Error('Expected a result but received none')
}

if (isMainThread) {
  const { values } = parseArgs({
    options: { rounds: { type: 'string', default: '100' }, seed: { type: 'string', default: '0' } },
  })
  const [rounds, first] = [Number(values.rounds), Number(values.seed)]
  const folder = mkdtempSync(join(tmpdir(), 'pada-workers-'))
  const before = await searched(join(folder, 'before'))
  /** @type {number[]} */
  const memory = []
  const addon = currentBuild()?.addon
  let ended = 0
  for (let seed = first; seed < first + rounds; seed++) {
    process.stderr.write(`seed ${seed}\n`)
    const random = randomSource(seed)
    const workers =
      random.below(4) === 0
        ? Array.from({ length: 1 + random.below(2) }, (_, i) => {
            return new Worker(new URL(import.meta.url), { workerData: join(folder, `run${seed}-${i}`) })
          })
        : Array.from({ length: 4 }, () => {
            return new Worker(new URL('caller.mjs', import.meta.url), { workerData: { addon } })
          })
    // Half of them at their work, half before it.
    if (random.below(2) === 0) await Promise.all(workers.map((worker) => once(worker, 'message')))
    await setTimeout(random.below(workers.length > 2 ? 60 : 400))
    await Promise.all(workers.map((worker) => worker.terminate()))
    ended += workers.length
    memory.push(process.memoryUsage.rss())
  }
  const same = isDeepStrictEqual(await searched(join(folder, 'after')), before)
  rmSync(folder, { recursive: true })
  const megabytes = (/** @type {number} */ at) => Math.round((memory[at] ?? 0) / 2 ** 20)
  console.log(
    `${rounds} rounds, ${ended} workers ended: ${same ? 'the same numbers afterwards' : 'other numbers afterwards'}`,
  )
  console.log(`memory ${megabytes(0)} MB after the first, ${megabytes(memory.length - 1)} MB after the last`)
  process.exit(same ? 0 : 1)
} else {
  await searched(workerData)
}
