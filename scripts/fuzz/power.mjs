#!/usr/bin/env node
/**
 * Cuts the power at any moment of a search: of its writes those that were not synced may be lost, see storage.mjs. What
 * is left must continue to the numbers of an unbroken search.
 *
 *     node scripts/fuzz/power.mjs [--rounds 100] [--seed 0]
 *
 * See kill.mjs for what is printed. Needs `npm run build` and the addon.
 */
import '../report-errors.mjs'
import { fuzzSearches } from './searches.mjs'
import { cutPower } from './storage.mjs'

await fuzzSearches(100, ({ run, unbroken, writes, random }) => {
  cutPower(writes.slice(0, 1 + random.below(writes.length)), unbroken, run, random)
  return undefined
})
