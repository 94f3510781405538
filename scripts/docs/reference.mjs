#!/usr/bin/env node
/**
 * Writes the pages that follow from commands and types: docs/command-line.md and docs/events.md.
 *
 *     npm run docs:reference [-- FOLDER]      # FOLDER is where docs/ lies; default the package
 */
import '../report-errors.mjs'
import { mkdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { writeAtomically } from '#dist/base/atomic.js'
import { allCommands } from '#dist/cli/commands.js'
import { commandLinePage } from './command-line-page.mjs'
import { eventsPage, SOURCES } from './events-page.mjs'

const root = fileURLToPath(new URL('../..', import.meta.url))
const { positionals } = parseArgs({ allowPositionals: true })
const pages = {
  'docs/command-line.md': commandLinePage(await allCommands()),
  'docs/events.md': eventsPage(SOURCES.map((file) => join(root, file))),
}
for (const [name, text] of Object.entries(pages)) {
  const file = join(positionals[0] ?? root, name)
  mkdirSync(dirname(file), { recursive: true })
  await writeAtomically(file, text)
}
