#!/usr/bin/env node
/**
 * Packs everything that a machine without network needs to run pada-native, for this platform and architecture.
 *
 *     npm run pack:offline -- [--out pada-native-offline.tar.xz] [--tests]
 *
 * The archive holds a folder `pada-native-offline`: `run`, which takes the place of `npx pada-native`; Node's executable;
 * and the package with the packages that it needs. The other machine brings libtorch (such as a Python's torch), a C++20
 * compiler and CMake. There the first `run setup` compiles the addon. `--tests` adds tests and scripts and what they need.
 * Needs `npm run build`, and tar with xz.
 */
import './report-errors.mjs'
import { chmodSync, cpSync, mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs'
import { basename, dirname, join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { UserError } from 'pada-native'
import { run, temporaryFolder } from './support/ending.mjs'

const NAME = 'pada-native-offline'
const RUN = `#!/bin/sh
# Runs pada-native with the Node in this folder, and without network.
here=$(cd "$(dirname "$0")" && pwd)
PATH="$here/bin:$PATH" PADA_OFFLINE=1 exec "$here/bin/node" "$here/pada-native/dist/cli/main.js" "$@"
`
/** What tests and scripts need beyond the published package. */
const TEST_FILES = ['test', 'scripts', 'src', 'tsconfig.json', 'vitest.config.ts']
/** What says that the packages are installed, so that no script asks npm for those that the kit lacks. */
const LOCKS = ['package-lock.json', 'node_modules/.package-lock.json']
/** Development packages that run tests; onnxruntime-web is left out for its size. */
const TEST_PACKAGES = ['vitest', 'fast-check', 'ajv', 'typescript']

const root = fileURLToPath(new URL('..', import.meta.url))
const { values: options } = parseArgs({
  options: { out: { type: 'string', default: `${NAME}.tar.xz` }, tests: { type: 'boolean', default: false } },
})
const out = resolve(options.out)
if (!out.endsWith('.tar.xz'))
  throw new UserError(`Expected a name that ends in .tar.xz for --out but received ${out}`, 2)

mkdirSync(dirname(out), { recursive: true })
// Beside the result, so that it is moved there at once.
const work = temporaryFolder('.pack-', dirname(out))
const kit = join(work, NAME)
const inKit = join(kit, 'pada-native')

mkdirSync(join(kit, 'bin'), { recursive: true })
cpSync(process.execPath, join(kit, 'bin', 'node'))
writeFileSync(join(kit, 'run'), RUN)
chmodSync(join(kit, 'run'), 0o755)
for (const file of await packedFiles()) copy(file)
for (const folder of await installedPackages()) copy(relative(root, folder))
if (options.tests) {
  for (const file of [...TEST_FILES, ...LOCKS]) copy(file)
  // The time of this file says that dist/ is current. What was copied keeps its own time, which is earlier.
  writeFileSync(join(inKit, 'dist', '.compiled'), '')
}

const archive = join(work, basename(out))
const packed = await run('tar', ['-cJf', archive, '-C', work, NAME], {
  stdio: ['ignore', 'inherit', 'inherit'],
  env: { ...process.env, XZ_OPT: '-6 -T0' },
}).then(
  ({ code, signal }) => (code === 0 ? undefined : `it ended with ${code ?? signal}`),
  (error) => error.message,
)
if (packed !== undefined) throw new UserError(`Expected tar to write ${out} with xz but ${packed}`)
renameSync(archive, out)
const megabytes = (statSync(out).size / 1e6).toFixed(1)
console.log(`${out}: ${megabytes} MB, for ${process.platform} ${process.arch} with Node ${process.versions.node}`)

/** Files of the published package, relative to the root. */
async function packedFiles() {
  const [{ files }] = JSON.parse(await npm('pack', '--dry-run', '--json', '--ignore-scripts'))
  return files.map((/** @type {{ path: string }} */ { path }) => path)
}

/**
 * Folders of the packages that are needed, in node_modules.
 *
 * @returns {Promise<Set<string>>}
 */
async function installedPackages() {
  const listed = await npm('ls', '--omit=dev', '--all', '--parseable')
  const needed = new Set(listed.trim().split('\n').slice(1))
  if (options.tests) addWithDependencies(TEST_PACKAGES, needed)
  return needed
}

/**
 * Adds packages of the lock file, and what they depend on, as far as it is installed here.
 *
 * @param {readonly string[]} names
 * @param {Set<string>} needed
 */
function addWithDependencies(names, needed) {
  const { packages } = JSON.parse(readFileSync(join(root, 'node_modules/.package-lock.json'), 'utf8'))
  const seen = new Set()
  const visit = (/** @type {string} */ name, /** @type {string} */ from) => {
    // Node looks for a package beside the one that imports it, then in the folders above.
    for (let place = from; ; place = place.slice(0, Math.max(0, place.lastIndexOf('/node_modules/')))) {
      const key = `${place === '' ? '' : `${place}/`}node_modules/${name}`
      if (key in packages) {
        if (seen.has(key)) return
        seen.add(key)
        needed.add(join(root, key))
        const { dependencies = {}, optionalDependencies = {}, peerDependencies = {} } = packages[key]
        for (const next of Object.keys({ ...dependencies, ...optionalDependencies, ...peerDependencies }))
          visit(next, key)
        return
      }
      if (place === '') return
    }
  }
  for (const name of names) visit(name, '')
}

/** @param {string[]} args */
async function npm(...args) {
  const { code, stdout, stderr } = await run('npm', args, { cwd: root })
  if (code === 0) return stdout
  throw new UserError(`Expected npm ${args[0]} to say what to pack but received ${stderr.trim().split('\n')[0]}`)
}

/** @param {string} path Relative to the root; a package in another is copied with that. */
function copy(path) {
  cpSync(join(root, path), join(inKit, path), {
    recursive: true,
    preserveTimestamps: true,
    filter: (source) => !source.endsWith('.map'),
  })
}
