/** The settings of training. Defaults come from PA&DA (CVPR 2023) on NAS-Bench-201 and CIFAR-10. */
import { z } from 'zod'
import { augmentation } from './augmentation.js'
import { count, group, positive } from './group.js'
import { optimizer } from './optimizer.js'

const learningRateSchedule = z
  .discriminatedUnion('kind', [
    group({ kind: z.literal('cosine') }).describe('Follow a cosine down to `training.learningRateMin`.'),
    group({
      kind: z.literal('plateau'),
      patience: z
        .int()
        .min(0)
        .default(30)
        .describe('Epochs without a fall of the training loss that are tolerated before the rate is lowered.'),
      factor: positive.lt(1).default(0.5).describe('Factor by which the rate is lowered.'),
    }).describe("Lower the rate if the training loss has stopped falling, as PyTorch's ReduceLROnPlateau does."),
  ])
  .describe('How the learning rate changes from epoch to epoch.')

export const training = group({
  epochs: count.default(250).describe('Epochs to train. An epoch takes as many images as there are to train on.'),
  batchSize: count.default(256).describe('Images per step.'),
  learningRate: positive.default(0.05).describe('Learning rate of the first epoch.'),
  learningRateMin: z
    .number()
    .min(0)
    .default(0)
    .describe('Lowest learning rate: a cosine ends there, and plateaus never go below it.'),
  schedule: learningRateSchedule.prefault({ kind: 'cosine' }),
  optimizer: optimizer.prefault({ kind: 'sgd' }),
  clipNorm: z
    .number()
    .min(0)
    .default(5)
    .describe('Gradients are scaled down if their norm over all weights is larger; 0 for no limit.'),
  unsampled: z
    .enum(['skip', 'decay'])
    .default('decay')
    .describe(
      "What happens to weights outside a step's path, once they were trained. `decay`: momentum and weight decay still change them, as in PyTorch 1.7. `skip`: they stay unchanged.",
    ),
  gradientNoise: z
    .number()
    .min(0)
    .default(0)
    .describe(
      'Standard deviation of Gaussian noise on the gradients of candidate operations, for experiments; 0 for none.',
    ),
  varianceSteps: z
    .int()
    .min(0)
    .refine((steps) => steps !== 1, { error: 'at least 2, or 0 for none' })
    .default(0)
    .describe(
      'Extra steps at the end of each epoch that measure gradient variance at fixed weights and update nothing. At least 2, or 0 for none.',
    ),
  augmentation,
  checkpointSeconds: z
    .number()
    .min(0)
    .default(60)
    .describe('Longest time between two checkpoints, in seconds; 0 saves after every step.'),
}).describe('How the supernet is trained.')

/** Settings of {@link train}: the group `training`. */
export type TrainingConfig = z.output<typeof training>
