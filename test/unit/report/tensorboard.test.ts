import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { writeTensorboard } from '../../../src/report/tensorboard.js'
import { temporaryFolder } from '../../support/folders.js'
import { makeSearchRun } from '../../support/made-up-run.js'

it('refuses damaged settings by the name of their file', async () => {
  const folder = temporaryFolder()
  const run = join(folder, 'run')
  makeSearchRun(run)
  writeFileSync(join(run, 'config.yaml'), 'name: [')
  const sentence = `Expected valid YAML for ${join(run, 'config.yaml')} but received an error in line 1`
  await expect(writeTensorboard(run, join(folder, 'out'))).rejects.toThrow(sentence)
})
