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
import { begin, fuzzSearches } from './searches.mjs'

const SENTENCE = /^pada-native: Expected a place that can be written to for .* but received ENOSPC: the disk is full$/

await fuzzSearches(100, async ({ run, writes, random }) => {
  const { code, stderr } = await begin(run, { how: 'full', at: `${1 + random.below(writes.length)}` })
  const last = stderr.trimEnd().split('\n').at(-1) ?? ''
  // Nothing is written after the last file.
  if (code === 0 || (code === 1 && SENTENCE.test(last))) return undefined
  return `exit code ${code}: ${last}`
})
