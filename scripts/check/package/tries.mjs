// What strangers try, one function each. Those that return a text did not try, and say why.
import { existsSync, mkdirSync, readdirSync, readFileSync, realpathSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { expect, freshCache, makeReadOnly, run, SEARCH, workshop } from './stranger.mjs'

/** @typedef {import('./stranger.mjs').Stranger} Stranger */
/** @typedef {import('./stranger.mjs').Environment} Environment */

const TAKEN = 'The addon was built before'

/** @param {Stranger} stranger */
export async function imports(stranger) {
  const print = `console.log(typeof search, new UserError('x') instanceof Error)`
  stranger.write('use.js', `import { search, UserError } from 'pada-native'\n${print}\n`)
  stranger.write('use.cjs', `const { search, UserError } = require('pada-native')\n${print}\n`)
  for (const file of ['use.js', 'use.cjs']) {
    expect(`what ${file} prints`, (await stranger.succeed(process.execPath, [file])).trim(), 'function true')
  }
}

/**
 * @param {Stranger} stranger
 * @param {Environment} own
 */
export async function ownLibtorch(stranger, own) {
  stranger.forgetAddon()
  const cache = freshCache('own libtorch')
  const { libtorch, stderr } = await stranger.works({ ...own, PADA_CACHE: cache })
  expect('the origin of libtorch', libtorch.origin, 'LIBTORCH')
  expect('how the addon got there', stderr, new RegExp(TAKEN))
  expect('what the cache has', readdirSync(cache).join(), 'addons')
}

/** @param {Stranger} stranger */
export async function offlineWithNothing(stranger) {
  stranger.forgetAddon()
  const cache = join(workshop, 'nothing')
  mkdirSync(cache)
  const env = { PADA_OFFLINE: '1', LIBTORCH: '', PADA_PYTHON: join(cache, 'python3'), PADA_CACHE: cache }
  for (const command of [['setup'], SEARCH]) {
    const { code, stdout, stderr } = await stranger.pada(command, env)
    expect(`the exit code of ${command[0]}`, code, 1)
    expect('what it prints', stderr, /Expected a libtorch .* but found none.*Any one of these fixes it:.*LIBTORCH=/s)
    expect('its standard output', stdout, '')
  }
  expect('what the cache has', readdirSync(cache).join(), '')
  expect('whether there is half a build', existsSync(join(stranger.package, 'build')), false)
  expect('whether there is half a run', existsSync(join(stranger.folder, 'run')), false)
}

/**
 * @param {Stranger} stranger
 * @param {import('pada-native').Located} libtorch This machine's.
 */
export async function offlineWithCache(stranger, { origin }) {
  if (!['cache', 'download'].includes(origin)) return `because this machine's libtorch is from ${origin}`
  stranger.forgetAddon()
  const env = { PADA_OFFLINE: '1', LIBTORCH: '', PADA_PYTHON: join(workshop, 'no-python') }
  expect('the origin of libtorch', (await stranger.works(env)).libtorch.origin, 'cache')
}

/**
 * @param {Stranger} stranger
 * @param {Environment} own
 */
export async function twoAtOnce(stranger, own) {
  stranger.forgetAddon()
  const outcomes = await Promise.all([1, 2].map(() => stranger.pada(['setup'], own)))
  expect('the exit codes', outcomes.map(({ code }) => code).join(), '0,0')
  const texts = outcomes.map(({ stderr }) => stderr).join('')
  expect('how often the addon was put there', texts.split(TAKEN).length - 1, 1)
}

/**
 * @param {Stranger} stranger
 * @param {Environment} own
 */
export async function upgrade(stranger, own) {
  const source = join(stranger.package, 'native', 'addon.cc')
  const text = readFileSync(source)
  writeFileSync(source, `${text}// Another version.\n`)
  const { missing } = JSON.parse((await stranger.pada(['doctor', '--json'], own)).stdout)
  expect('what is missing', missing.join(), /^The addon is stale, because the native sources changed/)
  const { code, stderr } = await stranger.pada(['setup'], { ...own, CXX: join(workshop, 'no-compiler') })
  expect('the exit code without a compiler', code, 1)
  expect('what set-up says', stderr, /^Building the addon.*Expected the addon to build with .*C\+\+20 compiler/ms)
  writeFileSync(source, text)
}

/**
 * As if an administrator installed the package: who uses it cannot write beside it.
 *
 * @param {Stranger} stranger
 * @param {Environment} own
 */
export async function readOnly(stranger, own) {
  // Root writes where it likes, unless it gives that up.
  const rootless = ['setpriv', '--bounding-set=-dac_override,-dac_read_search', '--inh-caps=-all']
  const before = process.getuid?.() === 0 ? rootless : []
  const [command, ...args] = [...before, 'true']
  if ((await run(command, args)).code !== 0) return 'because this is root, and there is no setpriv to change that'
  stranger.forgetAddon()
  makeReadOnly(join(stranger.folder, 'node_modules'))
  const cache = freshCache('read-only')
  const { addon } = await stranger.works({ ...own, PADA_CACHE: cache }, before)
  expect('the folder of the addon', addon.path.startsWith(cache), true)
}

/**
 * The addon was compiled elsewhere; that it could be here is tried as far as CMake's configuration.
 *
 * @param {Stranger} stranger
 */
export async function another(stranger) {
  const { stderr } = await stranger.works()
  expect('how the addon got there', stderr, new RegExp(TAKEN))
  if ((await run('cmake', ['--version'])).code !== 0) return 'as to CMake, because there is none'
  // What pnpm links is found only by those that depend on it.
  const { resolve } = createRequire(join(realpathSync(stranger.package), 'dist', 'setup', 'build.js'))
  const folders = ['--directory', realpathSync(stranger.package), '--out', join(stranger.folder, 'configured')]
  const args = [resolve('cmake-js/bin/cmake-js'), 'configure', ...folders, `--CDLIBTORCH=${stranger.env.LIBTORCH}`]
  await stranger.succeed(process.execPath, args)
}
