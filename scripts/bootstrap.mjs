// Brings a clone to the point where dist/cli/main.js runs: packages installed, TypeScript compiled. Plain JavaScript
// without dependencies, because there may be none yet. Each step is skipped where its result is current.
import { spawn } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = dirname(dirname(fileURLToPath(import.meta.url)))
const path = (/** @type {string[]} */ ...parts) => join(root, ...parts)

export async function bootstrap() {
  const [major, minor] = process.versions.node.split('.').map(Number)
  if (!((major === 20 && minor >= 19) || (major === 22 && minor >= 12) || major > 22)) {
    fail(`Expected Node 20 from 20.19 on, or 22.12 or newer, but received ${process.versions.node}`)
  }
  if (!packagesAreInstalled()) await step('Installing packages', 'npm', ['ci', '--no-audit', '--no-fund'])
  if (!distIsCurrent()) {
    const started = new Date()
    await step('Compiling TypeScript', process.execPath, [path('node_modules/typescript/bin/tsc'), '-p', root])
    writeFileSync(path('dist/.compiled'), '')
    utimesSync(path('dist/.compiled'), started, started)
  }
}

/**
 * Runs one of pada-native's commands; resolves to its exit code.
 *
 * @param {string[]} args
 * @returns {Promise<number>}
 */
export function padaNative(args) {
  return run(process.execPath, [path('dist/cli/main.js'), ...args])
}

/**
 * Resolves to the exit code. Signals are passed on and waited out, so that a search can save itself first.
 *
 * @param {string} command
 * @param {string[]} args
 * @returns {Promise<number>}
 */
export function run(command, args) {
  return new Promise((resolve) => {
    const child = spawn(command, args, { cwd: root, stdio: 'inherit' })
    const pass = (/** @type {NodeJS.Signals} */ signal) => child.kill(signal)
    const ignore = () => {} // Ctrl-C reaches the child by itself: it is in the same process group.
    process.on('SIGTERM', pass).on('SIGINT', ignore)
    child.on('error', (error) => fail(`${command}: ${error.message}`))
    child.on('close', (code, signal) => {
      process.off('SIGTERM', pass).off('SIGINT', ignore)
      resolve(code ?? (signal === 'SIGINT' ? 130 : 1))
    })
  })
}

/** Whether every package of package-lock.json is in node_modules at its version. */
function packagesAreInstalled() {
  const installed = path('node_modules/.package-lock.json')
  if (!existsSync(installed)) return false
  const there = lockedPackages(installed)
  const wanted = lockedPackages(path('package-lock.json'))
  return Object.entries(wanted).every(([name, { version, optional }]) => {
    return name === '' || optional || there[name]?.version === version
  })
}

/**
 * The packages of a lock file by their places.
 *
 * @param {string} file
 * @returns {Record<string, { version?: string, optional?: boolean }>}
 */
function lockedPackages(file) {
  return JSON.parse(readFileSync(file, 'utf8')).packages
}

function distIsCurrent() {
  const compiled = statSync(path('dist/.compiled'), { throwIfNoEntry: false })?.mtimeMs ?? 0
  const sources = readdirSync(path('src'), { encoding: 'utf8', recursive: true }).map((file) => path('src', file))
  return [...sources, path('tsconfig.json')].every((file) => statSync(file).mtimeMs < compiled)
}

/**
 * @param {string} title
 * @param {string} command
 * @param {string[]} args
 */
async function step(title, command, args) {
  process.stderr.write(`${title}\n`)
  const code = await run(command, args)
  if (code !== 0) fail(`${title} failed`, code)
}

/**
 * @param {string} message
 * @param {number} [code]
 */
function fail(message, code = 1) {
  process.stderr.write(`${message}\n`)
  process.exit(code)
}
