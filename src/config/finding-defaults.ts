/** Default settings of the search algorithms. */

/** SPOS (Guo et al., ECCV 2020). */
export const EVOLUTION = {
  population: 50,
  generations: 20,
  parents: 10,
  mutations: 25,
  crossovers: 25,
  mutationProbability: 0.1,
} as const

/** Population and tournament of Real et al. (AAAI 2019). */
export const REGULARIZED_EVOLUTION = { evaluations: 1000, population: 100, tournament: 25 } as const

/** As many evaluations as SPOS's evolution makes, so that algorithms compare by default. */
export const EVALUATIONS = 1000
