/** The network of a retraining's run, which needs the shape of its images, but not the images. */
import { imageExtents } from '../data/extents.js'
import { eventsOf } from '../runs/event-log.js'
import type { OpenedWeights } from '../runs/open-weights.js'
import { createNetwork, type StandaloneNetwork } from '../spaces/index.js'
import type { RetrainStartEvent } from './events.js'

/** Throws a UserError if settings and images do not fit together. */
export async function networkOfRun({
  folder,
  config,
}: NonNullable<OpenedWeights['retraining']>): Promise<StandaloneNetwork> {
  const [start] = await eventsOf<RetrainStartEvent>(folder, 'start')
  const { input, classes } = start ?? (await imageExtents(config.data))
  return createNetwork(config.network, input, classes)
}
