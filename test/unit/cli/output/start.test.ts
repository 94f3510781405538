import { expect, test } from 'vitest'
import { describeStart } from '../../../../src/cli/output/start.js'
import type { StartEvent } from '../../../../src/search/events.js'
import { search } from '../../../support/made-up-search.js'

test('a continuation counts from 1, and does not go beyond the end', () => {
  const start = (epoch: number, step: number) =>
    describeStart({ ...(search[0] as StartEvent), epochs: 60, resumed: { epoch, step } }).at(-1)
  expect(start(0, 0)).toBe('continuing at epoch 1 of 60, step 1')
  expect(start(59, 3)).toBe('continuing at epoch 60 of 60, step 4')
  expect(start(60, 0)).toBe('trained: all 60 epochs are done')
  const { stepsPerEpoch } = search[0] as StartEvent
  expect(start(2, stepsPerEpoch)).toBe('continuing at the end of epoch 3 of 60')
  const short = { ...(search[0] as StartEvent), epochs: 1, resumed: { epoch: 1, step: 0 } }
  expect(describeStart(short).at(-1)).toBe('trained: the only epoch is done')
})

test('a command that does not train says which weights it takes', () => {
  const start = (epoch: number, step: number) =>
    describeStart({ ...(search[0] as StartEvent), epochs: 60, phases: ['rank'], resumed: { epoch, step } }).at(-1)
  expect(start(16, 0)).toBe('weights after 16 of 60 epochs: training has not ended')
  expect(start(0, 1)).toBe('weights after 0 of 60 epochs and 1 step: training has not ended')
  expect(start(60, 0)).toBe('trained: all 60 epochs are done')
})

test('a start speaks of the phases that it runs', () => {
  const finding = { algorithm: 'localSearch', limits: { latency: { max: 2 } } }
  const start = (phases: StartEvent['phases']) =>
    describeStart({ ...(search[0] as StartEvent), finding, phases }).join('\n')
  expect(start(['train'])).not.toMatch(/ground truth|ranking on|finding by/)
  expect(start(['rank'])).toMatch(/ranking on/)
  expect(start(['rank'])).not.toMatch(/finding by/)
  expect(start(['find'])).toMatch(/finding by localSearch, within latency ≤ 2 ms/)
  expect(start(['find'])).not.toMatch(/ranking on/)
  expect(start(undefined)).toMatch(/ranking on.*finding by/s)
})

test('a resumed run without a checkpoint says that it begins anew', () => {
  expect(describeStart({ ...(search[0] as StartEvent), anew: true }).at(-1)).toBe(
    'the run has no checkpoint yet: its training begins anew',
  )
  expect(describeStart(search[0] as StartEvent).join()).not.toContain('anew')
})
