import { REGULARIZED_EVOLUTION } from '../config/finding-defaults.js'
import type { RegularizedEvolutionSettings } from '../config/schema.js'
import { Exploration } from './exploration.js'
import { bestFirst } from './pareto.js'
import type { Candidate, Finder, Problem } from './problem.js'
import { changeChoices } from './variation.js'

/** Mutations of one parent that are tried to find one within the limits. */
const ATTEMPTS = 100
/** Children in a row that were all evaluated before, after which a random path refreshes the population. */
const REBIRTHS = 1000

/**
 * Regularised evolution (Real et al., AAAI 2019): the best of a random sample has a child that differs in one choice,
 * and the oldest dies, however good it is. Unlike there, no path is evaluated twice: a child that was evaluated before is
 * born again as it is known, which counts as no evaluation. One that breaks a limit is made again. With several
 * objectives the best of a sample is that of its first front in the emptiest surroundings, as in NSGA-II.
 *
 * @throws UserError where no path keeps to the limits; the reason of an aborted signal.
 */
export async function* evolveRegularized(options: Problem & Partial<RegularizedEvolutionSettings>): Finder {
  const defaults = REGULARIZED_EVOLUTION
  const { space, evaluations = defaults.evaluations } = options
  const { population: size = defaults.population, tournament = defaults.tournament } = options
  const exploration = new Exploration(options)
  const { random } = exploration

  const population: Candidate[] = []
  let rebirths = 0
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
  const stranger = async () => {
    const path = await exploration.draw()
    return path && exploration.evaluate(path, 'random')
  }
  while (exploration.count < evaluations) {
    const before = exploration.count
    const mutates = population.length >= size && rebirths < REBIRTHS
    const newborn = (mutates ? await child() : undefined) ?? (await stranger())
    if (newborn === undefined) break
    population.push(newborn)
    if (population.length > size) population.shift()
    rebirths = exploration.count === before ? rebirths + 1 : 0
    if (rebirths === 0) yield newborn
  }
  return exploration.front()
}
