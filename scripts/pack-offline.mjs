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
import { execFileSync, spawnSync } from 'node:child_process'
import {
  chmodSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { basename, dirname, join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { UserError } from 'pada-native'

const NAME = 'pada-native-offline'
const RUN = `#!/bin/sh
# Runs pada-native with the Node in this folder, and without network.
here=$(cd "$(dirname "$0")" && pwd)
PATH="$here/bin:$PATH" PADA_OFFLINE=1 exec "$here/bin/node" "$here/pada-native/dist/cli/main.js" "$@"
`
/** What tests and scripts need beyond the published package. */
const TEST_FILES = ['test', 'scripts', 'src', 'tsconfig.json', 'vitest.config.ts']
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
const work = mkdtempSync(join(dirname(out), '.pack-'))
process.once('exit', () => rmSync(work, { recursive: true, force: true }))
const kit = join(work, NAME)
const inKit = join(kit, 'pada-native')

mkdirSync(join(kit, 'bin'), { recursive: true })
cpSync(process.execPath, join(kit, 'bin', 'node'))
writeFileSync(join(kit, 'run'), RUN)
chmodSync(join(kit, 'run'), 0o755)
for (const file of packedFiles()) copy(file)
for (const folder of installedPackages()) copy(relative(root, folder))
if (options.tests) {
  copy('package-lock.json')
  for (const file of TEST_FILES) copy(file)
}

const archive = join(work, basename(out))
const packed = spawnSync('tar', ['-cJf', archive, '-C', work, NAME], {
  stdio: ['ignore', 'inherit', 'inherit'],
  env: { ...process.env, XZ_OPT: '-6 -T0' },
})
if (packed.status !== 0) {
  throw new UserError(
    `Expected tar to write ${out} with xz but ${packed.error?.message ?? `it ended with ${packed.status}`}`,
  )
}
renameSync(archive, out)
const megabytes = (statSync(out).size / 1e6).toFixed(1)
console.log(`${out}: ${megabytes} MB, for ${process.platform} ${process.arch} with Node ${process.versions.node}`)

/** Files of the published package, relative to the root. */
function packedFiles() {
  const [{ files }] = JSON.parse(npm('pack', '--dry-run', '--json', '--ignore-scripts'))
  return files.map((/** @type {{ path: string }} */ { path }) => path)
}

/**
 * Folders of the packages that are needed, in node_modules.
 *
 * @returns {Set<string>}
 */
function installedPackages() {
  const needed = new Set(npm('ls', '--omit=dev', '--all', '--parseable').trim().split('\n').slice(1))
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
function npm(...args) {
  return execFileSync('npm', args, {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 1 << 28,
    stdio: ['ignore', 'pipe', 'ignore'],
  })
}

/** @param {string} path Relative to the root; a package in another is copied with that. */
function copy(path) {
  cpSync(join(root, path), join(inKit, path), { recursive: true, filter: (source) => !source.endsWith('.map') })
}
