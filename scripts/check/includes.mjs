#!/usr/bin/env node
/**
 * Compiles each file of native/ by itself, without a precompiled header: finds a missing #include. The usual build
 * compiles the files of a folder together.
 *
 *     npm run check:includes
 *
 * Needs `npm run build` and the addon (`npm run build:native`), for its libtorch, and some minutes.
 */
import '../report-errors.mjs'
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { buildAddon, root } from './build-addon.mjs'

await buildAddon(join(root, 'build-by-file'), ['PADA_UNITS=OFF'], run)
console.log('Every file compiles by itself')

/**
 * @param {readonly string[]} args
 * @returns {Promise<number | string>}
 */
function run(args) {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, { cwd: root, stdio: 'inherit' })
    child.on('error', reject).on('close', (code, signal) => resolve(code ?? String(signal)))
  })
}
