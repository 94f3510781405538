/**
 * Writes the units in which node-gyp compiles the addon, as CMake does: one file per folder of native/, which includes
 * the folder's sources. Most of the time goes into torch's headers, which each unit reads once. Sources for one set of
 * instructions are units of their own. Prints the units' paths.
 *
 *     node native/units.mjs FOLDER
 */
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const native = dirname(fileURLToPath(import.meta.url))
const [folder] = process.argv.slice(2)

/** @type {Map<string, string[]>} */
const units = new Map()
for (const source of readdirSync(native, { recursive: true, encoding: 'utf8' }).sort()) {
  if (!source.endsWith('.cc')) continue
  const isAlone = source.startsWith('ops/cpu/conv_a')
  const unit = isAlone ? source.slice(0, -'.cc'.length) : join(dirname(source), 'unit')
  units.set(unit, [...(units.get(unit) ?? []), source])
}

mkdirSync(folder, { recursive: true })
for (const [unit, sources] of units) {
  const file = join(folder, `${unit.replaceAll('/', '_')}.cc`)
  writeFileSync(file, sources.map((source) => `#include "${source}"\n`).join(''))
  console.log(file)
}
