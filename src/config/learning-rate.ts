/** The settings of the learning rate: how it changes from the first step to the last. */
import { z } from 'zod'
import { count, group, positive } from './group.js'

const per = z
  .enum(['epoch', 'step'])
  .optional()
  .describe('How often the rate changes: at the beginning of each epoch, or at each step. Default: `epoch`.')
const factor = positive.lt(1)

export const learningRateSchedule = z
  .discriminatedUnion('kind', [
    group({ kind: z.literal('cosine'), per }).describe('Follow a cosine down to `training.learningRateMin`.'),
    group({
      kind: z.literal('plateau'),
      patience: z
        .int()
        .min(0)
        .default(30)
        .describe('Epochs without a fall of the training loss that are tolerated before the rate is lowered.'),
      factor: factor.default(0.5).describe('Factor by which the rate is lowered.'),
    }).describe("Lower the rate if the training loss has stopped falling, as PyTorch's ReduceLROnPlateau does."),
    group({
      kind: z.literal('step'),
      epochs: positive.default(2.4).describe('Epochs from one fall of the rate to the next; may be a fraction.'),
      factor: factor.default(0.97).describe('Factor by which the rate falls each time.'),
    }).describe("Lower the rate at regular distances, as timm's StepLRScheduler does. Epochs of warm-up count."),
    group({
      kind: z.literal('exponential'),
      factor: factor.default(0.97).describe('Factor of the rate from one epoch to the next.'),
      per,
    }).describe("Lower the rate by the same factor in every epoch, as PyTorch's ExponentialLR does."),
    group({
      kind: z.literal('one-cycle'),
      pctStart: z.number().gt(0).lt(1).default(0.3).describe('Share of all steps in which the rate rises.'),
      divFactor: z.number().min(1).default(25).describe('`training.learningRate` over the rate of the first step.'),
      finalDivFactor: z.number().min(1).default(1e4).describe('Rate of the first step over the rate of the last one.'),
      anneal: z.enum(['cosine', 'linear']).default('cosine').describe('Shape of the rise and of the fall.'),
    }).describe(
      "Raise the rate to `training.learningRate`, then lower it, changing at each step: PyTorch's OneCycleLR of two phases. Momentum stays unchanged.",
    ),
    group({ kind: z.literal('constant') }).describe('Keep the rate.'),
  ])
  .describe('How the learning rate changes.')

export const warmup = group({
  epochs: count.optional().describe('Epochs of warm-up. The rate changes at the beginning of each epoch.'),
  steps: count.optional().describe('Steps of warm-up, instead of epochs. The rate changes at each step.'),
  from: z.number().min(0).default(0).describe('Learning rate of the first epoch or step.'),
})
  .refine(({ epochs, steps }) => (epochs === undefined) !== (steps === undefined), {
    error: 'either epochs or steps',
  })
  .describe(
    "Begin with a rate that rises linearly to `training.learningRate`, as timm's schedulers do without `warmup_prefix`: the schedule counts the epochs of warm-up. Default: none.",
  )
