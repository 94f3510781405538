/** The search algorithms, chosen by their names in the settings. */
import type { FindingConfig } from '../config/schema.js'
import { evolve } from './evolution.js'
import { localSearch } from './local-search.js'
import type { Finder, Problem } from './problem.js'
import { randomSearch } from './random-search.js'
import { evolveRegularized } from './regularized-evolution.js'

export { amount, describeLimit } from './attain.js'
export { evolve } from './evolution.js'
export { checkLimits } from './feasible-paths.js'
export { localSearch } from './local-search.js'
export { bestFirst, crowdingDistances, dominates, frontsOf, type HasGoals, paretoFront } from './pareto.js'
export * from './problem.js'
export { randomSearch } from './random-search.js'
export { evolveRegularized } from './regularized-evolution.js'

/** Starts the algorithm that the settings name. Objectives and limits come from the problem. */
export function startFinder(problem: Problem, settings: FindingConfig): Finder {
  switch (settings.algorithm) {
    case 'random':
      return randomSearch({ ...settings, ...problem })
    case 'evolution':
      return evolve({ ...settings, ...problem })
    case 'regularizedEvolution':
      return evolveRegularized({ ...settings, ...problem })
    case 'localSearch':
      return localSearch({ ...settings, ...problem })
  }
}

/** The largest number of paths that an algorithm can evaluate. */
export function evaluationsOf(settings: FindingConfig): number {
  return settings.algorithm === 'evolution' ? settings.population * settings.generations : settings.evaluations
}
