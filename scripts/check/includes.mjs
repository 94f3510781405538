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
import { join } from 'node:path'
import { run } from '../bootstrap.mjs'
import { buildAddon, root } from './build-addon.mjs'

await buildAddon(join(root, 'build-by-file'), ['PADA_UNITS=OFF'], (args) => run(process.execPath, [...args]))
console.log('Every file compiles by itself')
