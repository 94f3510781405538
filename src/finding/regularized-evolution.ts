import { REGULARIZED_EVOLUTION } from '../config/finding-defaults.js'
import type { RegularizedEvolutionSettings } from '../config/schema.js'
import { checkCounts, checkEnds } from './check-options.js'
import { Exploration } from './exploration.js'
import { bestFirst } from './pareto.js'
import type { Candidate, Finder, Problem } from './problem.js'
import { changeChoices } from './variation.js'

/** Mutations of one parent that are tried to find a child within the limits. */
const ATTEMPTS = 100
/** After this many children in a row that were all evaluated before, a random path joins the population. */
const MAX_REPEATS = 1000

/**
 * Regularized evolution (Real et al., AAAI 2019). The best of a random sample has a child that differs in one choice,
 * and the oldest member dies, however good it is. Unlike in the paper, no path is evaluated twice: a child that was
 * evaluated before joins the population with its known accuracy. A child that breaks a limit is made again. With
 * several objectives the best of a sample is chosen by front and crowding distance, as in NSGA-II.
 *
 * @throws UserError if no path meets the limits, and for options out of their range; the reason of an aborted signal.
 */
export async function* evolveRegularized(options: Problem & Partial<RegularizedEvolutionSettings>): Finder {
  const defaults = REGULARIZED_EVOLUTION
  const { space, evaluations = defaults.evaluations } = options
  const { population: size = defaults.population, tournament = defaults.tournament } = options
  checkEnds({ evaluations })
  checkCounts({ population: size, tournament })
  const exploration = new Exploration(options)
  const { random } = exploration

  const population: Candidate[] = []
  let repeats = 0
  const child = async () => {
    const sample = Array.from({ length: tournament }, () => population[random.integer(population.length)])
    const [parent] = bestFirst([...new Set(sample)])
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const changed = changeChoices(space, parent.path, 1, random)
      const known = exploration.known(changed)
      if (known !== undefined) return known
      const path = await exploration.admit(changed)
      if (path !== undefined) return exploration.evaluate(path, 'mutation')
    }
    return undefined
  }
  const randomMember = async () => {
    const path = await exploration.draw()
    return path && exploration.evaluate(path, 'random')
  }
  while (exploration.count < evaluations) {
    const before = exploration.count
    const mutates = population.length >= size && repeats < MAX_REPEATS
    const member = (mutates ? await child() : undefined) ?? (await randomMember())
    if (member === undefined) break
    population.push(member)
    if (population.length > size) population.shift()
    repeats = exploration.count === before ? repeats + 1 : 0
    if (repeats === 0) yield member
  }
  return exploration.front()
}
