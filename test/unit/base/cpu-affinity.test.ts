import { join } from 'node:path'
import { expect, it } from 'vitest'
import { allowedCores } from '../../../src/base/cpu-affinity.js'
import { temporaryFolder, writeFiles } from '../../support/folders.js'

it('reads the cores of a process as Linux lists them', () => {
  const folder = writeFiles(temporaryFolder(), {
    status: 'Name:\tnode\nCpus_allowed:\tff00ff\nCpus_allowed_list:\t0-7,16-23\nMems_allowed_list:\t0\n',
    other: 'Name:\tnode\n',
  })
  expect(allowedCores(join(folder, 'status'))).toBe('0-7,16-23')
  expect(allowedCores(join(folder, 'other'))).toBe('')
  expect(allowedCores(join(folder, 'none'))).toBe('')
})
