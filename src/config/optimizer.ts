/** The settings of the optimizer: one kind, with its own settings. */
import { z } from 'zod'
import { group, positive } from './group.js'

const momentum = z.number().min(0).lt(1).default(0.9)
const weightDecay = z.number().min(0)
const decayNormsAndBiases = z
  .boolean()
  .optional()
  .describe(
    "False: parameters of one dimension, which are biases and the scales and shifts of batch norms, have no weight decay, as with timm's `filter_bias_and_bn`. Default: `true`.",
  )

const sgd = group({
  kind: z.literal('sgd'),
  momentum: momentum.describe('Share of the last movement that is kept; 0 for none.'),
  nesterov: z
    .boolean()
    .optional()
    .describe('True: the gradient counts as if momentum had moved the weights already. Default: `false`.'),
  weightDecay: weightDecay.default(2.5e-4).describe('Multiple of each weight that is added to its gradient.'),
  decayNormsAndBiases,
})
  .refine(({ momentum, nesterov }) => !nesterov || momentum > 0, {
    path: ['momentum'],
    error: 'a number of more than 0, because nesterov is true,',
  })
  .describe("Stochastic gradient descent, as PyTorch's SGD without dampening.")

const rmspropTf = group({
  kind: z.literal('rmsprop-tf'),
  alpha: z.number().min(0).lt(1).default(0.9).describe('Share of the average of squared gradients that is kept.'),
  epsilon: positive.default(1e-3).describe('Number that is added to this average before its root is taken.'),
  momentum: momentum.describe('Share of the last movement that is kept; 0 for none.'),
  weightDecay: weightDecay.default(1e-5).describe('Multiple of each weight that is added to its gradient.'),
  decayNormsAndBiases,
}).describe(
  "RMSprop as TensorFlow computes it, timm's RMSpropTF. The average begins at 1. The learning rate is part of the momentum.",
)

const adamw = group({
  kind: z.literal('adamw'),
  beta1: z.number().min(0).lt(1).default(0.9).describe('Share of the average of gradients that is kept.'),
  beta2: z.number().min(0).lt(1).default(0.999).describe('Share of the average of squared gradients that is kept.'),
  epsilon: positive.default(1e-8).describe('Number that is added to the root of this average.'),
  weightDecay: weightDecay
    .default(0.01)
    .describe('Share of each weight, times the learning rate, that is taken from the weight.'),
  decayNormsAndBiases,
}).describe(
  "Adam with decoupled weight decay, as PyTorch's AdamW. Bias correction counts the updates of each parameter.",
)

export const optimizer = z.discriminatedUnion('kind', [sgd, rmspropTf, adamw]).describe('How gradients move weights.')

/** An optimizer and its settings: the group `training.optimizer`. */
export type OptimizerConfig = z.output<typeof optimizer>

/** The settings of stochastic gradient descent. */
export type SgdConfig = Extract<OptimizerConfig, { kind: 'sgd' }>
