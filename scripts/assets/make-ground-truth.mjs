#!/usr/bin/env node
/**
 * Makes the ground-truth table of the embedded data: architectures drawn from NAS-Bench-201, each trained on its own
 * from several seeds and tested on all test images.
 *
 *     node scripts/assets/make-ground-truth.mjs [--architectures 300] [--seeds 3] [--workers 2]
 *         [--config configs/nasbench201-fashion-standalone.yaml] [--set key=value …]
 *         [--runs runs/ground-truth.jsonl] [--out assets/nasbench201-fashion-mnist.csv]
 *
 * Each finished training is appended to the file of runs, and a stopped script goes on from there. All architectures are
 * trained from seed 0 before the first is from seed 1. The table is written anew every minute; a further seed is in it
 * once all architectures have that seed. `--set` takes what trains and tests an architecture; other settings, such as
 * method and seed, are refused. Needs `npm run build` and the addon.
 */
import '../report-errors.mjs'
import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { createSpace, enumeratePaths, loadConfig, RandomStream, UserError } from 'pada-native'
import { wholeOption } from '../support/whole-option.mjs'
import { openRuns } from './ground-truth-runs.mjs'
import { writeTable } from './ground-truth-table.mjs'

/** @typedef {import('./ground-truth-runs.mjs').Task} Task */
/** @typedef {import('./ground-truth-runs.mjs').Run} Run */

const root = (/** @type {string} */ path) => fileURLToPath(new URL(`../../${path}`, import.meta.url))
const TABLE_SECONDS = 60
/** Settings that a training depends on. */
const USED = /^((space|data|training)[.=]|(device|precision|ranking\.batchSize|ranking\.imageCount)=)/

const { values: options } = parseArgs({
  options: {
    architectures: { type: 'string', default: '300' },
    seeds: { type: 'string', default: '3' },
    workers: { type: 'string', default: '2' },
    config: { type: 'string', default: root('configs/nasbench201-fashion-standalone.yaml') },
    set: { type: 'string', multiple: true, default: [] },
    runs: { type: 'string', default: root('runs/ground-truth.jsonl') },
    out: { type: 'string', default: root('assets/nasbench201-fashion-mnist.csv') },
  },
})
const [architectures, seeds, workers] = [
  wholeOption(options, 'architectures'),
  wholeOption(options, 'seeds'),
  wholeOption(options, 'workers'),
]
const unused = options.set.find((setting) => !USED.test(setting))
if (unused !== undefined) {
  throw new UserError(`Expected a setting that trains an architecture for --set but received ${unused}`, 2)
}
const config = await loadConfig({ file: options.config, set: options.set })
const space = createSpace(config.space, { channels: 1, height: 4, width: 4 }, 10)
const { data, training, ranking, device, precision } = config
const testing = { batchSize: ranking.batchSize, imageCount: ranking.imageCount }
// Runs that are kept do not name the usual device and precision.
const unusual = { ...(device !== 'cpu' && { device }), ...(precision !== 'float32' && { precision }) }
const settings = JSON.stringify({ space: config.space, data, training, testing, ...unusual })

const drawn = draw(architectures)
const runs = openRuns(options.runs, settings)
const wanted = Array.from({ length: seeds }, (_, seed) => drawn.map((path) => ({ path, seed }))).flat()
const tasks = wanted.filter((task) => runs.get(task) === undefined)
let done = wanted.length - tasks.length
let lastTable = performance.now()
console.error(`${done} of ${wanted.length} trainings were done before`)

await Promise.all(Array.from({ length: Math.min(workers, tasks.length) }, work))
writeTable(options.out, { space, drawn, seeds, runs, settings, config: options.config })

/**
 * Paths drawn uniformly without replacement, leaving out those that compute the same as an earlier one.
 *
 * @param {number} count
 */
function draw(count) {
  const random = RandomStream.named(0, 'ground truth')
  const paths = [...enumeratePaths(space)]
  const classes = new Map()
  while (classes.size < count) {
    if (paths.length === 0) {
      throw new UserError(`Expected at most ${classes.size} for --architectures but received ${count}`, 2)
    }
    const [path] = paths.splice(random.integer(paths.length), 1)
    const live = (space.withoutDeadEdges?.(path) ?? path).join()
    if (!classes.has(live)) classes.set(live, path)
  }
  return [...classes.values()]
}

/** One worker process, from its first task to its last. */
async function work() {
  const worker = fork(fileURLToPath(new URL('ground-truth-worker.mjs', import.meta.url)))
  /** @type {Promise<never>} */
  const died = new Promise((_, reject) => {
    worker.once('exit', (code, signal) => {
      reject(new UserError(`Expected a worker to train all its tasks but it ended with ${signal ?? code}`))
    })
  })
  worker.send(config)
  for (let task = tasks.shift(); task !== undefined; task = tasks.shift()) {
    /** @type {Promise<Run>} */
    const answer = new Promise((resolve) => worker.once('message', (run) => resolve(/** @type {Run} */ (run))))
    worker.send(task)
    keep(await Promise.race([answer, died]))
  }
  died.catch(() => {})
  worker.kill()
}

/** @param {Run} run */
function keep(run) {
  runs.add(run)
  done++
  const accuracy = ((100 * run.correct) / run.count).toFixed(2)
  console.error(`${done}/${wanted.length}  ${run.path}  seed ${run.seed}  ${accuracy} %  ${run.seconds.toFixed(1)} s`)
  if (performance.now() - lastTable > TABLE_SECONDS * 1000) {
    lastTable = performance.now()
    writeTable(options.out, { space, drawn, seeds, runs, settings, config: options.config })
  }
}
