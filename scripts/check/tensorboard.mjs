#!/usr/bin/env node
/**
 * Writes a run as an event file of TensorBoard and compares what TensorBoard's own reader finds in it with the log.
 *
 *     npm run check:tensorboard -- RUN --python PYTHON
 *
 * PYTHON has the package tensorboard. Needs `npm run build`.
 */
import { readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { savedConfig, UserError, writeReport, writeTensorboard } from 'pada-native'
import '../report-errors.mjs'
import { run as runToEnd, temporaryFolder } from '../support/ending.mjs'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { python: { type: 'string', default: 'python3' } },
})
const [run] = positionals
if (run === undefined) throw new UserError('Expected a run folder but received none', 2)
const folder = temporaryFolder('pada-tensorboard-')
const reader = fileURLToPath(new URL('read_tensorboard.py', import.meta.url))
await writeTensorboard(run, folder)
const { code, stdout, stderr } = await runToEnd(values.python, [reader, folder]).catch((error) => {
  throw new UserError(`Expected a Python for --python but received ${values.python}: ${error.message}`, 2)
})
if (code !== 0) {
  throw new UserError(`Expected TensorBoard to read the file but received ${stderr.trim().split('\n').at(-1)}`)
}
/**
 * @type {{
 *   scalars: Record<string, [number, number, number][]>,
 *   histograms: Record<string, [number, { num: number, sum: number, bucket_limit: number[], bucket: number[] }][]>,
 *   images: Record<string, [number, number, number, [number, number]][]>,
 *   hyperparameters: Record<string, unknown>,
 * }}
 */
const { scalars, histograms, images, hyperparameters } = JSON.parse(stdout)

/** @type {{ event: string, epoch: number, loss: number, gradientVariance: number, pathDistribution?: number[] | number[][] }[]} */
const events = readFileSync(join(run, 'events.jsonl'), 'utf8')
  .trimEnd()
  .split('\n')
  .map((line) => JSON.parse(line))
const epochs = events.filter(({ event }) => event === 'epoch')

/**
 * @param {string} what
 * @param {unknown} received
 * @param {unknown} wanted
 */
function check(what, received, wanted) {
  const same = JSON.stringify(received) === JSON.stringify(wanted)
  process.stdout.write(`${same ? 'same' : 'DIFFERENT'}: ${what}\n`)
  if (!same) process.exitCode = 1
}

for (const [tag, name] of /** @type {const} */ ([
  ['train/loss', 'loss'],
  ['gradient_variance/all', 'gradientVariance'],
])) {
  const read = scalars[tag].map(([step, , value]) => [step, value])
  const logged = epochs.map((epoch) => [epoch.epoch + 1, Math.fround(epoch[name])])
  check(`${tag}, ${logged.length} steps`, read, logged)
}
const distributions = epochs.flatMap(({ epoch, pathDistribution }) => {
  if (pathDistribution === undefined) return []
  const lists = /** @type {number[][]} */ (Array.isArray(pathDistribution[0]) ? pathDistribution : [pathDistribution])
  const means = lists[0].map(
    (_, k) => lists.map((list) => list[k]).reduce((sum, share) => sum + share, 0) / lists.length,
  )
  return [[epoch + 1, means]]
})
const shown = (histograms['paths/distribution'] ?? []).map(([step, { bucket }]) => [step, bucket])
check(`paths/distribution, ${distributions.length} steps`, shown, distributions)
const draws = histograms['images/expected_draws'] ?? []
process.stdout.write(`images/expected_draws: ${draws.length === 0 ? 'none' : `${draws[0][1].num} images`}\n`)
for (const [, { num, sum, bucket }] of draws) {
  check('their mean is 1', (sum / num).toFixed(9), '1.000000000')
  check(
    'all are in a bucket',
    bucket.reduce((total, count) => total + count, 0),
    num,
  )
}
const report = temporaryFolder('pada-report-')
const { figures } = await writeReport([run], { out: join(report, 'report.html'), figures: report })
const pictures = figures.filter((file) => file.endsWith('.png')).map((file) => `pictures/${basename(file, '.png')}`)
check(`${pictures.length} pictures of the report`, Object.keys(images).sort(), pictures.sort())
for (const [tag, [[step, width, height, size]]] of Object.entries(images)) {
  check(`${tag}, ${width} × ${height}`, [step, size], [epochs.length, [width, height]])
}
check('the seed among the hyperparameters', hyperparameters.seed, (await savedConfig(run)).seed)
