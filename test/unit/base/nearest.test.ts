import { expect, it } from 'vitest'
import { nearest } from '../../../src/base/nearest.js'

const NAMES = ['search', 'train', 'rank', 'find', 'export', 'import', '--config', '--set']

it.each([
  ['serach', 'search'],
  ['serch', 'search'],
  ['searchh', 'search'],
  ['experts', 'export'],
  ['imprt', 'import'],
  ['--confg', '--config'],
  ['rnak', 'rank'],
  ['help', undefined],
  ['rnk', 'rank'],
  ['xyz', undefined],
  ['a', undefined],
  ['--nope', undefined],
])('%s means %s', (written, meant) => {
  expect(nearest(written, NAMES)).toBe(meant)
})
