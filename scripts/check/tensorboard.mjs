#!/usr/bin/env node
/**
 * Writes a run as an event file of TensorBoard and compares what TensorBoard's own reader finds in it with the log.
 *
 *     npm run check:tensorboard -- RUN --python PYTHON
 *
 * PYTHON has the package tensorboard. Needs `npm run build`.
 */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { savedConfig, writeTensorboard } from 'pada-native'
import '../report-errors.mjs'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { python: { type: 'string', default: 'python3' } },
})
const [run] = positionals
if (run === undefined) {
  process.stderr.write('Expected a run folder but received none\n')
  process.exit(2)
}
const folder = mkdtempSync(join(tmpdir(), 'pada-tensorboard-'))
const reader = fileURLToPath(new URL('read_tensorboard.py', import.meta.url))
await writeTensorboard(run, folder)
const { status, stdout, stderr } = spawnSync(values.python, [reader, folder], { encoding: 'utf8', maxBuffer: 2 ** 30 })
rmSync(folder, { recursive: true })
if (status !== 0) throw new Error(`Expected TensorBoard to read the file but received ${stderr}`)
/** @type {{ scalars: Record<string, [number, number, number][]>, hyperparameters: Record<string, unknown> }} */
const { scalars, hyperparameters } = JSON.parse(stdout)

/** @type {{ event: string, epoch: number, loss: number, gradientVariance: number }[]} */
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
check('the seed among the hyperparameters', hyperparameters.seed, (await savedConfig(run)).seed)
