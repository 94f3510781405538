import { createRandom, RandomStream } from '../base/random.js'
import type { Config } from '../config/schema.js'
import { measureLatency, noiseDataset } from '../evaluation/latency.js'
import { constraints } from '../finding/find.js'
import { checkLimits } from '../finding/index.js'
import type { Supernet } from '../native/index.js'
import type { SearchSpace } from '../spaces/space.js'
import { initialise } from '../training/snapshot.js'

/**
 * Finds out before a training whether any path is as fast as the settings of `finding` ask, if they do, by measuring
 * paths with initial weights: after it would be late. Training initialises the supernet anew.
 *
 * @throws UserError with the range that was measured where none is.
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
