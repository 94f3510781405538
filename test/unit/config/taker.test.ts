import { expect, it } from 'vitest'
import { requireTaker } from '../../../src/config/taker.js'

const complaint = (settings: object, wanted: 'search' | 'retrain' | 'experiment') => {
  try {
    requireTaker({ ...settings }, wanted, 'x.yaml', '--config')
  } catch (error) {
    return (error as Error).message
  }
}

it('names the command that takes the settings', () => {
  expect(complaint({ space: {} }, 'retrain')).toBe(
    'Expected the recipe of a retraining for --config but received the settings of a search: x.yaml; ' +
      'use npx pada-native search --config',
  )
  expect(complaint({ network: {}, training: {} }, 'search')).toBe(
    'Expected the settings of a search for --config but received the recipe of a retraining: x.yaml; ' +
      'use npx pada-native retrain --config',
  )
  expect(complaint({ config: 'a', studies: {} }, 'search')).toMatch(
    /the settings of an experiment: .*use npx pada-native experiment$/,
  )
})

it('leaves the rest to the schema', () => {
  for (const settings of [{}, { training: {} }, { spcae: {} }]) {
    for (const wanted of ['search', 'retrain', 'experiment'] as const)
      expect(complaint(settings, wanted)).toBeUndefined()
  }
  expect(complaint({ space: {}, seed: 1 }, 'search')).toBeUndefined()
  expect(complaint({ network: {} }, 'retrain')).toBeUndefined()
  expect(complaint({ seeds: [] }, 'experiment')).toBeUndefined()
})
