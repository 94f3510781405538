/** The settings of the ranking of sub-models, and of the table of accuracies to compare it with. */
import { z } from 'zod'
import { count, group } from './group.js'

const recalibration = group({
  images: z
    .int()
    .min(0)
    .default(2000)
    .describe(
      'Training images, drawn at random and stratified by class, from which statistics are estimated; at most all of them are taken. 0 keeps the statistics of training. SPOS takes 20,000.',
    ),
  batchSize: count
    .default(200)
    .describe('Largest number of images per batch of the estimation. Batches differ by one image at most.'),
}).describe(
  'How each path gets running statistics of its own before it is evaluated, in `ranking` and `finding`. Only spaces with running statistics use it: ProxylessNAS and NAS-Bench-Macro.',
)

/** What sub-models can be ranked by. The last two are sums of two ranks. */
export type Criterion = 'accuracy' | 'loss' | 'accuracyAndParameters' | 'accuracyAndMultiplyAdds'
export const CRITERIA = [
  'accuracy',
  'loss',
  'accuracyAndParameters',
  'accuracyAndMultiplyAdds',
] as const satisfies readonly Criterion[]

export const ranking = group({
  subModels: z
    .union([count, z.enum(['all', 'groundTruth'])])
    .default('all')
    .describe(
      'Which sub-models to rank: a random sample of this number, `all` of the space, or those in the table `groundTruth`.',
    ),
  batchSize: count
    .default(512)
    .describe(
      'Largest number of images per batch of the evaluation. Batches differ by one image at most. Batch norms without running statistics normalise by the batch, so its size changes accuracies.',
    ),
  imageCount: count.optional().describe('Evaluate on this many of the test images, stratified by class. Default: all.'),
  deIsomorphic: z
    .boolean()
    .default(false)
    .describe('Rank one sub-model of each class of isomorphic ones. The space needs a rule of isomorphism.'),
  by: z
    .enum(CRITERIA)
    .default('accuracy')
    .describe(
      'What the list of best sub-models and `ranking.csv` are sorted by: `accuracy`, as in the paper; `loss`; or the sum of two ranks. `accuracyAndParameters` sums the ranks by accuracy and by number of parameters; `accuracyAndMultiplyAdds` by accuracy and by number of multiply-adds.',
    ),
  top: count.default(10).describe('Length of the list of best sub-models.'),
  recalibration: recalibration.prefault({}),
}).describe('Which sub-models are ranked after training, and how they are evaluated.')

export const groundTruth = group({
  file: z
    .string()
    .min(1)
    .describe(
      'The table: CSV, JSON, a file of NAS-Bench-201 or NATS-Bench, or `embedded` for the table in the package, which is of the embedded data only. In a configuration it is relative to the file, in `--set` to the working directory.',
    ),
  column: z
    .string()
    .min(1)
    .optional()
    .describe(
      "Name of the column of accuracies. A column of another data set is read only if it is named here. Default: the data set's own, such as `cifar100_test`, otherwise `accuracy` in CSV, `test_accuracy` by hash, `mean_acc` in JSON, otherwise the first of these.",
    ),
}).describe(
  'The ground truth, accuracies of architectures trained alone, to compare the ranking with. Without it nothing is compared.',
)

/** Settings of {@link rank}: the group `ranking`. */
export type RankingConfig = z.output<typeof ranking>
/** How running statistics are estimated: the group `ranking.recalibration`. */
export type RecalibrationConfig = z.output<typeof recalibration>
