/** Settings of the search for the best sub-models of a trained supernet. */
import { z } from 'zod'
import { EVALUATIONS, EVOLUTION, REGULARIZED_EVOLUTION } from './finding-defaults.js'
import { count, group, type Immutable, share } from './group.js'

const amount = z.number().min(0)

const limit = z.union([
  amount.transform((max): { min?: number; max?: number } => ({ max })),
  group({
    min: amount.optional().describe('Smallest value allowed. Default: none.'),
    max: amount.optional().describe('Largest value allowed. Default: none.'),
  }).refine(
    ({ min, max }) => (min !== undefined || max !== undefined) && (min ?? 0) <= (max ?? Number.POSITIVE_INFINITY),
    { error: 'a group with min, max or both, min at most max' },
  ),
])

export const latency = group({
  batchSize: count.default(1).describe('Images per batch.'),
  warmup: z.int().min(0).default(3).describe('Evaluations that come first and do not count.'),
  repetitions: count.default(20).describe('Evaluations that count; the latency is the median of their times.'),
}).describe('How latency is measured, if a limit or an objective names it.')

const limits = group({
  parameters: limit.optional().describe('Parameters of the sub-model.'),
  multiplyAdds: limit.optional().describe('Multiply-adds for one image.'),
  flops: limit
    .optional()
    .describe(
      'Multiplications and additions for one image: about twice the multiply-adds, which papers often call FLOPs.',
    ),
  latency: limit
    .optional()
    .describe('Milliseconds for a batch of `finding.latency.batchSize` images (by default one), on this machine.'),
}).describe(
  'Limits that every sub-model found keeps. A number is the largest value allowed; a group has `min`, `max` or both.',
)

/** Settings that all algorithms share. */
const shared = {
  limits: limits.default({}),
  objectives: z
    .array(z.enum(['accuracy', 'parameters', 'multiplyAdds', 'flops', 'latency']))
    .min(1)
    .refine((names) => names.includes('accuracy') && new Set(names).size === names.length, {
      error: 'accuracy, and others once each,',
    })
    .default(['accuracy'])
    .describe(
      'What to optimise: `accuracy`, which is required, and costs to lower. Two or more objectives give a Pareto front.',
    ),
  published: z
    .boolean()
    .default(false)
    .describe(
      "Count costs of the network trained alone that the space's benchmark publishes, instead of those of the path in the supernet.",
    ),
  latency: latency.prefault({}),
  imageCount: count
    .optional()
    .describe(
      'Evaluate on this many of the images, stratified by class. Default: all validation images if there are any, otherwise as in `ranking`.',
    ),
  batchSize: count
    .optional()
    .describe('Largest number of images per batch of the evaluation. Default: as in `ranking`.'),
  by: z
    .enum(['accuracy', 'accuracyAndParameters', 'accuracyAndMultiplyAdds'])
    .default('accuracy')
    .describe(
      'What the found sub-models are sorted by, if accuracy is the only objective: `accuracy`, or the sum of two ranks among all that were evaluated. `accuracyAndParameters` sums the ranks by accuracy and by number of parameters; `accuracyAndMultiplyAdds` by accuracy and by number of multiply-adds.',
    ),
  top: count.default(10).describe('Length of the list of best sub-models, if accuracy is the only objective.'),
}

const random = group({
  algorithm: z.literal('random'),
  evaluations: count.default(EVALUATIONS).describe('Most paths to evaluate.'),
  ...shared,
}).describe('Random search: different paths, drawn uniformly.')

const evolution = group({
  algorithm: z.literal('evolution'),
  population: count.default(EVOLUTION.population).describe('Paths evaluated in each generation.'),
  generations: count.default(EVOLUTION.generations).describe('Generations, with the first, which is random.'),
  parents: count
    .default(EVOLUTION.parents)
    .describe('The best paths so far, of all generations, from which the next generation is made.'),
  mutations: z
    .int()
    .min(0)
    .default(EVOLUTION.mutations)
    .describe('Paths of a generation that are a parent with some choices redrawn.'),
  crossovers: z
    .int()
    .min(0)
    .default(EVOLUTION.crossovers)
    .describe('Paths of a generation that mix two parents. The rest of the generation is random.'),
  mutationProbability: share
    .default(EVOLUTION.mutationProbability)
    .describe('Probability with which a mutation redraws each choice.'),
  ...shared,
}).describe('The evolutionary search of SPOS (Guo et al., ECCV 2020).')

const regularizedEvolution = group({
  algorithm: z.literal('regularizedEvolution'),
  evaluations: count
    .default(REGULARIZED_EVOLUTION.evaluations)
    .describe('Most paths to evaluate, with the first population.'),
  population: count.default(REGULARIZED_EVOLUTION.population).describe('Paths alive at a time.'),
  tournament: count
    .default(REGULARIZED_EVOLUTION.tournament)
    .describe('Draws from the population, with replacement; the best one becomes the parent.'),
  ...shared,
}).describe('Regularised evolution (Real et al., AAAI 2019): the oldest path dies, not the worst.')

const localSearch = group({
  algorithm: z.literal('localSearch'),
  evaluations: count.default(EVALUATIONS).describe('Most paths to evaluate.'),
  ...shared,
}).describe(
  'Local search (White et al., UAI 2021): move to the best neighbour; restart at a random path if none is better.',
)

export const finding = z
  .discriminatedUnion('algorithm', [random, evolution, regularizedEvolution, localSearch])
  .refine((value) => value.algorithm !== 'evolution' || value.mutations + value.crossovers <= value.population, {
    path: ['population'],
    error: 'a number of at least mutations + crossovers',
  })
  .refine((value) => value.algorithm !== 'regularizedEvolution' || value.evaluations > value.population, {
    path: ['evaluations'],
    error: 'a number of more than population, because the first population is random,',
  })
  .refine(({ by, objectives }) => by === 'accuracy' || objectives.length === 1, {
    path: ['by'],
    error: 'accuracy with several objectives, which give a Pareto front,',
  })
  .describe('A search for the best sub-models of the trained supernet. Without it sub-models are only ranked.')

/** Names of the settings that stay when the algorithm changes. */
export const SHARED_FINDING_SETTINGS: readonly string[] = Object.keys(shared)

/** Default settings of the measurement of latency. */
export const LATENCY: LatencyConfig = latency.parse({})

/** The search for the best sub-models: the group `finding`. */
export type FindingConfig = z.output<typeof finding>
/** How latency is measured: the group `finding.latency`. */
export type LatencyConfig = z.output<typeof latency>
/** The range of a cost, ends included: a limit of the group `finding.limits`. */
export type Limit = Immutable<z.output<typeof limit>>
/** Settings of {@link evolve}. */
export type EvolutionSettings = Pick<z.output<typeof evolution>, keyof typeof EVOLUTION>
/** Settings of {@link evolveRegularized}. */
export type RegularizedEvolutionSettings = Pick<
  z.output<typeof regularizedEvolution>,
  keyof typeof REGULARIZED_EVOLUTION
>
/** Settings of {@link randomSearch}. */
export type RandomSearchSettings = Pick<z.output<typeof random>, 'evaluations'>
/** Settings of {@link localSearch}. */
export type LocalSearchSettings = Pick<z.output<typeof localSearch>, 'evaluations'>
