/** Settings of the search for the best sub-models of a trained supernet. */
import { z } from 'zod'
import { EVALUATIONS, EVOLUTION, REGULARIZED_EVOLUTION } from './finding-defaults.js'
import { count, group, share } from './group.js'

const amount = z.number().min(0)

/** A number is the largest value that is allowed. */
const limit = z.union([
  amount.transform((max): { min?: number; max?: number } => ({ max })),
  group({ min: amount.optional(), max: amount.optional() }).refine(
    ({ min = 0, max = Number.POSITIVE_INFINITY }) => min <= max && (min > 0 || max < Number.POSITIVE_INFINITY),
    { error: 'a group with min, max or both, min at most max' },
  ),
])

/** How the latency of a path is measured: the median over the repetitions, after those of the warm-up. */
export const latency = group({
  /** Images per batch. */
  batchSize: count.default(1),
  warmup: z.int().min(0).default(3),
  repetitions: count.default(20),
})

/** What all algorithms have in common. */
const shared = {
  /** Hard limits on what a sub-model costs: latency in milliseconds per batch, the others per image. */
  limits: group({
    parameters: limit.optional(),
    multiplyAdds: limit.optional(),
    flops: limit.optional(),
    latency: limit.optional(),
  }).default({}),
  /** More accuracy and less of the others; two or more ask for a Pareto front. */
  objectives: z
    .array(z.enum(['accuracy', 'parameters', 'multiplyAdds', 'flops', 'latency']))
    .min(1)
    .refine((names) => names.includes('accuracy') && new Set(names).size === names.length, {
      error: 'accuracy, and others once each,',
    })
    .default(['accuracy']),
  /** Count costs as the space's benchmark publishes the network, instead of those of the path in the supernet. */
  published: z.boolean().default(false),
  /** Measured where limits or objectives name it. */
  latency: latency.prefault({}),
  /** Evaluate on the first images only; default: all that are held out, or else as the ranking does. */
  imageCount: count.optional(),
  /** Default: as the ranking does. */
  batchSize: count.optional(),
  /** Length of the list of best sub-models, where there is one objective. */
  top: count.default(10),
}

const random = group({
  algorithm: z.literal('random'),
  evaluations: count.default(EVALUATIONS),
  ...shared,
})

const evolution = group({
  algorithm: z.literal('evolution'),
  population: count.default(EVOLUTION.population),
  /** The first one, which is random, included. */
  generations: count.default(EVOLUTION.generations),
  /** The best of all generations so far, from which the next one is made. */
  parents: count.default(EVOLUTION.parents),
  mutations: z.int().min(0).default(EVOLUTION.mutations),
  /** What mutations and crossovers leave of a population is random. */
  crossovers: z.int().min(0).default(EVOLUTION.crossovers),
  /** Chance of each choice of a mutated parent to be drawn anew. */
  mutationProbability: share.default(EVOLUTION.mutationProbability),
  ...shared,
})

const regularizedEvolution = group({
  algorithm: z.literal('regularizedEvolution'),
  evaluations: count.default(REGULARIZED_EVOLUTION.evaluations),
  population: count.default(REGULARIZED_EVOLUTION.population),
  /** Draws from the population of which the best becomes a parent. */
  tournament: count.default(REGULARIZED_EVOLUTION.tournament),
  ...shared,
})

const localSearch = group({
  algorithm: z.literal('localSearch'),
  evaluations: count.default(EVALUATIONS),
  ...shared,
})

export const finding = z
  .discriminatedUnion('algorithm', [random, evolution, regularizedEvolution, localSearch])
  .refine((value) => value.algorithm !== 'evolution' || value.mutations + value.crossovers <= value.population, {
    error: 'mutations and crossovers that fit into the population',
  })

/** Settings that stay when the algorithm changes. */
export const SHARED_FINDING_SETTINGS: readonly string[] = Object.keys(shared)

/** How latency is measured where nobody says otherwise. */
export const LATENCY: LatencyConfig = latency.parse({})

/** The search for the best sub-models: the group `finding`. */
export type FindingConfig = z.output<typeof finding>
/** How latency is measured: the group `finding.latency`. */
export type LatencyConfig = z.output<typeof latency>
