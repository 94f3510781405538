#!/usr/bin/env node
/**
 * Everything that is to be known of a GPU, in a time that is short: is the addon right there, and how fast is it?
 *
 *     node scripts/check/cuda.mjs [--minutes 9] [--out FOLDER] [--device cuda] [--from STEP] [--quick]
 *         [--addon FILE] [--golden FOLDER] [--cifar10 FOLDER --table FILE] [--python PYTHON]
 *
 * Tries an addon that was built before (--addon, see prebuilt-addon.mjs), or builds one; then doctor, golden values, a
 * search on the embedded data, steps with the addon's own kernels, without, and with cuDNN's search, DARTS and
 * ProxylessNAS by own kernels and by cuDNN's, evaluations with graphs and without, benchmarks (batches of 256 and
 * 1,024, in each precision, training and evaluation), the same beside eager PyTorch for three networks (--python), the
 * native tests on the GPU, and as much as is left of the paper's training (--cifar10, --table), which the next call
 * continues. A step that fails, or takes longer than its limit, does not stop the others.
 * `results.json` in --out has what each step gave, and is whole after each step; `log.txt` has what each printed. The
 * folder is `runs/check-DEVICE`, with `-quick` after it if --quick is given: a rehearsal leaves no run that the real check
 * would go on with. --from begins with a later step, and keeps what the earlier ones gave. --quick does little of
 * everything; with --device cpu it rehearses the script where there is no GPU. Exits 1 if a step failed, or if two that
 * must give the same numbers do not. Needs `npm run build`.
 */
import '../report-errors.mjs'
import { spawn } from 'node:child_process'
import { appendFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { UserError } from 'pada-native'
import { writeAtomically } from '#dist/base/atomic.js'
import { endedFirst } from '../support/ending.mjs'
import { EQUAL, placeOf, stepsOf } from './cuda-steps.mjs'

/** Characters of a step's output that the results keep if it fails; the log has all. */
const KEPT = 2_000
/** Seconds that a training takes to save itself, and a process to end. */
const ENDING = 15
/** Relative difference of two losses by rounding: a library may choose another algorithm in a graph. */
const ROUNDING = 1e-5

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '9' },
    out: { type: 'string' },
    device: { type: 'string', default: 'cuda' },
    from: { type: 'string' },
    quick: { type: 'boolean', default: false },
    addon: { type: 'string' },
    golden: { type: 'string' },
    cifar10: { type: 'string' },
    table: { type: 'string' },
    python: { type: 'string' },
  },
})
const minutes = Number(values.minutes)
if (!(minutes > 0)) throw new UserError(`Expected minutes above 0 but received ${values.minutes}`, 2)
const out = resolve(values.out ?? `runs/check-${values.device}${values.quick ? '-quick' : ''}`)
const deadline = performance.now() + 60_000 * minutes
const left = () => (deadline - performance.now()) / 1000

const steps = stepsOf({ ...values, out })
const first = placeOf(steps, values.from)
mkdirSync(out, { recursive: true })
const log = join(out, 'log.txt')
if (first === 0) writeFileSync(log, '')
/** @type {Result[]} */
const results = first === 0 ? [] : earlierResults().filter(({ name }) => isKept(name))
for (const step of steps.slice(first)) {
  const result = withoutContradiction(await perform(step))
  results.push(result)
  console.log(
    `${result.outcome.padEnd(9)} ${step.name} (${result.seconds.toFixed(1)} s)${result.why ? `: ${result.why}` : ''}`,
  )
  await writeAtomically(join(out, 'results.json'), `${JSON.stringify({ device: values.device, results }, null, 2)}\n`)
}
const failed = results.filter(({ outcome }) => outcome === 'failed').length
console.log(`${results.length} steps, ${failed} failed: ${join(out, 'results.json')}`)
process.exitCode = failed > 0 ? 1 : 0

/**
 * @typedef {{
 *   name: string
 *   outcome: 'done' | 'failed' | 'left out'
 *   seconds: number
 *   why?: string
 *   output?: unknown[]
 * }} Result `output`: the JSON that the step printed.
 */

/** True for a step that comes before the first one, or that there is with other options only. @param {string} name */
function isKept(name) {
  return !steps.slice(first).some((step) => step.name === name)
}

/** What the steps of an earlier call gave. @returns {Result[]} */
function earlierResults() {
  const file = join(out, 'results.json')
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')).results : []
}

/**
 * The result, failed if an earlier step should have given the same losses and has not.
 *
 * @param {Result} result
 * @returns {Result}
 */
function withoutContradiction(result) {
  const lossesOf = (/** @type {Result | undefined} */ one) =>
    /** @type {{ losses?: number[] } | undefined} */ (one?.output?.[0])?.losses
  const same = EQUAL.find(([, name]) => name === result.name)?.[0]
  const [wanted, losses] = [lossesOf(results.find(({ name }) => name === same)), lossesOf(result)]
  if (wanted === undefined || losses === undefined) return result
  const at = losses.findIndex((loss, i) => !(Math.abs(loss - wanted[i]) <= ROUNDING * Math.abs(wanted[i])))
  if (at < 0) return result
  const why = `Expected the losses of “${same}”, such as ${wanted[at]}, but received ${losses[at]}`
  return { ...result, outcome: 'failed', why }
}

/**
 * @param {import('./cuda-steps.mjs').Step} step
 * @returns {Promise<Result>}
 */
async function perform({ name, command, limit, env, needs, last, anew }) {
  const without = (/** @type {string} */ why) => ({ name, outcome: /** @type {const} */ ('left out'), seconds: 0, why })
  if (needs !== undefined) return without(`needs ${needs}`)
  const seconds = Math.min(limit, left() - ENDING)
  if (seconds <= 0) return without('no time was left')
  appendFileSync(log, `\n── ${name}: ${command.join(' ')}\n`)
  if (anew !== undefined) rmSync(anew, { recursive: true, force: true })
  const start = performance.now()
  const { code, stdout, stderr, ran } = await runFor(seconds, last ? continued(command) : command, env)
  const took = (performance.now() - start) / 1000
  const output = jsonLines(stdout)
  // A training that was interrupted has saved itself.
  const done = code === 0 || (last && !ran && code === 130)
  if (done) return { name, outcome: 'done', seconds: took, output: last ? output.slice(-3) : output }
  const why = ran ? `it ended with ${code}` : `it took more than ${seconds.toFixed(0)} s`
  return { name, outcome: 'failed', seconds: took, why: `${why}: ${(stderr || stdout).slice(-KEPT).trim()}`, output }
}

/**
 * Runs a command, which is interrupted after some seconds, and killed if it does not end then.
 *
 * @param {number} seconds
 * @param {string[]} command
 * @param {NodeJS.ProcessEnv} [env]
 */
async function runFor(seconds, [program, ...args], env) {
  const child = spawn(program, args, {
    env: { ...process.env, PADA_OFFLINE: '1', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const said = { stdout: '', stderr: '' }
  for (const stream of /** @type {const} */ (['stdout', 'stderr'])) {
    child[stream].setEncoding('utf8').on('data', (text) => {
      said[stream] += text
      appendFileSync(log, text)
    })
  }
  // A signal to this script alone would leave the step on the GPU.
  endedFirst(child)
  let ran = true
  const stop = new AbortController()
  const limit = sleep(1000 * seconds, undefined, { signal: stop.signal })
    .then(async () => {
      ran = false
      child.kill('SIGTERM')
      await sleep(1000 * ENDING, undefined, { signal: stop.signal })
      child.kill('SIGKILL')
    })
    .catch(() => {})
  const code = await new Promise((done) => {
    child.on('error', ({ message }) => {
      said.stderr += message
      done(null)
    })
    // Not its output's end: a process that it began may hold that.
    child.on('exit', (code) => setTimeout(done, 200, code))
  })
  stop.abort()
  await limit
  return { code, ran, ...said }
}

/**
 * The command that continues a training, if its run is there.
 *
 * @param {string[]} command
 */
function continued(command) {
  const at = command.indexOf('--out')
  if (!existsSync(join(command[at + 1], 'config.yaml'))) return command
  const set = command.slice(command.indexOf('--set'))
  return [...command.slice(0, at), '--resume', command[at + 1], ...set]
}

/**
 * The JSON in what a command printed: one value, or one per line.
 *
 * @param {string} text
 * @returns {unknown[]}
 */
function jsonLines(text) {
  const parse = (/** @type {string} */ part) => {
    try {
      return [JSON.parse(part)]
    } catch {
      return []
    }
  }
  const whole = parse(text)
  return whole.length > 0
    ? whole
    : text
        .split('\n')
        .filter((line) => line.startsWith('{'))
        .flatMap(parse)
}
