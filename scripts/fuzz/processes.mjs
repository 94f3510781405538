#!/usr/bin/env node
/**
 * Strikes one of three processes that train together, at a random moment: kills it, stops it or interrupts it. All of
 * them must end, soon and with the right exit code, and the run must go on with another number of processes.
 *
 *     node scripts/fuzz/processes.mjs [--rounds 100] [--seed 0]
 *
 * Prints the seed of every round that goes wrong, with which it can be repeated alone (`--seed N --rounds 1`); exits 1
 * if there is one. Needs `npm run build`, the addon and Linux.
 */
import '../report-errors.mjs'
import { spawn } from 'node:child_process'
import { existsSync, readFileSync, rmSync, utimesSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { RandomStream } from '#dist/base/random.js'
import { run as runToEnd, temporaryFolder } from '../support/ending.mjs'
import { wholeOption } from '../support/whole-option.mjs'

const MAIN = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url))
const SETTINGS = fileURLToPath(new URL('../../test/cli/tiny.yaml', import.meta.url))
/** Seconds without a sign of life, and those in which all processes must have ended. */
const SILENCE = 3
const LIMIT = 20

const { values } = parseArgs({
  options: { rounds: { type: 'string', default: '100' }, seed: { type: 'string', default: '0' } },
})
const [rounds, from] = [wholeOption(values, 'rounds'), wholeOption(values, 'seed', 0)]

/** @type {number[]} The processes that a round strikes one of; the end of this script is theirs. */
let all = []
process.once('exit', () => killThoseAlive())

function killThoseAlive() {
  for (const pid of all) if (lives(pid)) process.kill(pid, 'SIGKILL')
}

/** @param {number} pid */
function lives(pid) {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1][0] !== 'Z'
  } catch {
    return false
  }
}

/**
 * What went wrong, if anything.
 *
 * @param {number} seed
 * @param {string} folder
 */
async function round(seed, folder) {
  const random = RandomStream.named(seed, 'processes')
  const run = join(folder, `${seed}`)
  const settings = [
    'training.epochs=12',
    'training.checkpointSeconds=0',
    `distributed.silenceSeconds=${SILENCE}`,
    'distributed.startSeconds=8',
  ]
  const words = ['train', '--config', SETTINGS, '--set', ...settings, '--out', run, '--processes', '3', '--json']
  const first = spawn(process.execPath, [MAIN, ...words], { stdio: ['ignore', 'ignore', 'pipe'] })
  let said = ''
  first.stderr.on('data', (text) => {
    said += text
  })
  const end = new Promise((done) => first.on('exit', (code, signal) => done({ code, signal })))
  await sleep(300 + random.integer(4000))
  const file = `/proc/${first.pid}/task/${first.pid}/children`
  const others = existsSync(file) ? readFileSync(file, 'utf8').trim().split(' ').filter(Boolean).map(Number) : []
  if (first.pid === undefined) throw new Error('Expected a process but it did not start')
  all = [first.pid, ...others]
  const victim = all[random.integer(all.length)]
  const strike = ['SIGKILL', 'SIGKILL', 'SIGKILL', 'SIGSTOP', 'SIGTERM'][random.integer(5)]
  const what = `${strike} of rank ${all.indexOf(victim)} of ${all.length}`
  if (first.exitCode === null) process.kill(victim, strike)
  const began = performance.now()
  const rest = () => all.filter((pid) => pid !== victim && lives(pid))
  while (rest().length > 0) {
    if (performance.now() - began > 1000 * LIMIT) {
      killThoseAlive()
      return `${what}: processes live on after ${LIMIT} s: ${said}`
    }
    await sleep(20)
  }
  if (strike === 'SIGSTOP' && lives(victim)) process.kill(victim, 'SIGCONT')
  const { code } = await end
  all = []
  // A process that is interrupted before it has joined the others ends like any program.
  const allowed =
    strike === 'SIGTERM'
      ? [0, 130, said.includes('did not join') ? 1 : 130, null]
      : victim === first.pid
        ? [0, 1, null]
        : [0, 1]
  if (!allowed.includes(code)) return `${what}: exit code ${code}: ${said}`
  if (!existsSync(join(run, 'config.yaml'))) return undefined
  if (existsSync(join(run, 'writer.lock'))) utimesSync(join(run, 'writer.lock'), 0, 0)
  const processes = `${1 + random.integer(3)}`
  // Nothing strikes now, so a busy machine may take its time.
  const patient = ['--set', 'distributed.startSeconds=60']
  const resume = ['train', '--resume', run, ...patient, '--processes', processes, '--json']
  const resumed = await runToEnd(process.execPath, [MAIN, ...resume], { timeout: 120_000 })
  if (resumed.code === 0) return undefined
  return `${what}: resumed by ${processes}: exit code ${resumed.code}: ${resumed.stderr}`
}

const folder = temporaryFolder('pada-fuzz-processes-')
let wrong = 0
for (let seed = from; seed < from + rounds; seed++) {
  const complaint = await round(seed, folder)
  if (complaint !== undefined) {
    wrong++
    console.log(`seed ${seed}: ${complaint}`)
  }
  rmSync(join(folder, `${seed}`), { recursive: true, force: true })
}
console.log(`${rounds} rounds: ${wrong} wrong`)
process.exit(wrong > 0 ? 1 : 0)
