/** The settings of each method. Defaults are those of its paper. */
import { z } from 'zod'
import { count, group, positive, share } from './group.js'

/** How strongly importance counts against uniform sampling, from 0 to 1, by epoch e of E. */
const schedule = z.discriminatedUnion('kind', [
  group({ kind: z.literal('linear') }),
  group({ kind: z.literal('cosine') }),
  group({ kind: z.literal('constant'), value: share }),
  group({ kind: z.literal('step'), steps: count.default(5) }),
])

const pada = group({
  name: z.literal('pada'),
  paths: z.enum(['importance', 'uniform']).default('importance'),
  data: z.enum(['importance', 'shuffle']).default('importance'),
  /** δ, for paths. */
  pathSchedule: schedule.prefault({ kind: 'linear' }),
  /** τ, for data. */
  dataSchedule: schedule.prefault({ kind: 'linear' }),
  /** How a path's connections are drawn, in spaces where it chooses them: the paper does it uniformly. */
  connections: z.enum(['uniform', 'importance']).default('uniform'),
  /** One path distribution per edge instead of one for all. */
  perEdge: z.boolean().default(false),
  /** How a sample seen several times in an epoch counts: the reference's running mean of two, or the mean. */
  dataImportance: z.enum(['running', 'mean']).default('running'),
  /** Weigh samples by 1/(N·q) and paths by uniform/p: the theory's unbiased estimator. */
  unbiased: z.boolean().default(false),
})

const spos = group({
  name: z.literal('spos'),
  /** With equal probability, in proportion to parameters, or each isomorphism class with equal probability. */
  sampling: z.enum(['uniform', 'modelSize', 'deIsomorphic']).default('uniform'),
})

const standalone = group({
  name: z.literal('standalone'),
  /** The one path to train: operation indices, or the space's notation (in quotes where it is all digits). */
  path: z.union([z.array(z.int().min(0)).min(1), z.string().min(1)]),
})

/** Of methods that train all candidate operations alike in every step. */
const compat = z.boolean().default(false)

const fairnas = group({
  name: z.literal('fairnas'),
  /** Do as the released script does: the paths of an epoch's first step are those of all its steps. */
  compat,
})

const sumnas = group({
  name: z.literal('sumnas'),
  /** Of the shared weights' own update, which has no momentum; annealed like `training.learningRate`, which it replaces. */
  learningRate: positive.default(1),
  weightDecay: z.number().min(0).default(4e-5),
  /** Steps that each path takes from the shared weights. */
  innerSteps: count.default(2),
  innerLearningRate: positive.default(0.05),
  innerMomentum: z.number().min(0).lt(1).default(0.9),
  /** Do as the released script does: paths as in fairnas, and inner momentum that outlasts paths and steps. */
  compat,
})

const magicT = group({ name: z.literal('magic-t') })

const magicA = group({
  name: z.literal('magic-a'),
  /** λ: the weight of the difference from the anchor in the loss. */
  alignment: z.number().min(0).default(0.5),
  /** How paths are drawn: anew each, or each one choice away from the one before (MAGIC-AT). */
  paths: z.enum(['uniform', 'chain']).default('uniform'),
})

const close = group({
  name: z.literal('close'),
  /** Epochs, counted from 1, that begin with one more block of weights; the first block is there from the start. */
  curriculum: z
    .array(count)
    .min(1)
    .refine((epochs) => epochs[0] === 1 && epochs.every((epoch, i) => i === 0 || epoch > epochs[i - 1]), {
      error: 'ascending epochs of which the first is 1',
    })
    .default([1, 201, 401]),
  /** What a new block starts as: a copy of the one before it, or random weights to which that one is added. */
  inheritance: z.enum(['copy', 'add']).default('copy'),
  /**
   * Epoch, counted from 1, at which momentum is forgotten and the schedule of the learning rate begins anew, or `never`.
   * Default: 401 with the default curriculum, and never with another.
   */
  restart: z.union([count, z.literal('never')]).optional(),
  /** Of each isomorphism class one path, all with the same probability; or all paths alike. */
  sampling: z.enum(['deIsomorphic', 'uniform']).default('deIsomorphic'),
  /** Of the Gumbel softmax through which the gate learns. */
  temperature: positive.default(5),
  /** Probability, in training, of dropping a feature before the classifier. */
  dropout: z.number().min(0).lt(1).default(0.1),
})

export const method = z.discriminatedUnion('name', [pada, spos, fairnas, sumnas, magicT, magicA, close, standalone])

/** Names of the methods. */
export const METHODS = method.options.map(({ shape }) => shape.name.value)

/** How strongly importance counts, epoch by epoch. */
export type ScheduleConfig = z.output<typeof schedule>
/** A method and its settings. */
export type MethodConfig = z.output<typeof method>
/** Settings of {@link Pada}. */
export type PadaConfig = z.output<typeof pada>
/** Settings of {@link Spos}. */
export type SposConfig = z.output<typeof spos>
/** Settings of {@link Fairnas}. */
export type FairnasConfig = z.output<typeof fairnas>
/** Settings of {@link Sumnas}. */
export type SumnasConfig = z.output<typeof sumnas>
/** Settings of {@link MagicA}. */
export type MagicAConfig = z.output<typeof magicA>
/** Settings of {@link Close}. */
export type CloseConfig = z.output<typeof close>
/** Settings of {@link Standalone}. */
export type StandaloneConfig = z.output<typeof standalone>
