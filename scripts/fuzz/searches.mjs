/** Small searches that something happens to, and whether they continue to the numbers of an unbroken one. */
import { existsSync, readFileSync, rmSync, utimesSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { isDeepStrictEqual, parseArgs } from 'node:util'
import { deserialize } from 'node:v8'
import { run as runToEnd, temporaryFolder } from '../support/ending.mjs'
import { wholeOption } from '../support/whole-option.mjs'
import { randomSource } from './mutate.mjs'

const root = fileURLToPath(new URL('../..', import.meta.url))
const config = ['--config', join(root, 'test/cli/tiny.yaml')]
const settings = [...config, '--set', 'training.checkpointSeconds=0', 'ranking.subModels=10']

/**
 * One round: the folder of the run, writes of the unbroken search, and draws.
 *
 * @typedef {{ run: string, unbroken: string, writes: import('./writes.mjs').Write[]
 *   random: import('./mutate.mjs').RandomSource }} Round
 */

/**
 * Does `--rounds` rounds from `--seed` on; each strikes a search and then continues it. Prints the seed of each that
 * goes wrong. Ends the process, with 1 if there is one.
 *
 * @param {number} rounds Their number by default.
 * @param {(round: Round) => string | undefined | Promise<string | undefined>} strike What is wrong already, if anything.
 */
export async function fuzzSearches(rounds, strike) {
  const { values } = parseArgs({
    options: { rounds: { type: 'string', default: `${rounds}` }, seed: { type: 'string', default: '0' } },
  })
  const [count, first] = [wholeOption(values, 'rounds'), wholeOption(values, 'seed', 0)]
  const folder = temporaryFolder('pada-fuzz-')
  const unbroken = join(folder, 'unbroken')
  const whole = await pada(['search', ...settings, '--out', unbroken], { how: 'record', to: join(folder, 'writes') })
  const expected = resultOf(whole)
  if (expected === undefined) throw new Error(`Expected a search that ends well but received ${whole.stderr}`)
  const writes = deserialize(readFileSync(join(folder, 'writes')))
  let wrong = 0
  for (let seed = first; seed < first + count; seed++) {
    const run = join(folder, `run${seed}`)
    const struck = await strike({ run, unbroken, writes, random: randomSource(seed) })
    const complaint = struck ?? (await complaintOfContinuation(run, expected))
    if (complaint !== undefined) {
      wrong++
      console.log(`seed ${seed}: ${complaint}`)
    }
    rmSync(run, { recursive: true, force: true })
  }
  console.log(`${count} rounds, ${writes.length} writes each: ${wrong} wrong`)
  process.exit(wrong > 0 ? 1 : 0)
}

/**
 * Begins the search of a round, to which the query of strike.mjs happens.
 *
 * @param {string} run
 * @param {Record<string, string>} query
 */
export function begin(run, query) {
  return pada(['search', ...settings, '--out', run], query)
}

/**
 * Continues a run, or begins it if it has not begun, and compares its result.
 *
 * @param {string} run
 * @param {unknown} expected
 */
async function complaintOfContinuation(run, expected) {
  const lock = join(run, 'writer.lock')
  // The lock of a dead process may be taken over after a while.
  if (existsSync(lock)) utimesSync(lock, 0, 0)
  const begun = existsSync(join(run, 'config.yaml'))
  const outcome = await pada(['search', ...(begun ? ['--resume', run] : [...settings, '--out', run])])
  const result = resultOf(outcome)
  if (result === undefined) return outcome.stderr.trimEnd().split('\n').at(-1)
  if (!isDeepStrictEqual(result, expected)) return 'another result'
  if (outcome.stdout.includes('"file":"events.jsonl"')) return 'a log that lost events'
  for (const name of ['events.jsonl', 'evaluated.jsonl']) {
    for (const line of readFileSync(join(run, name), 'utf8').trimEnd().split('\n')) JSON.parse(line)
  }
  return undefined
}

/**
 * @param {readonly string[]} args
 * @param {Record<string, string>} [query] Of strike.mjs.
 */
function pada(args, query) {
  const hook = new URL('strike.mjs', import.meta.url)
  hook.search = new URLSearchParams(query).toString()
  const node = query === undefined ? [] : ['--import', hook.href]
  const command = [...node, join(root, 'dist/cli/main.js'), ...args, '--json']
  return runToEnd(process.execPath, command)
}

/**
 * The result of a search without what differs between equal ones; undefined if it has none.
 *
 * @param {import('../support/ending.mjs').Outcome} outcome
 */
function resultOf({ stdout, code }) {
  if (code !== 0) return undefined
  const { run: _run, seconds: _seconds, ...result } = JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '{}')
  return result
}
