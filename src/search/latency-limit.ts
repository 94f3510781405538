import { createRandom, RandomStream } from '../base/random.js'
import type { Config } from '../config/schema.js'
import { measureLatency, noiseDataset } from '../evaluation/latency.js'
import { constraints } from '../finding/find.js'
import { checkLimits } from '../finding/index.js'
import type { Supernet } from '../native/index.js'
import type { SearchSpace } from '../spaces/space.js'
import { initialise } from '../training/snapshot.js'

/**
 * If the settings of `finding` limit latency, checks before training that some path meets the limits. It measures paths
 * with initial weights, which training or the checkpoint replaces.
 *
 * @throws UserError, with the measured range, if no path meets the limits; the reason of an aborted signal.
 */
export async function checkLatencyLimit(
  config: Config,
  space: SearchSpace,
  supernet: Supernet,
  signal: AbortSignal | undefined,
): Promise<void> {
  const settings = config.finding
  if (settings?.limits.latency === undefined) return
  await initialise(supernet, createRandom(config.seed))
  using data = noiseDataset(space.input, settings.latency.batchSize, config.device)
  const latency = (path: readonly number[]) =>
    measureLatency(path, { ...settings.latency, space, supernet, data, signal })
  await checkLimits(constraints({ space, settings, latency, signal }), RandomStream.named(config.seed, 'limits'))
}
