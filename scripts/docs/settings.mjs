#!/usr/bin/env node
/**
 * Writes what follows from the schemas of the settings: docs/settings.md, and the JSON Schemas in configs/.
 *
 *     npm run docs:settings [-- FOLDER]      # FOLDER is where docs/ and configs/ lie; default the package
 */
import '../report-errors.mjs'
import { mkdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { writeAtomically } from '#dist/base/atomic.js'
import { configJsonSchema, retrainJsonSchema } from '#dist/config/json-schema.js'
import { experimentJsonSchema } from '#dist/experiment/json-schema.js'
import { generatedFiles } from './settings-page.mjs'

const { positionals } = parseArgs({ allowPositionals: true })
const folder = positionals[0] ?? fileURLToPath(new URL('../..', import.meta.url))
for (const [name, text] of Object.entries(
  generatedFiles(configJsonSchema(), experimentJsonSchema(), retrainJsonSchema()),
)) {
  const file = join(folder, name)
  mkdirSync(dirname(file), { recursive: true })
  await writeAtomically(file, text)
}
