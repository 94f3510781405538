import { expected } from '../base/errors.js'
import { EVOLUTION } from '../config/finding-defaults.js'
import type { EvolutionSettings } from '../config/schema.js'
import { checkCounts, checkEnds } from './check-options.js'
import { type Drawn, Exploration } from './exploration.js'
import { bestFirst } from './pareto.js'
import type { Candidate, Finder, Origin, Problem } from './problem.js'
import { crossover, mutate } from './variation.js'

/** Attempts per wanted child, as in SPOS. After them, random paths replace the missing children. */
const ATTEMPTS = 10

/**
 * Evolutionary search as in SPOS (Guo et al., ECCV 2020). A child that breaks a limit or was evaluated before is made
 * again. With several objectives, survivors are chosen as in NSGA-II (Deb et al., 2002): by front, then by crowding
 * distance. Parents are the first `parents` in that order, each as probable as another; NSGA-II holds tournaments.
 *
 * @throws UserError if no path meets the limits, and for options out of their range; the reason of an aborted signal.
 */
export async function* evolve(options: Problem & Partial<EvolutionSettings>): Finder {
  const { space } = options
  const { population, generations, parents, mutations, crossovers, mutationProbability } = withDefaults(options)
  const exploration = new Exploration(options)
  const { random } = exploration

  let survivors: Candidate[] = []
  for (let generation = 0; generation < generations; generation++) {
    const best = survivors.slice(0, parents)
    const parent = () => best[random.integer(best.length)].path
    const kinds: { origin: Origin; count: number; make: () => readonly number[] }[] = [
      { origin: 'mutation', count: mutations, make: () => mutate(space, parent(), mutationProbability, random) },
      { origin: 'crossover', count: crossovers, make: () => crossover(parent(), parent(), random) },
    ]
    // Which paths a generation has does not depend on their accuracies, so they are drawn first.
    const drawn: Drawn[] = []
    for (const { origin, count, make } of generation === 0 ? [] : kinds) {
      const full = drawn.length + count
      for (let attempt = 0; drawn.length < full && attempt < ATTEMPTS * count; attempt++) {
        const path = await exploration.admit(make())
        if (path !== undefined) drawn.push({ path, origin })
      }
    }
    while (drawn.length < population) {
      const path = await exploration.draw()
      if (path === undefined) break
      drawn.push({ path, origin: 'random' })
    }
    if (drawn.length === 0) break
    const born: Candidate[] = []
    for await (const child of exploration.evaluateAll(drawn)) {
      born.push(child)
      yield child
    }
    survivors = bestFirst([...survivors, ...born]).slice(0, Math.max(population, parents))
  }
  return exploration.front()
}

function withDefaults(options: Partial<EvolutionSettings>): EvolutionSettings {
  const given = Object.entries(options).filter(([, value]) => value !== undefined)
  const settings: EvolutionSettings = { ...EVOLUTION, ...Object.fromEntries(given) }
  const { population, generations, parents, mutations, crossovers, mutationProbability } = settings
  checkEnds({ generations })
  checkCounts({ population, parents })
  checkCounts({ mutations, crossovers }, 0)
  if (!(mutationProbability >= 0 && mutationProbability <= 1)) {
    throw expected('a number from 0 to 1', 'mutationProbability', mutationProbability, 2)
  }
  if (mutations + crossovers <= population) return settings
  const received = `${mutations} and ${crossovers}`
  throw expected(`at most ${population} paths`, 'mutations and crossovers', received, 2)
}
