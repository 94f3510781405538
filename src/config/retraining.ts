/** The settings of a retraining: the training of one architecture alone, from a recipe. */
import type { z } from 'zod'
import { data } from './data.js'
import { distributed } from './distributed.js'
import { count, group } from './group.js'
import { logging } from './logging.js'
import { network } from './network.js'
import { checkDevice, computation, safeName, seed } from './schema.js'
import { training } from './training.js'

const evaluation = group({
  batchSize: count.default(512).describe('Images per batch of the evaluation.'),
  imageCount: count.optional().describe('Evaluate on this many of the test images, stratified by class. Default: all.'),
}).describe('How the network is evaluated on test images after every epoch.')

export const retrainSchema = group({
  name: safeName
    .default('retrain')
    .describe(
      'Name of the retraining, which begins the name of its run folder. A retraining from a file is called after the file by default.',
    ),
  seed: seed.describe('Seed of all random draws: initial weights, order of images, augmentation, dropout.'),
  ...computation,
  network,
  data: data.prefault({}),
  training: training.prefault({}),
  evaluation: evaluation.prefault({}),
  distributed: distributed.prefault({}),
  logging: logging.prefault({}),
})
  .check(checkDevice)
  .describe('Settings of a retraining.')

/** All settings of a retraining, with defaults filled in. */
export type RetrainConfig = z.output<typeof retrainSchema>
/** Settings of a retraining as users write them. Only `network.space` and `network.path` have no default. */
export type RetrainInput = z.input<typeof retrainSchema>

/** True if settings, as they were written, are of a retraining. */
export function isRetraining(settings: object): boolean {
  return 'network' in settings
}
