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
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { isAbsolute, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { UserError } from 'pada-native'
import { addonPath } from '#dist/base/folders.js'
import { currentBuild } from '#dist/setup/stamp.js'

const root = fileURLToPath(new URL('../..', import.meta.url))
const SANITIZERS = 'address,undefined'
const build = join(root, 'build-sanitized')

const libraries = ['libasan.so', 'libubsan.so', 'libstdc++.so.6'].map(libraryOf)
await buildAddon()

const reports = mkdtempSync(join(tmpdir(), 'pada-sanitizers-'))
const [first, ...rest] = process.argv.slice(2)
const vitest = [join(root, 'node_modules/vitest/vitest.mjs'), 'run', '--project', 'native', '--reporter=dot']
const args = first === '--run' ? rest : [...vitest, ...process.argv.slice(2)]
const options = `log_path=${join(reports, 'report')}:print_stacktrace=1:halt_on_error=0`
const code = await run(args, {
  LD_PRELOAD: libraries.join(' '),
  // Memory that was freed is kept for a while, to find out who still uses it; tests measure memory too.
  ASAN_OPTIONS: `${options}:detect_leaks=0:quarantine_size_mb=16`,
  UBSAN_OPTIONS: options,
  NODE_OPTIONS: `--require "${join(root, 'scripts/check/sanitized-addon.cjs')}"`,
  PADA_SANITIZED_ADDON: addonPath(build),
})
const found = readdirSync(reports).sort()
for (const name of found) console.log(readFileSync(join(reports, name), 'utf8'))
rmSync(reports, { recursive: true })
console.log(`${found.length === 0 ? 'No report' : `Reports of ${found.length} processes`}, exit code ${code}`)
process.exitCode = found.length > 0 || code !== 0 ? 1 : 0

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

async function buildAddon() {
  const libtorch = currentBuild()?.libtorch.root
  if (libtorch === undefined) throw new UserError('Expected a built addon but there is none: npm run build:native')
  const cli = join(root, 'node_modules/cmake-js/bin/cmake-js')
  const shared = ['--log-level', 'warn', '--directory', root, '--out', build, `--CDLIBTORCH=${libtorch}`]
  for (const command of [['configure'], ['build', '--parallel', `${Math.min(availableParallelism(), 4)}`]]) {
    const code = await run([cli, ...command, ...shared, `--CDPADA_SANITIZE=${SANITIZERS}`], {})
    if (code !== 0) throw new UserError(`Expected the addon to build in ${build} but cmake-js exited ${code}`)
  }
}

/**
 * Runs Node in the package; resolves to its exit code.
 *
 * @param {readonly string[]} args
 * @param {NodeJS.ProcessEnv} variables
 * @returns {Promise<number | string>}
 */
function run(args, variables) {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, { cwd: root, stdio: 'inherit', env: { ...process.env, ...variables } })
    child.on('error', reject).on('close', (code, signal) => resolve(code ?? String(signal)))
  })
}
