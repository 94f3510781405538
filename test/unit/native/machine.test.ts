import { expect, it } from 'vitest'
import { describeCompetition } from '../../../src/native/machine.js'

it('says if threads compete for cores', () => {
  expect(describeCompetition({ threads: 2, cores: 2 })).toEqual([])
  expect(describeCompetition({ threads: 9, cores: 2 })).toEqual([
    '9 threads compete for 2 cores, which makes the run slower',
  ])
})
