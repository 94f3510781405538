#!/usr/bin/env node
// Tries the package as strangers do: from its tarball, in empty folders, on machines with more and with less on them.
// What a try needs of libtorch and of compiling the first one gets from the cache, or brings there.
import { join } from 'node:path'
import { checkContents, checkTypes, packTarball } from './package/contents.mjs'
import { expect, freshCache, Stranger, workshop } from './package/stranger.mjs'
import * as tries from './package/tries.mjs'

const started = performance.now()

/**
 * Does one of the tries, and prints how it went. One that resolves to a text could not be tried, and says why.
 *
 * @template Result
 * @param {string} what
 * @param {() => Promise<Result>} work
 */
async function attempt(what, work) {
  const start = performance.now()
  const result = await work().catch((error) => {
    throw new Error(`${what}: ${error.message}`, { cause: error })
  })
  const seconds = ((performance.now() - start) / 1000).toFixed(0)
  process.stdout.write(typeof result === 'string' ? `${what}: skipped, ${result}\n` : `${what} (${seconds} s)\n`)
  return result
}

try {
  const tarball = await packTarball(workshop)
  await attempt('What the package contains, its types and its exports', () => checkContents(tarball))

  const usual = new Stranger('usual')
  await usual.npmInstall(tarball)
  const { libtorch, addon } = await attempt('npm install, then a first search', () => usual.works())
  expect('the folder of the addon', addon.path, join(usual.package, 'build', 'Release', 'pada_native.node'))
  const own = { LIBTORCH: libtorch.root, PADA_PYTHON: join(workshop, 'no-python') }

  await attempt('Imported, and required from CommonJS', () => tries.imports(usual))
  await attempt('Types under nodenext and bundler', () => checkTypes(usual))
  await attempt('LIBTORCH and an empty cache', () => tries.ownLibtorch(usual, own))
  await attempt('Offline, with nothing there', () => tries.offlineWithNothing(usual))
  await attempt('Offline, with a cache', () => tries.offlineWithCache(usual, libtorch))
  await attempt('Two set-ups at once', () => tries.twoAtOnce(usual, own))
  await attempt('An upgrade', () => tries.upgrade(usual, own))
  await attempt('Read-only node_modules', () => tries.readOnly(usual, own))

  const plain = { ...own, PADA_CACHE: freshCache('another cache') }
  const spaced = new Stranger('Größe 大小 (a path)', plain)
  await spaced.npmInstall('--ignore-scripts', tarball)
  await attempt('A path with spaces and letters of all kinds, and --ignore-scripts', () => tries.another(spaced))

  const strict = new Stranger('strict', plain)
  await strict.pnpmInstall(tarball)
  await attempt('pnpm', () => tries.another(strict))

  process.stdout.write(`The package works (${((performance.now() - started) / 1000).toFixed(0)} s)\n`)
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : error}\n`)
  process.exitCode = 1
}
