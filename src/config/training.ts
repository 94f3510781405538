/** The settings of training. Defaults come from PA&DA (CVPR 2023) on NAS-Bench-201 and CIFAR-10. */
import { z } from 'zod'
import { augmentation } from './augmentation.js'
import { count, group, positive } from './group.js'
import { learningRateSchedule, warmup } from './learning-rate.js'
import { optimizer } from './optimizer.js'

const averaging = group({
  decay: z.number().min(0).lt(1).default(0.9999).describe('Share of the average that each update keeps.'),
  warmup: z
    .boolean()
    .default(false)
    .describe(
      "True: the share is at most 1 − (1 + u)^(−2/3) in update u, counted from 0, as with `use_warmup` of timm's ModelEmaV3.",
    ),
}).describe(
  "Keep a second set of weights: exponential moving averages of parameters and running statistics, as timm's ModelEmaV2 does. They begin as the initial weights and follow every update. A search ranks the raw weights. Default: none.",
)

export const training = group({
  epochs: count.default(250).describe('Epochs to train. An epoch takes as many images as there are to train on.'),
  batchSize: count.default(256).describe('Images per step.'),
  microBatchSize: count
    .optional()
    .describe(
      'Images computed at a time, if the batch does not fit into memory. A batch is divided into parts of at most this many, whose sizes differ by one at most. Their gradients add up to the gradient of the batch. Batch norms normalise by the part, and running statistics change with every part. Default: the whole batch.',
    ),
  learningRate: positive
    .default(0.05)
    .describe('Learning rate with which the schedule begins; with `one-cycle` the highest one. A warm-up rises to it.'),
  learningRateMin: z
    .number()
    .min(0)
    .default(0)
    .describe('Lowest learning rate after warm-up: a cosine ends there, and no other schedule goes below it.'),
  warmup: warmup.optional(),
  schedule: learningRateSchedule.prefault({ kind: 'cosine' }),
  optimizer: optimizer.prefault({ kind: 'sgd' }),
  averaging: averaging.optional(),
  dropPathSchedule: z
    .enum(['constant', 'linear'])
    .default('constant')
    .describe(
      'How the probability of dropping paths changes from epoch to epoch, if the network drops paths. `constant`: it is the probability of the network. `linear`: it begins at 0 and rises by the same amount each epoch, as in the training of DARTS; in epoch e of E, counted from 0, it is e / E of the probability of the network.',
    ),
  clipNorm: z
    .number()
    .min(0)
    .default(5)
    .describe('Gradients are scaled down if their norm over all weights is larger; 0 for no limit.'),
  unsampled: z
    .enum(['skip', 'decay'])
    .default('decay')
    .describe(
      "What happens to weights outside a step's path, once they were trained. `decay`: the optimizer moves them with gradient 0, so that its state and weight decay still change them, as in PyTorch 1.7. `skip`: they and their state stay unchanged.",
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
  labelSmoothing: z
    .number()
    .min(0)
    .lt(1)
    .default(0)
    .describe(
      'Share ε of the target that all classes have in equal parts: (1 − ε) · onehot(label) + ε / classes (Szegedy et al. 2016).',
    ),
  checkpointSeconds: z
    .number()
    .min(0)
    .default(60)
    .describe('Longest time between two checkpoints, in seconds; 0 saves after every step.'),
})
  .check(({ value, issues }) => {
    const { epochs, learningRate, learningRateMin, warmup, schedule } = value
    const refuse = (path: string[], message: string) => issues.push({ code: 'custom', path, message, input: value })
    const most = `at most training.learningRate, ${learningRate},`
    // A learning rate that is wrong itself is refused alone.
    const isBelow = (rate: number) => rate <= learningRate || learningRate <= 0
    if (!isBelow(learningRateMin)) refuse(['learningRateMin'], most)
    if (warmup === undefined) return
    if (warmup.epochs !== undefined && warmup.epochs > epochs) {
      refuse(['warmup', 'epochs'], `at most training.epochs, ${epochs},`)
    }
    if (!isBelow(warmup.from)) refuse(['warmup', 'from'], most)
    if (schedule.kind === 'one-cycle') refuse(['warmup'], 'none, because one-cycle begins with a warm-up of its own,')
  })
  .describe('How the supernet is trained.')

/** Settings of {@link train}: the group `training`. */
export type TrainingConfig = z.output<typeof training>
