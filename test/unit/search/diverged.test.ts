/** Processes of one run whose weights differ at its end, as those of the fake addon do, which sums no gradients. */
import '../../support/fake-addon.js'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { parseRetrainConfig } from '../../../src/config/index.js'
import { retrain } from '../../../src/retraining/retrain.js'
import { search } from '../../../src/search/search.js'
import { temporaryFolder } from '../../support/folders.js'
import { inRanks, valuesOf } from '../../support/ranks.js'
import { collect, tinyConfig, tinySplits } from '../../support/tiny.js'

const retraining = parseRetrainConfig({
  network: { space: 'nasbench-macro', path: '02012100', channels: 4 },
  training: { epochs: 1, batchSize: 10 },
})

const SENTENCE =
  /^Expected the same weights in all processes but rank 1 has another: [0-9a-f]{32}, rank 0 has [0-9a-f]{32}$/
const DIVERGED = [expect.stringMatching(SENTENCE), expect.stringMatching(SENTENCE)]

describe('weights that differ between processes', () => {
  test('end a search before it ranks', async () => {
    const out = join(temporaryFolder(), 'run')
    const results = await inRanks(2, (world) => collect(search(tinyConfig(), { out, data: tinySplits, world })))
    expect(valuesOf(results)).toEqual(DIVERGED)
    expect(existsSync(join(out, 'evaluated.jsonl'))).toBe(false)
  })

  test('end a retraining without a result', async () => {
    const out = join(temporaryFolder(), 'run')
    const results = await inRanks(2, async (world) => {
      for await (const _ of retrain(retraining, { out, data: tinySplits, world }));
    })
    expect(valuesOf(results)).toEqual(DIVERGED)
    expect(existsSync(join(out, 'summary.json'))).toBe(false)
  })
})
