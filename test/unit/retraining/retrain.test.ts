/** What a retraining keeps in its run folder. */
import '../../support/fake-addon.js'
import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { expect, it } from 'vitest'
import { parseRetrainConfig } from '../../../src/config/index.js'
import { retrain } from '../../../src/retraining/retrain.js'
import { temporaryFolder } from '../../support/folders.js'
import { refusal } from '../../support/refusal.js'
import { tinySplits } from '../../support/tiny.js'

const config = parseRetrainConfig({
  data: { format: 'folder', dir: 'images', size: 8 },
  network: { space: 'nasbench-macro', path: '02012100', channels: 4 },
  training: { epochs: 1, batchSize: 10 },
})

it('keeps the place of images so that it means the same in any folder, and continues with a relative one', async () => {
  const run = join(temporaryFolder(), 'run')
  const events: string[] = []
  for await (const { event } of retrain(config, { out: run, data: tinySplits })) events.push(event)
  expect(events.at(-1)).toBe('result')
  expect(readFileSync(join(run, 'config.yaml'), 'utf8')).toContain(`dir: ${resolve('images')}\n`)
  for await (const event of retrain(config, { resume: run, data: tinySplits })) {
    if (event.event === 'start') expect(event.resumed).toMatchObject({ epoch: 1 })
  }
})

it('refuses to measure a gradient variance, which it does not report', async () => {
  const measuring = { ...config, training: { ...config.training, varianceSteps: 5 } }
  const { message } = await refusal(retrain(measuring, { data: tinySplits }).next())
  expect(message).toBe(
    'Expected 0 in a retraining, which reports no gradient variance, for training.varianceSteps but received 5',
  )
})
