#!/usr/bin/env node
/**
 * Runs the native tests, or a script, with the addon under AddressSanitizer and UndefinedBehaviorSanitizer.
 *
 *     npm run check:sanitizers -- [FILE …]
 *     npm run check:sanitizers -- --run scripts/fuzz/programs.mjs [options of the script]
 *
 * FILEs choose among the native tests. Builds the addon in `build-sanitized/` first; the usual build stays as it is.
 * Leaks are not looked for here, because Node and libtorch never free much of theirs: see leaks.mjs. Prints every
 * report; exits 1 if there is one, or if what was run fails. Needs GCC and its sanitizers' libraries, `npm run build`,
 * and the addon (`npm run build:native`), for its libtorch.
 */
import '../report-errors.mjs'
import { spawn, spawnSync } from 'node:child_process'
import { isAbsolute, join } from 'node:path'
import { createInterface } from 'node:readline'
import { UserError } from 'pada-native'
import { addonPath } from '#dist/base/folders.js'
import { buildAddon, root } from './build-addon.mjs'

const SANITIZERS = 'address,undefined'
const build = join(root, 'build-sanitized')
let reports = 0

const libraries = ['libasan.so', 'libubsan.so', 'libstdc++.so.6'].map(libraryOf)
await buildAddon(build, [`PADA_SANITIZE=${SANITIZERS}`], (args) => run(args, {}))

const [first, ...rest] = process.argv.slice(2)
const vitest = [join(root, 'node_modules/vitest/vitest.mjs'), 'run', '--project', 'native', '--reporter=dot']
const args = first === '--run' ? rest : [...vitest, ...process.argv.slice(2)]
const options = 'print_stacktrace=1:halt_on_error=0'
const code = await run(args, {
  LD_PRELOAD: libraries.join(' '),
  // Memory that was freed is kept for a while, to find out who still uses it; tests measure memory too.
  ASAN_OPTIONS: `${options}:detect_leaks=0:quarantine_size_mb=16`,
  UBSAN_OPTIONS: options,
  NODE_OPTIONS: `--require "${join(root, 'scripts/check/sanitized-addon.cjs')}"`,
  PADA_SANITIZED_ADDON: addonPath(build),
})
console.log(`${reports} reports; what was run ended with ${code}`)
process.exitCode = reports > 0 || code !== 0 ? 1 : 0

/**
 * The path of a library of the compiler.
 *
 * @param {string} name
 */
function libraryOf(name) {
  const compiler = process.env.CXX ?? 'c++'
  const path = spawnSync(compiler, [`-print-file-name=${name}`], { encoding: 'utf8' }).stdout?.trim()
  if (path !== undefined && isAbsolute(path)) return path
  throw new UserError(`Expected GCC with ${name} for the compiler but received ${compiler}`)
}

/**
 * Runs Node in the package; resolves to its exit code. What ends this process ends it too, so that reports are printed.
 *
 * @param {readonly string[]} args
 * @param {NodeJS.ProcessEnv} variables
 * @returns {Promise<number | string>}
 */
function run(args, variables) {
  return new Promise((resolve, reject) => {
    const env = { ...process.env, ...variables }
    const child = spawn(process.execPath, args, { cwd: root, stdio: ['inherit', 'pipe', 'pipe'], env })
    // The two sanitizers' options undo each other's `log_path`, so both write to the standard error output.
    for (const [from, to] of /** @type {const} */ ([
      [child.stdout, process.stdout],
      [child.stderr, process.stderr],
    ])) {
      from.pipe(to, { end: false })
      createInterface(from).on('line', (line) => {
        if (/ERROR: AddressSanitizer|: runtime error: /.test(line)) reports++
      })
    }
    const pass = (/** @type {NodeJS.Signals} */ signal) => child.kill(signal)
    process.on('SIGTERM', pass)
    child.on('error', reject).on('close', (code, signal) => {
      process.off('SIGTERM', pass)
      resolve(code ?? String(signal))
    })
  })
}
