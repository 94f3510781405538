/** Writes what follows from the schemas of the settings: docs/settings.md, and the JSON Schemas in configs/. */
import { writeFileSync } from 'node:fs'
import { configJsonSchema } from '../../dist/config/json-schema.js'
import { experimentJsonSchema } from '../../dist/experiment/json-schema.js'
import { generatedFiles } from './settings-page.mjs'

for (const [file, text] of Object.entries(generatedFiles(configJsonSchema(), experimentJsonSchema()))) {
  writeFileSync(new URL(`../../${file}`, import.meta.url), text)
}
