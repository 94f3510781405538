#!/usr/bin/env node
/**
 * Takes an addon that was built on another machine, where it loads: a build takes minutes that one may not have.
 *
 *     node scripts/check/prebuilt-addon.mjs ADDON [--cuda]
 *
 * The addon must come from the same native sources and a libtorch of the same version. It contains the path of that
 * libtorch, which is replaced by the path of this machine's. So it must not be shorter: build it against a libtorch in a
 * folder with a long name. If the addon does not load, exits 1 and changes nothing. Needs `npm run build`.
 */
import '../report-errors.mjs'
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { parseArgs } from 'node:util'
import { UserError } from 'pada-native'
import { addonPath, buildFolder, packageRoot } from '#dist/base/folders.js'
import { probeAddon } from '#dist/setup/build.js'
import { locateLibtorch } from '#dist/setup/locate.js'
import { createStamp, removeStamp, writeStamp } from '#dist/setup/stamp.js'
import { replaceSearchPath } from './search-path.mjs'

const { values, positionals } = parseArgs({
  options: { cuda: { type: 'boolean', default: false } },
  allowPositionals: true,
})
const [given] = positionals
if (given === undefined) throw new UserError('Expected the file of an addon but received none', 2)

const log = (/** @type {string} */ line) => console.log(line)
const libtorch = await locateLibtorch({ variant: values.cuda ? 'cuda' : undefined, log })
const folder = buildFolder()
const addon = addonPath(folder)
const tried = join(dirname(addon), 'prebuilt.node')
mkdirSync(dirname(addon), { recursive: true })
try {
  writeFileSync(tried, replaceSearchPath(readFileSync(given), join(libtorch.root, 'lib')))
  await probeAddon(tried)
  removeStamp(folder)
  renameSync(tried, addon)
} catch (error) {
  rmSync(tried, { force: true })
  const { message } = /** @type {Error} */ (error)
  throw new UserError(`Expected an addon that loads here but received ${given}: ${message}`)
}
// cmake-js, as of the build that would otherwise follow.
writeStamp(folder, createStamp(packageRoot, 'cmake-js', libtorch))
log(`Took the addon ${given} for libtorch ${libtorch.version} at ${libtorch.root}`)
