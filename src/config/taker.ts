/** Tells the settings of a search, of a retraining and of an experiment apart, before they are checked. */
import { expected } from '../base/errors.js'
import { isRetraining } from './retraining.js'
import type { Settings } from './settings.js'

/** The command that takes the settings. */
type Taker = 'search' | 'retrain' | 'experiment'

const NAMES: Readonly<Record<Taker, string>> = {
  search: 'the settings of a search',
  retrain: 'the recipe of a retraining',
  experiment: 'the settings of an experiment',
}

const HOW: Readonly<Record<Taker, string>> = {
  search: 'npx pada-native search --config',
  retrain: 'npx pada-native retrain --config',
  experiment: 'npx pada-native experiment',
}

/** Groups that only searches have. */
const OF_SEARCHES = ['space', 'method', 'ranking', 'finding', 'groundTruth']

/**
 * Throws a UserError if the settings in `file`, which the user named by `option`, are clearly those of another command.
 * The schema names smaller mistakes.
 */
export function requireTaker(settings: Settings, wanted: Taker, file: string, option: string): void {
  const taker = takerOf(settings)
  if (taker === undefined || taker === wanted) return
  throw expected(NAMES[wanted], option, `${NAMES[taker]}: ${file}; use ${HOW[taker]}`, 2)
}

function takerOf(settings: Settings): Taker | undefined {
  if ('studies' in settings || 'seeds' in settings) return 'experiment'
  if (isRetraining(settings)) return 'retrain'
  return OF_SEARCHES.some((group) => group in settings) ? 'search' : undefined
}
