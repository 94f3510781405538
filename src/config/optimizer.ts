/** The settings of the optimizer: one kind, with its own settings. */
import { z } from 'zod'
import { group } from './group.js'

const sgd = group({
  kind: z.literal('sgd'),
  momentum: z.number().min(0).lt(1).default(0.9).describe('Share of the last movement that is kept; 0 for none.'),
  weightDecay: z.number().min(0).default(2.5e-4).describe('Multiple of each weight that is added to its gradient.'),
}).describe("Stochastic gradient descent, as PyTorch's SGD without dampening.")

export const optimizer = z.discriminatedUnion('kind', [sgd]).describe('How gradients move weights.')

/** An optimizer and its settings: the group `training.optimizer`. */
export type OptimizerConfig = z.output<typeof optimizer>
