/** The settings of each method. Defaults come from its paper. */
import { z } from 'zod'
import { count, group, positive, share } from './group.js'
import { PATH_NOTATION, path } from './path.js'

const end = share.default(1).describe('The strength that the rise leads to; all strengths are multiplied by it.')

const schedule = z.discriminatedUnion('kind', [
  group({ kind: z.literal('linear'), end }).describe('e/E: 0 after the first epoch, then rising towards 1.'),
  group({ kind: z.literal('cosine'), end }).describe('(1 − cos(π·e/E))/2: like `linear`, but flat at both ends.'),
  group({
    kind: z.literal('constant'),
    value: share.describe('The strength from the second epoch on.'),
  }).describe('The same strength from the second epoch on.'),
  group({
    kind: z.literal('step'),
    steps: count.default(5).describe('Number of steps in the whole training.'),
    end,
  }).describe('e/E, rounded down to a multiple of 1/`steps`.'),
])

const pada = group({
  name: z.literal('pada'),
  paths: z
    .enum(['importance', 'uniform'])
    .default('importance')
    .describe(
      'How operations are drawn. `importance`: in proportion to their gradient norms in the previous epoch, mixed with uniform. `uniform`: all alike.',
    ),
  data: z
    .enum(['importance', 'shuffle'])
    .default('importance')
    .describe(
      'How images are drawn. `importance`: in proportion to their gradient norms in the previous epoch, mixed with uniform. `shuffle`: each once per epoch.',
    ),
  pathSchedule: schedule
    .prefault({ kind: 'linear' })
    .describe(
      'Strength δ of importance for paths, from 0 (uniform) to 1, set after epoch e of E. Epochs count from 0.',
    ),
  dataSchedule: schedule
    .prefault({ kind: 'linear' })
    .describe(
      'Strength τ of importance for images, from 0 (uniform) to 1, set after epoch e of E. Epochs count from 0.',
    ),
  connections: z
    .enum(['uniform', 'importance'])
    .default('uniform')
    .describe(
      'How connections are drawn, in spaces whose paths choose them. The paper draws them uniformly; `importance` uses gradient norms.',
    ),
  perEdge: z
    .boolean()
    .default(false)
    .describe(
      'Keep a distribution of operations for each edge instead of one for all. Not for `darts`, nor with `space.sharing: perCell`.',
    ),
  dataImportance: z
    .enum(['running', 'mean'])
    .default('running')
    .describe(
      'How the norms of an image drawn several times in an epoch combine. `running`: each new norm is averaged with the value so far. `mean`: the mean of all.',
    ),
  unbiased: z
    .boolean()
    .default(false)
    .describe(
      "Divide each sample's loss by how much more often than uniformly its image and its path are drawn. The gradient is then unbiased.",
    ),
}).describe('PA&DA (Lu et al., CVPR 2023): draw paths and images in proportion to their gradient norms.')

const spos = group({
  name: z.literal('spos'),
  sampling: z
    .enum(['uniform', 'modelSize', 'deIsomorphic'])
    .default('uniform')
    .describe(
      'How paths are drawn. `uniform`: all alike. `modelSize`: in proportion to their parameters. `deIsomorphic`: every class of isomorphic paths alike, always by the same path.',
    ),
}).describe('SPOS (Guo et al., ECCV 2020): one path per step, independent of all others.')

const standalone = group({
  name: z.literal('standalone'),
  path: path.describe(`The path to train: ${PATH_NOTATION}`),
}).describe('Train one path alone, as ground truth is made.')

const compat = z.boolean().default(false)

const fairnas = group({
  name: z.literal('fairnas'),
  compat: compat.describe(
    "Do as the script released with PA&DA does: every step of an epoch uses the paths of the epoch's first step.",
  ),
}).describe('FairNAS (Chu, Zhang and Xu, ICCV 2021): each step trains every operation of every edge once.')

const sumnas = group({
  name: z.literal('sumnas'),
  learningRate: positive
    .default(1)
    .describe(
      "Initial learning rate of the shared weights' own update, which has no momentum. It replaces `training.learningRate` and follows `training.schedule`.",
    ),
  weightDecay: z
    .number()
    .min(0)
    .default(4e-5)
    .describe("Weight decay of the shared weights' own update. It replaces `training.optimizer.weightDecay`."),
  innerSteps: count.default(2).describe('Steps that each path takes from the shared weights.'),
  innerLearningRate: positive.default(0.05).describe('Learning rate of these steps.'),
  innerMomentum: z.number().min(0).lt(1).default(0.9).describe('Momentum of these steps.'),
  compat: compat.describe(
    'Do as the script released with PA&DA does: paths as in `fairnas` with `compat`, and inner momentum that outlasts paths and steps.',
  ),
}).describe('SUMNAS (Ha et al., ICLR 2022): each path takes a few steps; the shared weights follow their mean.')

const magicT = group({ name: z.literal('magic-t') }).describe(
  'MAGIC-T (Xu et al., ICML 2022): the path of a step differs from the previous one in one choice.',
)

const magicA = group({
  name: z.literal('magic-a'),
  alignment: z
    .number()
    .min(0)
    .default(0.5)
    .describe('Weight λ, in the loss, of the difference between the activations of the path and of the anchor.'),
  paths: z
    .enum(['uniform', 'chain'])
    .default('uniform')
    .describe(
      'How paths are drawn. `uniform`: independently. `chain`: each differs from the previous one in one choice, which is MAGIC-AT.',
    ),
}).describe('MAGIC-A (Xu et al., ICML 2022): align the activations of each path with those of the best path so far.')

const close = group({
  name: z.literal('close'),
  curriculum: z
    .array(count)
    .min(1)
    .refine((epochs) => epochs[0] === 1 && epochs.every((epoch, i) => i === 0 || epoch > epochs[i - 1]), {
      error: 'ascending epochs of which the first is 1',
    })
    .default([1, 201, 401])
    .describe(
      'Epochs, counted from 1, at whose beginning a block of weights is added. They ascend, and the first is 1.',
    ),
  inheritance: z
    .enum(['copy', 'add'])
    .default('copy')
    .describe(
      'What a new block starts from. `copy`: the weights of the last block. `add`: random weights plus the weights of the last block.',
    ),
  restart: z
    .union([count, z.literal('never')])
    .optional()
    .describe(
      'Epoch, counted from 1, at which momentum is cleared and the learning rate starts over; or `never`. Default: 401 with the default curriculum, otherwise `never`.',
    ),
  sampling: z
    .enum(['deIsomorphic', 'uniform'])
    .default('deIsomorphic')
    .describe(
      'How paths are drawn. `deIsomorphic`: every class of isomorphic paths alike, always by the same path. `uniform`: all paths alike.',
    ),
  temperature: positive.default(5).describe('Temperature of the Gumbel softmax that trains the gate.'),
  dropout: z
    .number()
    .min(0)
    .lt(1)
    .default(0.1)
    .describe('Probability, in training, of dropping a feature before the classifier.'),
}).describe('CLOSE (Zhou et al., ECCV 2022), on NAS-Bench-201: edges share blocks of weights, more of them over time.')

export const method = z
  .discriminatedUnion('name', [pada, spos, fairnas, sumnas, magicT, magicA, close, standalone])
  .describe('The method: which paths and images each step trains on.')

/** Names of the methods. */
export const METHODS = method.options.map(({ shape }) => shape.name.value)

/** The strength of importance by epoch. */
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
