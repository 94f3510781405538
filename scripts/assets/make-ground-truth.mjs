#!/usr/bin/env node
/**
 * Makes the ground-truth table of the embedded data: architectures drawn from NAS-Bench-201, each trained on its own
 * with configs/nasbench201-fashion-standalone.yaml from several seeds and tested on all test images.
 *
 *     node scripts/assets/make-ground-truth.mjs [--architectures 200] [--seeds 3] [--workers 2]
 *
 * Every finished run is kept in runs/ground-truth.jsonl, and a stopped script goes on from there. All architectures are
 * trained from seed 0 before the first from seed 1, so the table, which is written anew now and then, always covers as
 * many as it can. Needs `npm run build` and the addon.
 */
import { fork } from 'node:child_process'
import { appendFileSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { createSpace, kendallTauB, loadConfig, RandomStream } from '../../dist/index.js'

const { values } = parseArgs({
  options: {
    architectures: { type: 'string', default: '200' },
    seeds: { type: 'string', default: '3' },
    workers: { type: 'string', default: '2' },
  },
})
const [architectures, seeds, workers] = [values.architectures, values.seeds, values.workers].map(Number)
const file = (path) => fileURLToPath(new URL(`../../${path}`, import.meta.url))
const TABLE = file('assets/nasbench201-fashion-mnist.csv')
const KEPT = file('runs/ground-truth.jsonl')
const CONFIG = 'configs/nasbench201-fashion-standalone.yaml'
const TABLE_SECONDS = 60

const config = await loadConfig({ file: file(CONFIG) })
const space = createSpace(config.space, { channels: 1, height: 4, width: 4 }, 10)
const { data, training, ranking } = config
const testing = { batchSize: ranking.batchSize, imageCount: ranking.imageCount }
const settings = JSON.stringify({ space: config.space, data, training, testing })

const drawn = draw(architectures)
const runs = readRuns()
const wanted = Array.from({ length: seeds }, (_, seed) => drawn.map((path) => ({ path, seed }))).flat()
const tasks = wanted.filter((task) => !runs.has(keyOf(task)))
let done = wanted.length - tasks.length
let lastTable = performance.now()

await Promise.all(Array.from({ length: Math.min(workers, tasks.length) }, () => work()))
writeTable()

/** Paths drawn uniformly without replacement, leaving out those that compute the same as an earlier one. */
function draw(count) {
  const random = RandomStream.named(0, 'ground truth')
  const paths = [...space.enumerate()]
  const classes = new Map()
  while (classes.size < count) {
    const [path] = paths.splice(random.integer(paths.length), 1)
    const live = space.withoutDeadEdges(path).join()
    if (!classes.has(live)) classes.set(live, path)
  }
  return [...classes.values()]
}

function keyOf({ path, seed }) {
  return `${path.join()}/${seed}`
}

/** The runs kept by an earlier call; the first line holds the settings that they were made with. */
function readRuns() {
  if (!existsSync(KEPT)) {
    mkdirSync(dirname(KEPT), { recursive: true })
    writeFileSync(KEPT, `${settings}\n`)
  }
  // A call that was killed may have left half a line.
  const lines = readFileSync(KEPT, 'utf8').split('\n').slice(0, -1)
  if (lines[0] !== settings) throw new Error(`Expected runs with the settings of ${CONFIG} in ${KEPT}: remove it first`)
  writeFileSync(`${KEPT}.tmp`, lines.map((line) => `${line}\n`).join(''))
  renameSync(`${KEPT}.tmp`, KEPT)
  return new Map(lines.slice(1).map((line) => [keyOf(JSON.parse(line)), JSON.parse(line)]))
}

/** One worker process, from its first task to its last. */
async function work() {
  const worker = fork(file('scripts/assets/ground-truth-worker.mjs'))
  const died = new Promise((_, reject) => {
    worker.once('exit', (code, signal) => reject(new Error(`A worker ended with ${signal ?? code}`)))
  })
  worker.send(config)
  for (let task = tasks.shift(); task !== undefined; task = tasks.shift()) {
    const answer = new Promise((resolve) => worker.once('message', resolve))
    worker.send(task)
    keep(await Promise.race([answer, died]))
  }
  died.catch(() => {})
  worker.kill()
}

function keep(run) {
  runs.set(keyOf(run), run)
  appendFileSync(KEPT, `${JSON.stringify(run)}\n`)
  done++
  const accuracy = percent(run).toFixed(2)
  console.error(`${done}/${wanted.length}  ${keyOf(run)}  ${accuracy} %  ${run.seconds.toFixed(1)} s`)
  if (performance.now() - lastTable > TABLE_SECONDS * 1000) {
    lastTable = performance.now()
    writeTable()
  }
}

function percent({ correct, count }) {
  return (100 * correct) / count
}

/** Architectures with all seeds that any has: while seed 2 is under way, those that it has not reached are left out. */
function writeTable() {
  const used = Array.from({ length: seeds }, (_, seed) => seed).filter((seed) =>
    drawn.some((path) => runs.has(keyOf({ path, seed }))),
  )
  const rows = drawn
    .map((path) => ({ path, runs: used.map((seed) => runs.get(keyOf({ path, seed }))) }))
    .filter((row) => row.runs.every((run) => run !== undefined))
    .map((row) => ({ arch: space.encode(row.path), bySeed: row.runs.map(percent), runs: row.runs }))
  const lines = [
    ...comments(rows, used).map((line) => `# ${line}`),
    ['arch', 'accuracy', ...used.map((seed) => `seed${seed}`)].join(),
    ...rows.map(({ arch, bySeed }) => [arch, mean(bySeed).toFixed(3), ...bySeed.map((x) => x.toFixed(2))].join()),
  ]
  writeFileSync(`${TABLE}.tmp`, `${lines.join('\n')}\n`)
  renameSync(`${TABLE}.tmp`, TABLE)
}

function comments(rows, used) {
  const accuracies = rows.map(({ bySeed }) => mean(bySeed)).sort((a, b) => a - b)
  const quantiles = [0, 0.1, 0.25, 0.5, 0.75, 0.9, 1].map((q) => accuracies[Math.round(q * (rows.length - 1))])
  const seedVariance = mean(rows.map(({ bySeed }) => variance(bySeed)))
  const pairs = used.flatMap((a, i) => used.slice(i + 1).map((b, j) => [a, b, i, i + 1 + j]))
  const tau = ([a, b, i, j]) => {
    const value = kendallTauB(
      rows.map(({ bySeed }) => bySeed[i]),
      rows.map(({ bySeed }) => bySeed[j]),
    )
    return `${a} and ${b} ${value.toFixed(3)}`
  }
  const seconds = rows.flatMap((row) => row.runs).map((run) => run.seconds)
  return [
    'Stand-alone test accuracy, in percent, of NAS-Bench-201 architectures on the embedded part of Fashion-MNIST.',
    `Made by scripts/assets/make-ground-truth.mjs with ${CONFIG}:`,
    settings,
    `${rows.length} architectures drawn uniformly without replacement from the ${space.size}, one per dead-edge class.`,
    `accuracy: mean over the seeds ${used.join(', ')}. Order: as drawn, so the first rows are a sample as well.`,
    `Quantiles 0, 10, 25, 50, 75, 90, 100 %: ${quantiles.map((x) => x.toFixed(2)).join(', ')}`,
    `Standard deviation between seeds: ${Math.sqrt(seedVariance).toFixed(2)}`,
    `Kendall tau-b between seeds: ${pairs.map(tau).join('; ') || 'one seed only'}`,
    `Wall time: ${mean(seconds).toFixed(1)} s per run on one thread, ${(sum(seconds) / 3600).toFixed(2)} h in all.`,
  ]
}

function sum(xs) {
  return xs.reduce((total, x) => total + x, 0)
}

function mean(xs) {
  return sum(xs) / xs.length
}

/** Unbiased; 0 for a single value. */
function variance(xs) {
  return sum(xs.map((x) => (x - mean(xs)) ** 2)) / Math.max(1, xs.length - 1)
}
