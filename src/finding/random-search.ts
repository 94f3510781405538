import { EVALUATIONS } from '../config/finding-defaults.js'
import type { RandomSearchSettings } from '../config/schema.js'
import { checkEnds } from './check-options.js'
import { type Drawn, Exploration } from './exploration.js'
import type { Finder, Problem } from './problem.js'

/** Paths that are drawn before they are evaluated. */
const BLOCK = 64

/**
 * Evaluates different paths drawn uniformly from all paths within the limits. With several objectives the result is the
 * Pareto front of the evaluated paths.
 *
 * @throws UserError if no path meets the limits, and for options out of their range; the reason of an aborted signal.
 */
export async function* randomSearch(options: Problem & Partial<RandomSearchSettings>): Finder {
  const { evaluations = EVALUATIONS } = options
  checkEnds({ evaluations })
  const exploration = new Exploration(options)
  while (exploration.count < evaluations) {
    const drawn: Drawn[] = []
    while (drawn.length < BLOCK && exploration.count < evaluations) {
      const path = await exploration.draw()
      if (path === undefined) break
      drawn.push({ path, origin: 'random' })
    }
    if (drawn.length === 0) break
    yield* exploration.evaluateAll(drawn)
  }
  return exploration.front()
}
