#!/usr/bin/env node
/**
 * Fills the disk before any write of a search. Each must end with one sentence, and continue to the numbers of an
 * unbroken one when there is room again.
 *
 *     node scripts/fuzz/full.mjs [--rounds 100] [--seed 0]
 *
 * See kill.mjs for what is printed. Needs `npm run build` and the addon.
 */
import '../report-errors.mjs'
import { readFileSync } from 'node:fs'
import { deserialize } from 'node:v8'
import { begin, fuzzSearches } from './searches.mjs'
import { isProgress } from './writes.mjs'

const SENTENCE = /^pada-native: Expected a place that can be written to for .* but received ENOSPC: the disk is full$/

await fuzzSearches(100, async ({ run, writes, random }) => {
  const to = `${run}.refused`
  const { code, stderr } = await begin(run, { how: 'full', at: `${1 + random.below(writes.length)}`, to })
  const last = stderr.trimEnd().split('\n').at(-1) ?? ''
  if (code === 1 && SENTENCE.test(last)) return undefined
  /** @type {import('./writes.mjs').Write[]} */
  const refused = deserialize(readFileSync(to))
  // A search needs all files but those of its progress.
  const needed = refused.find(({ path }) => !isProgress(path))
  if (code === 0 && needed === undefined) return undefined
  return `exit code ${code}, no room for ${needed?.path ?? 'progress'}: ${last}`
})
