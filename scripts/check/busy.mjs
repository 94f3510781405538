#!/usr/bin/env node
/**
 * Runs the tests again and again while every core is busy with something else. A test that counts on something
 * to happen soon fails then, if not every time.
 *
 *     npm run check:busy -- [--times 10] [--project unit] [FILE …]
 *
 * Without a project all three are run; FILEs choose among their tests. Prints one line per run, with the failures of
 * those that fail, and a sum; exits 1 if any failed. Needs `npm run build` and `npm run build:native`.
 */
import '../report-errors.mjs'
import { spawn } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { run, temporaryFolder } from '../support/ending.mjs'
import { wholeOption } from '../support/whole-option.mjs'

const root = fileURLToPath(new URL('../..', import.meta.url))
/** Of what a run printed, when it failed without a failed test. */
const LAST_LINES = 30

/**
 * What is used of the report of vitest.
 *
 * @typedef {object} Report
 * @property {number} numPassedTests
 * @property {{ assertionResults: { status: string, fullName: string, failureMessages: string[] }[] }[]} testResults
 */

/** @returns {{ times: number, choice: string[] }} `choice` is what vitest is to be told. */
function readOptions() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { times: { type: 'string', default: '10' }, project: { type: 'string' } },
  })
  const times = wholeOption(values, 'times')
  return { times, choice: [...(values.project === undefined ? [] : ['--project', values.project]), ...positionals] }
}

/** Starts a process per core that computes until its input is closed: by the function returned, or as this process ends. */
function keepBusy() {
  const script = `new (require('node:worker_threads').Worker)('for (;;);', { eval: true })
    process.stdin.on('close', () => process.exit()).resume()`
  const others = Array.from({ length: availableParallelism() }, () =>
    spawn(process.execPath, ['-e', script], { stdio: ['pipe', 'ignore', 'inherit'] }),
  )
  return () => {
    for (const { stdin } of others) stdin.end()
  }
}

/**
 * Runs the tests once, and says how that went.
 *
 * @param {readonly string[]} choice
 * @param {string} file Where vitest is to report.
 */
async function runTests(choice, file) {
  const start = performance.now()
  const reporters = ['--reporter=dot', '--reporter=json', `--outputFile.json=${file}`]
  const vitest = join(root, 'node_modules/vitest/vitest.mjs')
  const { code, stdout, stderr } = await run(process.execPath, [vitest, 'run', ...reporters, ...choice], {
    cwd: root,
    env: { ...process.env, NO_COLOR: '1' },
  })
  const seconds = (performance.now() - start) / 1000
  const { passed, failures } = readReport(file)
  // Such as an error that no test awaits, or a file that cannot be loaded.
  const unexplained = code !== 0 && failures.length === 0
  if (unexplained) failures.push(`${stdout}\n${stderr}`.trim().split('\n').slice(-LAST_LINES).join('\n'))
  return { passed, failures, seconds }
}

/**
 * The tests that passed and failed: none where vitest itself broke down.
 *
 * @param {string} file
 * @returns {{ passed: number, failures: string[] }}
 */
function readReport(file) {
  if (!existsSync(file)) return { passed: 0, failures: [] }
  /** @type {Report} */
  const report = JSON.parse(readFileSync(file, 'utf8'))
  const tests = report.testResults.flatMap(({ assertionResults }) => assertionResults)
  const failures = tests
    .filter(({ status }) => status === 'failed')
    .map(({ fullName, failureMessages }) => `${fullName}\n${failureMessages.join('\n')}`)
  return { passed: report.numPassedTests, failures }
}

const { times, choice } = readOptions()
const folder = temporaryFolder('pada-busy-')
const rest = keepBusy()
let bad = 0
try {
  for (let round = 1; round <= times; round++) {
    const { passed, failures, seconds } = await runTests(choice, join(folder, `${round}.json`))
    if (failures.length > 0) bad++
    console.log(`run ${round} of ${times}: ${passed} passed, ${failures.length} failed, ${seconds.toFixed(0)} s`)
    for (const failure of failures) console.log(failure.replace(/^/gm, '    '))
  }
} finally {
  rest()
}
console.log(`${times - bad} of ${times} runs without a failure, with ${availableParallelism()} cores busy besides`)
process.exitCode = bad > 0 ? 1 : 0
