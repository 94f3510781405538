/** What a run writes for other programs while it goes on. No result depends on it. */
import { z } from 'zod'
import { group } from './group.js'

export const logging = group({
  tensorboard: z
    .boolean()
    .default(false)
    .describe(
      'Write an event file of TensorBoard in the folder `tensorboard` of the run: curves and histograms after each epoch, pictures at the end.',
    ),
}).describe('What a run writes for other programs. It may change when a run continues.')
