import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { bestOf } from '../../../src/cli/best-of-run.js'
import { parseConfig } from '../../../src/config/index.js'
import { temporaryFolder } from '../../support/folders.js'
import { result } from '../../support/made-up-search.js'

const instead = 'name a path'
const limited = parseConfig({ finding: { algorithm: 'random', limits: { parameters: { max: 30_000 } } } })
const free = parseConfig({ finding: { algorithm: 'random' } })

function runWith(summary: object): string {
  const run = temporaryFolder()
  writeFileSync(join(run, 'summary.json'), JSON.stringify(summary))
  return run
}

it('takes found sub-models before ranked ones, and says where they stand', async () => {
  const [best] = result.top
  const found = {
    algorithm: 'random',
    evaluations: 9,
    limits: {},
    objectives: ['accuracy'],
    by: 'accuracyAndParameters',
    best: [best],
  }
  const run = runWith({ ...result, found: { ...found, images: 1000 } })
  expect(await bestOf(run, limited, { instead })).toEqual({
    arch: best.arch,
    origin: `found 1 in ${run}, on 1,000 images, by accuracy and parameters`,
  })
  const ranked = runWith({ ...result, rankedBy: 'accuracyAndMultiplyAdds' })
  expect((await bestOf(ranked, free, { top: 2, instead })).origin).toBe(
    `ranked 2 in ${ranked}, by accuracy and multiply-adds`,
  )
})

it('takes no ranked sub-model if the run has limits, which it may break', async () => {
  const run = runWith(result)
  await expect(bestOf(run, limited, { instead })).rejects.toThrow(
    `Expected sub-models that were found within the limits of ${run} but received none; npx pada-native find ${run} looks for them`,
  )
})

it('takes the architecture of a run that trained one alone, which has no second', async () => {
  const alone = parseConfig({ method: { name: 'standalone', path: [3, 3, 3, 3, 3, 3] } })
  expect(await bestOf('run', alone, { instead })).toEqual({ arch: '3,3,3,3,3,3', origin: 'that of run' })
  await expect(bestOf('run', alone, { top: 2, instead })).rejects.toThrow(
    'Expected 1, because the run has one architecture, for --top but received 2',
  )
})

it('says what else to do if there is neither', async () => {
  const run = runWith({ ...result, top: [], ranked: 0 })
  await expect(bestOf(run, free, { instead })).rejects.toThrow(
    `Expected a run with found or ranked sub-models but received ${run}; name a path`,
  )
})
