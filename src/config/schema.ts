/** The settings of a search. Defaults are the paper's (PA&DA, CVPR 2023, NAS-Bench-201 on CIFAR-10). */
import { z } from 'zod'
import { augmentation } from './augmentation.js'
import { finding } from './finding.js'
import { count, group, positive } from './group.js'
import { method } from './methods.js'
import { space } from './spaces.js'

export type { AugmentationConfig } from './augmentation.js'
export { type FindingConfig, LATENCY, type LatencyConfig } from './finding.js'
export type {
  CloseConfig,
  FairnasConfig,
  MagicAConfig,
  MethodConfig,
  PadaConfig,
  ScheduleConfig,
  SposConfig,
  StandaloneConfig,
  SumnasConfig,
} from './methods.js'
export type { SpaceConfig } from './spaces.js'

/** Names the ground-truth table that comes with the package. */
export const EMBEDDED = 'embedded'

const data = group({
  format: z.enum(['embedded', 'idx', 'npz', 'folder', 'cifar10', 'cifar100', 'imagenet16-120']).default('embedded'),
  /** Folder of the files (an archive, for npz); relative to the configuration file. */
  dir: z.string().min(1).optional(),
  /** Compare files with their published checksums, where there are any; default true. */
  checksums: z.boolean().optional(),
  /** Order of axes of images in an .npz file; default: as their number of channels tells. */
  layout: z.enum(['NCHW', 'NHWC']).optional(),
  /** Height and width that images in a folder are resized and cropped to; required unless all have one size. */
  size: count.optional(),
  /** Use the first images only. */
  trainCount: count.optional(),
  /** Hold out the last so many of the training images: not trained on, and what `finding` judges by. */
  validationCount: count.optional(),
  testCount: count.optional(),
  /** Centre images on a black square of this size, then average blocks of `downsample` × `downsample` pixels. */
  padTo: count.optional(),
  downsample: count.optional(),
  /** Per channel, in units of pixel value / 255. */
  mean: z.array(z.number()).min(1).optional(),
  std: z.array(positive).min(1).optional(),
}).refine((value) => value.format === 'embedded' || value.dir !== undefined, {
  path: ['dir'],
  error: 'a folder, because data.format is not embedded,',
  // Report it beside other mistakes of the group, not only after them.
  when: ({ value }) => value instanceof Object,
})

/** How the learning rate goes, epoch by epoch. */
const learningRateSchedule = z.discriminatedUnion('kind', [
  /** Along a cosine to `learningRateMin`. */
  group({ kind: z.literal('cosine') }),
  /** Times `factor` whenever the training loss has not fallen for more than `patience` epochs. */
  group({ kind: z.literal('plateau'), patience: z.int().min(0).default(30), factor: positive.lt(1).default(0.5) }),
])

/** How gradients move weights. */
const optimizer = z.discriminatedUnion('kind', [
  /** PyTorch's SGD without dampening: v ← momentum · v + (∇ + weightDecay · w), w ← w − rate · v. */
  group({
    kind: z.literal('sgd'),
    momentum: z.number().min(0).lt(1).default(0.9),
    weightDecay: z.number().min(0).default(2.5e-4),
  }),
])

const training = group({
  epochs: count.default(250),
  batchSize: count.default(256),
  /** What the learning rate starts from. */
  learningRate: positive.default(0.05),
  /** What a cosine would arrive at after the last epoch, and what plateaus never go below. */
  learningRateMin: z.number().min(0).default(0),
  schedule: learningRateSchedule.prefault({ kind: 'cosine' }),
  optimizer: optimizer.prefault({ kind: 'sgd' }),
  /** Global gradient norm to clip to. */
  clipNorm: positive.default(5),
  /** Whether weights outside a step's path still get momentum and weight decay, as in PyTorch 1.7. */
  unsampled: z.enum(['skip', 'decay']).default('decay'),
  /** Standard deviation of Gaussian noise added to the gradients of candidate operations, for experiments; 0 for none. */
  gradientNoise: z.number().min(0).default(0),
  /** Steps per epoch that only measure gradient variance, at the weights that the epoch ended with; 0 for none. */
  varianceSteps: z
    .int()
    .min(0)
    .refine((steps) => steps !== 1, { error: 'at least 2, or 0 for none' })
    .default(0),
  /** What is done to every training image, drawn anew each time; empty for nothing. */
  augmentation,
  /** Longest time between two checkpoints. */
  checkpointSeconds: z.number().min(0).default(60),
})

/**
 * Paths that share a supernet leave behind running statistics of all of them, so each has its own made anew before it is
 * evaluated, on a sample of training images. Only where a space has running statistics.
 */
const recalibration = group({
  /** At most all of them; 0 to evaluate with what training left. SPOS takes 20,000. */
  images: z.int().min(0).default(2000),
  batchSize: count.default(200),
})

const ranking = group({
  /** How many sub-models to rank: a random sample, all of the space, or those that the ground truth covers. */
  subModels: z.union([count, z.enum(['all', 'groundTruth'])]).default('all'),
  batchSize: count.default(512),
  /** Rank on the first test images only. */
  imageCount: count.optional(),
  /** Take one sub-model of each isomorphism class. */
  deIsomorphic: z.boolean().default(false),
  /** Length of the list of best sub-models. */
  top: count.default(10),
  /** For `finding` too. */
  recalibration: recalibration.prefault({}),
})

const groundTruth = group({
  /**
   * CSV with the columns `arch` (or `hash`) and `column`, or JSON with an object per architecture, relative to the
   * configuration file; `embedded` names the package's.
   */
  file: z.string().min(1),
  /** Default: `accuracy`, by hash `test_accuracy`, in JSON `mean_acc`. */
  column: z.string().min(1).optional(),
})

export const configSchema = group({
  name: z
    .string()
    .regex(/^[\w.-]+$/)
    .default('search'),
  seed: z.int().min(0).default(0),
  device: z.enum(['cpu', 'cuda']).default('cpu'),
  /** Type of activations; parameters, gradients of parameters, statistics and the loss are always float32. */
  precision: z.enum(['float32', 'bfloat16']).default('float32'),
  /** Threads that native computation uses; default: all cores. */
  threads: count.optional(),
  space: space.prefault({ name: 'nasbench201' }),
  data: data.prefault({}),
  method: method.prefault({ name: 'pada' }),
  training: training.prefault({}),
  ranking: ranking.prefault({}),
  /** Search the trained supernet for the best sub-models; absent: only rank some. */
  finding: finding.optional(),
  groundTruth: groundTruth.optional(),
})
  .refine((value) => value.ranking?.subModels !== 'groundTruth' || value.groundTruth !== undefined, {
    path: ['groundTruth'],
    error: 'a table, because ranking.subModels is groundTruth,',
    when: ({ value }) => value instanceof Object,
  })
  .refine((value) => value.finding === undefined || value.method?.name !== 'standalone', {
    path: ['method', 'name'],
    error: 'another method, because there is one path only to find in standalone,',
    when: ({ value }) => value instanceof Object,
  })

/** All settings, resolved. */
export type Config = z.output<typeof configSchema>
/** Settings as one writes them: everything has a default. */
export type ConfigInput = z.input<typeof configSchema>

/** An optimizer and its settings: the group `training.optimizer`. */
export type OptimizerConfig = z.output<typeof optimizer>
/** Settings of {@link train}: the group `training`. */
export type TrainingConfig = z.output<typeof training>
/** Settings of {@link rank}: the group `ranking`. */
export type RankingConfig = z.output<typeof ranking>
/** What running statistics are made from: the group `ranking.recalibration`. */
export type RecalibrationConfig = z.output<typeof recalibration>
