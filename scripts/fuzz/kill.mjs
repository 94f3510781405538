#!/usr/bin/env node
/**
 * Kills searches before any of their writes: opening, appending, syncing, renaming, removing, making folders. Each must
 * continue to the numbers of an unbroken one.
 *
 *     node scripts/fuzz/kill.mjs [--rounds 100] [--seed 0]
 *
 * Prints the seed of every round that goes wrong, with which it can be repeated alone (`--seed N --rounds 1`); exits 1
 * if there is one. Needs `npm run build` and the addon.
 */
import '../report-errors.mjs'
import { begin, fuzzSearches } from './searches.mjs'

await fuzzSearches(100, async ({ run, writes, random }) => {
  const { signal, stderr } = await begin(run, { how: 'kill', at: `${1 + random.below(writes.length)}` })
  return signal === 'SIGKILL' ? undefined : `not killed: ${stderr}`
})
